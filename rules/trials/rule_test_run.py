"""A rule test run through the live engine, and what came held against what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from cases.events import CaseEvent
from facility.clock import MINUTE
from facility.inventory import Inventory
from facility.readings import Names, ReadingBatch, split_series
from rules.book.rulebook import Rulebook, parse
from rules.engine import Engine
from rules.trials.rule_tests import Expected, RuleTest, RuleTestFile, Sent, Span

_ALWAYS = {"opened", "relapsed", "recovered"}
"""Events that must all be expected; the others only where a test expects one of their sort."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is wrong with a test, a line each; nothing where it holds."""

    test: RuleTest
    faults: tuple[str, ...]


def run(file: RuleTestFile, book: Rulebook) -> Iterator[Outcome]:
    """Runs the tests of a file; those that bring no rulebook with ``book``."""
    for test in file.tests:
        mine = parse(test.rulebook, f"{file.path}: {test.name}") if test.rulebook else book
        engine = Engine(_heard(file.inventory, test), dict(file.plans), file.timezone, mine)
        events = list(_live(engine, test))
        yield Outcome(test, tuple(_compare(test, events, ZoneInfo(file.timezone))))


def _heard(inventory: Inventory, test: RuleTest) -> Inventory:
    """The assets that the test has readings of; the others are no part of it."""
    heard = {split_series(one.series)[0] for one in test.sent}
    return Inventory.of(asset for asset in inventory.assets.values() if asset.id in heard)


def _live(engine: Engine, test: RuleTest) -> Iterator[CaseEvent]:
    """Lives from the start to the end of a test, a minute at a time."""
    batches = _batches(test.sent)
    yield from engine.advance(test.start)
    for minute in range(test.start - test.start % MINUTE, test.end, MINUTE):
        now = []
        for batch in batches:
            begin, end = np.searchsorted(batch.arrived, (minute, minute + MINUTE))
            if end > begin:
                now.append(batch.take(slice(int(begin), int(end))))
        yield from engine.take(now)
        yield from engine.advance(minute + MINUTE)


def _batches(sent: Sequence[Sent]) -> list[ReadingBatch]:
    """The readings of each table in order of arrival."""
    batches = []
    for table in dict.fromkeys(one.table for one in sent):
        mine = [one for one in sent if one.table == table]
        names = Names()
        codes = [np.full(len(one.ts), names.code(one.series), dtype=np.int32) for one in mine]
        columns = {
            field: np.concatenate(
                [one.columns.get(field, np.full(len(one.ts), np.nan)) for one in mine]
            )
            for field in dict.fromkeys(field for one in mine for field in one.columns)
        }
        ts = np.concatenate([one.ts for one in mine])
        arrived = np.concatenate([one.arrived for one in mine])
        batch = ReadingBatch(table, names, np.concatenate(codes), ts, arrived, columns)
        batches.append(batch.take(np.lexsort((ts, arrived))))
    return batches


def _compare(test: RuleTest, events: list[CaseEvent], zone: ZoneInfo) -> Iterator[str]:
    compared = _ALWAYS | {one.event for _, one in test.expected}
    came = [event for event in events if event.event in compared]
    left, missing = list(came), []
    for span, one in test.expected:
        found = next((e for e in left if span.first <= e.at <= span.last and _is(e, one)), None)
        if found:
            left.remove(found)
        else:
            missing.append((span, one))
    clock = _Clock(test, zone)
    for span, one in missing:
        yield f"expected, did not come: {clock.span(span)} {_words(one)}"
    for event in left:
        yield f"came, not expected:     {clock.at(event.at)} {_told(event)}"


def _is(event: CaseEvent, one: Expected) -> bool:
    return (
        (event.event, event.type, event.subject) == (one.event, one.type, one.subject)
        and (one.members is None or sorted(one.members) == sorted(event.members))
        and (one.cause is None or one.cause == event.cause)
    )


def _words(one: Expected) -> str:
    cause = f", cause {one.cause}" if one.cause is not None else ""
    members = f", members {' '.join(one.members)}" if one.members is not None else ""
    return f"{one.event} {one.type} {one.subject}{cause}{members}"


def _told(event: CaseEvent) -> str:
    cause = f", cause {event.cause}" if event.cause else ""
    return f"{event.event} {event.type} {event.subject}{cause}, members {' '.join(event.members)}"


class _Clock:
    """Times as a test writes them, with the day where it is not the first."""

    def __init__(self, test: RuleTest, zone: ZoneInfo) -> None:
        self._zone = zone
        self._day = datetime.fromtimestamp(test.start / 1000, zone).date()

    def at(self, ms: int) -> str:
        local = datetime.fromtimestamp(ms / 1000, self._zone)
        days = (local.date() - self._day).days
        form = "%H:%M" if ms % MINUTE == 0 else "%H:%M:%S"
        return local.strftime(form) + (f" (day {days + 1})" if days else "")

    def span(self, span: Span) -> str:
        if span.first == span.last:
            return self.at(span.first)
        return f"{self.at(span.first)}..{self.at(span.last)}"
