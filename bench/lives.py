"""A year of cases and their events, put into a database for benchmarks."""

from __future__ import annotations

import random
from dataclasses import replace

from sqlalchemy import insert

from bench.served import ADMIN, NOW, STREETS, UNITS, Place, district, filing_of
from cases import words
from cases.actions import ActionName, Given, decide
from cases.case import Case
from cases.database import analyze, connect, upgrade, writing
from cases.deadlines import with_deadline
from cases.events import CaseEvent, EventName, Opening
from cases.filing.basis import Filing
from cases.follow import following
from cases.lifecycle import apply
from cases.rows import case_row, event_row
from cases.schema import case_events, cases
from facility.clock import DAY, HOUR, MINUTE


def fill(place: Place, many: int) -> int:
    """Puts a year of cases into the database, most of them closed; how many events they have."""
    upgrade(place.url)
    filing = filing_of(district(place.assets))
    chance = random.Random(1)
    engine = connect(place.url)
    total = 0
    whole: list[Case] = []
    events: list[dict[str, object]] = []
    with writing(engine) as connection:
        for n in range(many):
            case, life = _life(n, many, chance, filing)
            whole.append(case)
            events += [event_row(event) for event in life]
            if len(whole) == 5_000 or n == many - 1:
                connection.execute(insert(cases), [case_row(case) for case in whole])
                words.keep(connection, whole)
                connection.execute(insert(case_events), events)
                total += len(events)
                whole, events = [], []
    analyze(engine)
    engine.dispose()
    return total


_HELD: tuple[EventName, ...] = ("recovered", "verified")
_WAY: tuple[ActionName, ...] = ("dispatch", "accept", "handle")


def _life(n: int, many: int, chance: random.Random, filing: Filing) -> tuple[Case, list[CaseEvent]]:
    """A case and its events: the older ones are over, the last two in a hundred at all stages."""
    left = (many - n) / many
    at = NOW - int(left * 365 * DAY) - chance.randrange(HOUR)
    lamp = chance.randrange(60_000)
    kind = chance.choice(
        ["streetlight.unlit", "streetlight.unlit", "cover.rattle", "device.silent"]
    )
    name = f"M{lamp // 10:06}" if kind == "cover.rattle" else f"L{lamp:06}"
    subject = f"cover:{name}" if kind == "cover.rattle" else f"streetlight:{name}"
    street = STREETS[lamp % 17]
    opened = CaseEvent(
        at, "opened", f"20260626-{n:08x}", kind, subject, (name,), "lamp",
        {"power_w": 0.4, "rated_w": 60.0, "dark_min": 12, "voltage_v": 228.1}, kind, "3",
        opening=Opening(street=street, cell=street),
    )  # fmt: skip
    opened = replace(opened, filed=filing.filed(opened))
    case = apply(None, opened)
    assert isinstance(case, Case)
    life = [opened]
    over = left > 0.02
    for action in _WAY if over else _WAY[: chance.randrange(4)]:
        at += chance.randrange(10 * MINUTE, 8 * HOUR)
        unit, result = chance.choice(UNITS), "已更换"
        said = {"dispatch": Given(unit=unit), "handle": Given(result=result)}
        event = decide(case, action, ADMIN, at, said.get(action, Given()))
        assert isinstance(event, CaseEvent)
        case = _add(case, with_deadline(case, event, filing.calendar), life)
    if chance.random() < 0.05:
        said_level = Given(reason="民生", level=chance.randrange(1, 4))
        event = decide(case, "supervise", ADMIN, at + 1, said_level)
        assert isinstance(event, CaseEvent)
        case = _add(case, event, life)
    if over:
        for name_ in _HELD:
            at += chance.randrange(HOUR, 20 * HOUR)
            seen = replace(opened, at=at, event=name_, filed=None, opening=None)
            case = _add(case, seen, life)
    return case, life


def _add(case: Case, event: CaseEvent, life: list[CaseEvent]) -> Case:
    after = apply(case, event)
    assert isinstance(after, Case), after
    life.append(event)
    end = following(after, event)
    return after if end is None else _add(after, end, life)
