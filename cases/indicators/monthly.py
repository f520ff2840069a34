"""The monthly report: what it says, before it is written as a page (monthly_page.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cases.desk import Desk
from cases.indicators.defined import Figures
from cases.indicators.recurrent import Recurrent
from cases.indicators.table import Indicators, Row
from cases.tallies import Tallies, Total
from facility.clock import HOUR
from facility.errors import UsageError
from facility.grid import Grid

BACKLOG = "station.backlog"
MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Targets:
    """What the lighting rate should be: of roads of these classes, and of others."""

    main_classes: tuple[str, ...]
    main: float
    other: float


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of the site."""

    first: date

    @classmethod
    def read(cls, text: str) -> Month:
        """Of ``2026-06``. UsageError where it is none."""
        try:
            first = date.fromisoformat(f"{text}-01") if len(text) == len("2026-06") else None
        except ValueError:
            first = None
        if first is None or not 1970 <= first.year < 2200:
            raise UsageError(f"no month: {text!r}; write it as 2026-06")
        return cls(first)

    def __str__(self) -> str:
        return self.first.isoformat()[:7]

    def later(self, months: int) -> Month:
        """So many months later, or earlier."""
        count = self.first.year * 12 + self.first.month - 1 + months
        return Month(date(count // 12, count % 12 + 1, 1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.later(1).first - timedelta(days=1)

    def start(self, zone: ZoneInfo) -> int:
        """When it begins, ms."""
        first = self.first
        begins = datetime(first.year, first.month, first.day, tzinfo=zone)
        return round(begins.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Lit:
    """The lighting rates of a street's main and other roads; None where none was seen."""

    street: str | None
    main: float | None
    other: float | None
    targets: Targets

    @property
    def main_missed(self) -> bool:
        """Whether the main roads are below their target."""
        return self.main is not None and self.main < self.targets.main

    @property
    def other_missed(self) -> bool:
        """The same of the others."""
        return self.other is not None and self.other < self.targets.other


@dataclass(frozen=True, slots=True)
class StationMonth:
    """Tonnes of a station, and how often it was not cleared in time, for how many hours."""

    station: str
    street: str | None
    tonnes_in: float
    tonnes_out: float
    times: int
    hours: float


@dataclass(frozen=True, slots=True)
class Monthly:
    """Everything in the report. ``before`` and ``year_ago`` are None where nothing is known."""

    month: Month
    until: int
    whole: Figures
    before: Figures | None
    year_ago: Figures | None
    days: tuple[Row, ...]
    streets: tuple[Row, ...]
    units: tuple[Row, ...]
    sources: dict[str | None, Figures]
    lit: tuple[Lit, ...]
    stations: tuple[StationMonth, ...]
    recurrent: tuple[Recurrent, ...]
    targets: Targets
    names: dict[str, str]


def collect(
    month: Month,
    now: int,
    zone: ZoneInfo,
    indicators: Indicators,
    tallies: Tallies,
    desk: Desk,
    targets: Targets,
) -> Monthly:
    """The report of a month as it is known at ``now`` (ms). UsageError where it has not begun."""
    start, end = month.start(zone), month.later(1).start(zone)
    if start >= now:
        raise UsageError(f"the month {month} has not begun")

    def whole(of: Month) -> Figures | None:
        told = indicators.table(of.start(zone), of.later(1).start(zone), now).whole
        return told if _is_known(told) else None

    by_day = indicators.table(start, end, now, "day")
    sources = indicators.table(start, end, now, "source")
    grid = desk.filing.grid() if desk.filing else Grid()
    stops = {
        place.subject: place
        for place in desk.recurrent(start, end, now, type_=BACKLOG, least=1)
        if place.times
    }
    return Monthly(
        month=month,
        until=min(end, now),
        whole=by_day.whole,
        before=whole(month.later(-1)),
        year_ago=whole(month.later(-12)),
        days=by_day.rows,
        streets=_ranked(indicators.table(start, end, now, "street").rows),
        units=_ranked(indicators.table(start, end, now, "unit").rows),
        sources={row.of: row.figures for row in sources.rows},
        lit=_lit(
            tallies.totals("lighting", month.first, month.last, ("street", "road_class")), targets
        ),
        stations=_stations(
            tallies.totals("station", month.first, month.last, ("street", "place")), stops
        ),
        recurrent=tuple(desk.recurrent(start, end, now)[:MOST_PLACES]),
        targets=targets,
        names={cell.code: cell.name for cell in grid.cells.values()},
    )


def _is_known(figures: Figures) -> bool:
    """Whether anything at all was counted."""
    return any(figures[key] for key in ("opened", "open", "lighting_rate", "tonnes_in"))


def _ranked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The best first: by the on-time rate, then by what was due; those without any due last.

    What is nobody's has no rank, and stands after all that do.
    """

    def key(row: Row) -> tuple[bool, bool, float, float, str]:
        rate, due = row.figures["on_time_rate"], row.figures["due"] or 0
        return row.of is None, rate is None, -(rate or 0), -due, row.of or ""

    return tuple(sorted((row for row in rows if _has_cases(row.figures)), key=key))


def _has_cases(figures: Figures) -> bool:
    return any(figures[key] for key in ("opened", "due", "ended", "open"))


def _lit(totals: Sequence[Total], targets: Targets) -> tuple[Lit, ...]:
    """By street, the worst of them first."""
    minutes: dict[str, dict[bool, list[float]]] = {}
    for total in totals:
        of_street = minutes.setdefault(total.of["street"], {True: [0, 0], False: [0, 0]})
        one = of_street[total.of["road_class"] in targets.main_classes]
        one[0] += total.numbers["lit_min"]
        one[1] += total.numbers["lit_min"] + total.numbers["dark_min"]
    found = [
        Lit(street or None, _share(*of[True]), _share(*of[False]), targets)
        for street, of in minutes.items()
    ]
    return tuple(sorted(found, key=lambda one: min(_or_1(one.main), _or_1(one.other))))


def _stations(totals: Sequence[Total], stops: dict[str, Recurrent]) -> tuple[StationMonth, ...]:
    """Those that were missed most often first, then by tonnes."""
    found = []
    for total in totals:
        stop = stops.get(f"station:{total.of['place']}")
        found.append(
            StationMonth(
                total.of["place"],
                total.of["street"] or None,
                total.numbers["in_t"],
                total.numbers["out_t"],
                stop.times if stop else 0,
                (stop.ms if stop else 0) / HOUR,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.times, -one.tonnes_in, one.station)))


def _share(part: float, of: float) -> float | None:
    return part / of if of else None


def _or_1(rate: float | None) -> float:
    return 1.0 if rate is None else rate
