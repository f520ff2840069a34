"""Supervision as it goes on: every case that is not closed is looked at, and what is new is told.

What is found goes to the desk as events of the clock, or, where it is a notice alone, into the list
and the outbox in one transaction. So dying in between loses nothing and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Engine

from cases import database
from cases.case import Case
from cases.desk import Desk
from cases.events import CaseEvent
from cases.notices.telling import Telling
from cases.supervision import supervised
from cases.supervision.grounds import CauseName, Figures, Found, Moments, judge, moments
from cases.supervision.supervised import CLOCK, Entry

_AT_ONCE = 100
_MOST_A_LOOK = 2_000
T = TypeVar("T")


@dataclass(slots=True)
class Overseer:
    """Looks at the desk's cases; without a filing there are no limits, and nothing is found.

    ``engine`` is of the desk's database.
    """

    desk: Desk
    engine: Engine
    figures: Figures
    telling: Telling
    _moments: dict[str, tuple[int, bool, Moments]] = field(default_factory=dict)

    def look(self, now: int) -> int:
        """Supervises what is to be at ``now`` (ms), and ends what is over; how many were new.

        So many at a look at most: the next one goes on.
        """
        cases = self.desk.unclosed()
        with database.reading(self.engine) as connection:
            known = supervised.of_unclosed(connection)
        self._moments = {case.id: self._moments_of(case) for case in cases}
        changes = _Changes()
        for case in cases:
            _, urgent, at = self._moments[case.id]
            found = judge(case, at, now, urgent=urgent, figures=self.figures)
            self._compare(case, found, known.get(case.id, {}), now, changes)
            if changes.new >= _MOST_A_LOOK:
                break
        for notices in _some(changes.notices):
            self._notice(notices, now)
        for events in _some(changes.events):
            self.desk.record(events)
        for ended in _some(changes.ended):
            with database.writing(self.engine) as connection:
                for case_id, causes in ended:
                    supervised.end(connection, case_id, now, CLOCK, causes)
        return changes.new

    def _moments_of(self, case: Case) -> tuple[int, bool, Moments]:
        """The case's moments, worked out once for each of its versions."""
        held = self._moments.get(case.id)
        if held is not None and held[0] == case.version:
            return held
        filing = self.desk.filing
        if filing is None:
            return case.version, False, Moments(None, None, None, None)
        row = filing.row_of(case.filed) if case.filed else None
        urgent = row is not None and row.condition.severity == "urgent"
        at = moments(case, urgent=urgent, figures=self.figures, calendar=filing.calendar)
        return case.version, urgent, at

    def _compare(
        self,
        case: Case,
        found: tuple[Found, ...],
        known: Mapping[str, Entry],
        now: int,
        changes: _Changes,
    ) -> None:
        """Adds what is new of a case, and what holds no more, to the changes.

        With the last of what it is supervised for the case is not supervised any more.
        """
        fresh = [one for one in found if _is_new(known.get(one.cause))]
        changes.new += len(fresh)
        holding = {one.cause for one in found}
        over = [
            cause
            for cause, entry in known.items()
            if entry.ended_at is None and cause not in holding and cause != supervised.BY_HAND
        ]
        if notices := [one.cause for one in fresh if one.level == 0]:
            changes.notices.append((case, notices))
        raised = [one for one in fresh if one.level > 0]
        if raised:
            level = max(case.supervision, *(one.level for one in raised))
            evidence = {
                "level": level,
                "causes": [one.cause for one in raised],
                "levels": [one.level for one in raised],
                "figures": self.figures.version,
            }
            changes.events.append(_event(case, "supervised", now, evidence))
        left = any(
            entry.ended_at is None and entry.level > 0 and cause not in over
            for cause, entry in known.items()
        )
        if case.supervision > 0 and not left and not raised:
            changes.events.append(_event(case, "unsupervised", now, {"causes": over}))
        elif over:
            changes.ended.append((case.id, over))

    def _notice(self, notices: Sequence[tuple[Case, list[CauseName]]], now: int) -> None:
        with database.writing(self.engine) as connection:
            for case, causes in notices:
                told = self.telling.units.told(case.unit, case.street, 0)
                name = told.name if told else None
                entries = [Entry(case.id, cause, 0, now, told=name) for cause in causes]
                supervised.put(connection, entries)
                self.telling.remind(connection, case, causes, now)


@dataclass(slots=True)
class _Changes:
    """What one look makes of the list, to be written some at a time."""

    new: int = 0
    notices: list[tuple[Case, list[CauseName]]] = field(default_factory=list)
    events: list[CaseEvent] = field(default_factory=list)
    ended: list[tuple[str, list[str]]] = field(default_factory=list)


def _some(changes: list[T]) -> Iterator[list[T]]:
    """So many at a time that a transaction holds nobody up, and a flood of them takes no age."""
    for begin in range(0, len(changes), _AT_ONCE):
        yield changes[begin : begin + _AT_ONCE]


def _is_new(known: Entry | None) -> bool:
    """Whether a cause that holds is not known, or was over; what a person lifted stays lifted."""
    return known is None or (known.ended_at is not None and not known.lifted)


def _event(case: Case, name: str, now: int, evidence: dict[str, object]) -> CaseEvent:
    return CaseEvent(
        at=now,
        event=name,  # type: ignore[arg-type]
        case=case.id,
        type=case.type,
        subject=case.subject,
        members=case.members,
        evidence=evidence,
        author=CLOCK,
    )
