"""What two books made of the same span: counts, the cases that only one has, how often it rings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from cases.events import CaseEvent
from facility.clock import HOUR, MINUTE, to_rfc3339
from facility.grid import Grid, Level
from facility.inventory import Inventory
from facility.readings import split_series

STEADY_PER_HOUR = 6.0
"""Alarms an operator can take in an hour in steady state (EEMUA 191: under one in ten minutes)."""

FLOOD = 10
FLOOD_SPAN = 10 * MINUTE
"""More alarms than that in so long are a flood (EEMUA 191)."""

LISTED = 1_000
"""Cases of one book only that are listed; all are counted."""


class OneCase(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A case that only one of the books has; ``to`` None where it was not over at the end."""

    type: str
    subject: str
    street: str
    from_: str
    to: str | None


class Counts(msgspec.Struct):
    """What happened in the span; ``standing`` are cases that were not over at its end."""

    opened: int = 0
    relapsed: int = 0
    recovered: int = 0
    merged: int = 0
    standing: int = 0


class Ringing(msgspec.Struct, frozen=True):
    """Alarms, opened and relapsed, for each operator: a mean hour, the worst, time in floods."""

    per_operator_hour: float
    worst_hour: float
    worst_hour_at: str | None
    flood_minutes: int


class Book(msgspec.Struct, frozen=True):
    """What one book made of the span."""

    version: str
    total: Counts
    by_type: dict[str, Counts]
    by_street: dict[str, int]
    by_day: dict[str, int]
    ringing: Ringing


class Result(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Both books beside each other. ``gained`` only the draft has, ``lost`` only the live one."""

    from_: str
    to: str
    readings: int
    operators: int
    live: Book
    draft: Book
    gained: int
    lost: int
    gained_cases: list[OneCase]
    lost_cases: list[OneCase]


@dataclass(slots=True)
class _Case:
    type: str
    subject: str
    street: str
    opened: int
    ended: int | None = None
    members: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Told:
    """What one engine has told."""

    cases: dict[str, _Case] = field(default_factory=dict)
    by_type: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    by_street: Counter[str] = field(default_factory=Counter)
    by_day: Counter[str] = field(default_factory=Counter)
    alarms: list[int] = field(default_factory=list)


class Tally:
    """Hears the events of a backtest (0 of the live book, 1 of the draft)."""

    def __init__(
        self, start: int, end: int, timezone: str, street_of: Callable[[str], str]
    ) -> None:
        self._start, self._end = start, end
        self._zone = ZoneInfo(timezone)
        self._street_of = street_of
        self._told = (_Told(), _Told())

    def hear(self, number: int, event: CaseEvent) -> None:
        told = self._told[number]
        case = told.cases.get(event.case)
        if case is None:
            street = self._street_of(split_series(event.members[0])[0]) if event.members else ""
            case = told.cases[event.case] = _Case(event.type, event.subject, street, event.at)
        # What happened before the span is how it began.
        counts = told.by_type[event.type] if event.at >= self._start else Counts()
        match event.event:
            case "opened" | "relapsed":
                case.ended = None
                case.members = set(event.members)
                if event.event == "opened":
                    counts.opened += 1
                else:
                    counts.relapsed += 1
                if event.at >= self._start:
                    self._rings(told, case.street, event.at)
            case "joined":
                case.members.update(event.members)
            case "left":
                case.members.difference_update(event.members)
                if not case.members and event.cause == "merged":
                    case.ended = event.at
                    counts.merged += 1
            case "recovered":
                case.ended = event.at
                counts.recovered += 1

    def _rings(self, told: _Told, street: str, at: int) -> None:
        told.alarms.append(at)
        told.by_street[street] += 1
        day = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone).date()
        told.by_day[day.isoformat()] += 1

    def result(self, versions: tuple[str, str], readings: int, operators: int) -> Result:
        """The two books beside each other, for so many operators."""
        live, draft = self._told
        gained = list(self._only(draft, live))
        lost = list(self._only(live, draft))
        return Result(
            to_rfc3339(self._start),
            to_rfc3339(self._end),
            readings,
            operators,
            self._book(live, versions[0], operators),
            self._book(draft, versions[1], operators),
            len(gained),
            len(lost),
            gained[:LISTED],
            lost[:LISTED],
        )

    def _book(self, told: _Told, version: str, operators: int) -> Book:
        by_type = told.by_type
        for case in told.cases.values():
            if case.ended is None:
                by_type[case.type].standing += 1
        names = Counts.__struct_fields__
        total = Counts(*(sum(getattr(one, name) for one in by_type.values()) for name in names))
        return Book(
            version,
            total,
            dict(sorted(by_type.items())),
            dict(told.by_street.most_common()),
            dict(sorted(told.by_day.items())),
            ringing(told.alarms, self._start, self._end, operators),
        )

    def _only(self, ours: _Told, theirs: _Told) -> Iterator[OneCase]:
        """Our cases of the span that they have no case of the same type and subject beside."""
        known: dict[tuple[str, str], list[_Case]] = defaultdict(list)
        for case in theirs.cases.values():
            known[case.type, case.subject].append(case)
        for case in sorted(ours.cases.values(), key=lambda one: (one.opened, one.subject)):
            beside = known.get((case.type, case.subject), ())
            if case.opened >= self._start and not any(_overlap(case, other) for other in beside):
                ended = None if case.ended is None else to_rfc3339(case.ended)
                yield OneCase(case.type, case.subject, case.street, to_rfc3339(case.opened), ended)


def _overlap(one: _Case, other: _Case) -> bool:
    return (other.ended is None or one.opened <= other.ended) and (
        one.ended is None or other.opened <= one.ended
    )


def ringing(alarms: Iterable[int], start: int, end: int, operators: int) -> Ringing:
    """How often it rings at the times ``alarms`` (ms) of [start, end)."""
    times = sorted(alarms)
    hours = Counter((at - start) // HOUR for at in times)
    worst, most = max(hours.items(), key=lambda one: (one[1], -one[0]), default=(None, 0))
    spans = Counter((at - start) // FLOOD_SPAN for at in times)
    floods = sum(many > FLOOD * operators for many in spans.values())
    return Ringing(
        per_operator_hour=round(len(times) / operators / max((end - start) / HOUR, 1e-9), 2),
        worst_hour=round(most / operators, 2),
        worst_hour_at=None if worst is None else to_rfc3339(start + worst * HOUR),
        flood_minutes=floods * FLOOD_SPAN // MINUTE,
    )


def streets(inventory: Inventory, grid: Grid) -> Callable[[str], str]:
    """Asset id → the name of its street in the grid; its area where the grid says none."""
    names: dict[str, str] = {}

    def street_of(asset_id: str) -> str:
        asset = inventory.assets.get(asset_id)
        if asset is None:
            return ""
        code = asset.grid or ""
        if code not in names:
            cell = grid.cell(code)
            around = () if cell is None else (cell, *grid.ancestors(code))
            names[code] = next((one.name for one in around if one.level == Level.STREET), "")
        return names[code] or asset.area

    return street_of
