"""Tables of the indicators over a span, whole and broken down."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection

from cases import database
from cases.filing.calendar import Calendar
from cases.indicators import queries
from cases.indicators.defined import By, Figures, Value, completed
from cases.indicators.hours import durations, medians
from cases.tallies import Column, Tallies, Total
from facility.clock import DAY

_TALLIED_BY: dict[By, tuple[Column, ...]] = {"none": (), "day": ("day",), "street": ("street",)}
_MEANS = ("installed", "reporting", "trusted")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """The indicators of one part: a street's code, a unit, a type, a source, or a local day.

    ``of`` is None for cases that have no such thing, and for the whole.
    """

    of: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Table:
    """The indicators of [``start``, ``end``) ms. ``rows`` are in order of what they are of."""

    by: By
    start: int
    end: int
    rows: tuple[Row, ...]
    whole: Figures


class Indicators:
    """The indicators of one case database. Methods raise Retryable while it is away.

    ``calendar`` is what cases are filed by; without one no case has a clock of its own.
    """

    def __init__(
        self, url: str, tallies: Tallies, timezone: ZoneInfo, calendar: Calendar | None = None
    ) -> None:
        self._engine = database.connect(url)
        self._tallies = tallies
        self._timezone = timezone
        self._calendar = calendar

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def table(self, start: int, end: int, now: int, by: By = "none") -> Table:
        """The indicators of [``start``, ``end``) ms, as they are known at ``now``.

        What lies after ``now`` has not happened: it is in no set.
        """
        until = max(start, min(end, now))
        parts: dict[str | None, dict[str, Value]] = defaultdict(dict)
        if by == "day":
            parts |= {day.isoformat(): {} for day in self._days(start, until)}
        with database.reading(self._engine) as connection:
            counted, whole = self._counted(connection, start, until, by)
            if by != "none":
                for part, found in counted.items():
                    parts[part] |= found
            self._add_hours(connection, start, until, by, parts, whole)
        self._add_tallies(start, until, by, parts, whole)
        if by == "day":
            _run_on(parts, whole)
        rows = [Row(part, completed(parts[part])) for part in sorted(parts, key=_in_order)]
        return Table(by, start, end, tuple(rows), completed(whole))

    def _counted(
        self, connection: Connection, start: int, end: int, by: By
    ) -> tuple[dict[str | None, dict[str, Value]], dict[str, Value]]:
        """What the database counts, by part and of the whole."""
        named = _naming(by)
        found: dict[str | None, Counter[str]] = defaultdict(Counter)
        raised: set[tuple[str | None, str]] = set()
        for begin, until, offset in self._stretches(start, end, by):
            for one in queries.SETS:
                query = queries.counts(one, begin, until, by, offset)
                for row in connection.execute(query).mappings():
                    for name in (*one.counts, *one.sums):
                        found[named(row["part"])][name] += int(row[name] or 0)
            told = connection.execute(queries.supervised(begin, until, by, offset))
            raised |= {(named(part), case_id) for part, case_id in told}
        for part, _ in raised:
            found[part]["supervised"] += 1
        # Of days these are told by :func:`_run_on`.
        before = Counter[str]()
        for part, many in connection.execute(queries.open_before(start, by)):
            (before if by == "day" else found[named(part)])["open"] += many
        whole = sum(found.values(), before)
        whole["supervised"] = len({case_id for _, case_id in raised})
        return {part: _finished(counted) for part, counted in found.items()}, _finished(whole)

    def _add_hours(
        self,
        connection: Connection,
        start: int,
        end: int,
        by: By,
        parts: dict[str | None, dict[str, Value]],
        whole: dict[str, Value],
    ) -> None:
        rows: list[Any] = []
        names: list[str] = []
        for begin, until, offset in self._stretches(start, end, by):
            result = connection.execute(queries.resolved(begin, until, by, offset))
            names = list(result.keys())
            rows += result.all()
        if not rows:
            return
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        hours = durations(columns, self._calendar)
        whole |= medians(hours, slice(None))
        if by == "none":
            return
        named = _naming(by)
        of = [named(part) for part in columns["part"]]
        codes = {part: code for code, part in enumerate(dict.fromkeys(of))}
        code_of = np.array([codes[part] for part in of])
        order = np.argsort(code_of, kind="stable")
        edges = np.searchsorted(code_of[order], np.arange(1, len(codes)))
        for part, some in zip(codes, np.split(order, edges), strict=True):
            parts[part] |= medians(hours, some)

    def _add_tallies(
        self,
        start: int,
        end: int,
        by: By,
        parts: dict[str | None, dict[str, Value]],
        whole: dict[str, Value],
    ) -> None:
        """What is counted of nights and days, of those that begin in the span."""
        days = list(self._days(start, end, beginning=True))
        if not days:
            return
        for _, told in self._tallied(days, "none"):
            whole |= told
        if by in ("day", "street"):
            for part, told in self._tallied(days, by):
                parts[part] |= told

    def _tallied(self, days: list[date], by: By) -> Iterator[tuple[str | None, Figures]]:
        for measure in ("lighting", "coverage", "station"):
            for total in self._tallies.totals(measure, days[0], days[-1], _TALLIED_BY[by]):
                part = next(iter(total.of.values()), None)
                yield part or None, _TALLIED[measure](total)

    def _days(self, start: int, end: int, *, beginning: bool = False) -> Iterator[date]:
        """The local days that the span touches, or only those that begin in it."""
        if end <= start:
            return
        day, last = self._day(start), self._day(end - 1)
        if beginning and self._midnight(day) < start:
            day += timedelta(days=1)
        while day <= last:
            yield day
            day += timedelta(days=1)

    def _stretches(self, start: int, end: int, by: By) -> Iterator[tuple[int, int, int]]:
        """The span with the zone's offset; counted by day it is cut where that changes."""
        if by != "day":
            yield start, end, 0
            return
        while start < end:
            offset = self._offset(start)
            before = after = start
            while after < end and self._offset(after) == offset:
                before, after = after, after + DAY
            after = min(after, end)
            if self._offset(after - 1) != offset:
                while after - before > 1:
                    middle = (before + after) // 2
                    same = self._offset(middle) == offset
                    before, after = (middle, after) if same else (before, middle)
            yield start, after, offset
            start = after

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self._timezone)

    def _offset(self, at: int) -> int:
        """How far the zone is ahead of UTC at a time, ms."""
        return round((self._local(at).utcoffset() or timedelta()).total_seconds() * 1000)

    def _day(self, at: int) -> date:
        return self._local(at).date()

    def _midnight(self, day: date) -> int:
        local = datetime(day.year, day.month, day.day, tzinfo=self._timezone)
        return round(local.timestamp() * 1000)


def _naming(by: By) -> Callable[[Any], str | None]:
    """What a part of the database's is called here."""
    if by == "day":
        return lambda part: (_EPOCH + timedelta(days=part)).isoformat()
    return lambda part: part or None


def _finished(counted: Counter[str]) -> dict[str, Value]:
    found: dict[str, Value] = dict(counted)
    found["open"] = counted["open"] + counted["opened"] - counted["ended"]
    if many := counted["ratings"]:
        found["satisfaction"] = round(counted["satisfaction"] / many, 2)
    return found


def _lighting(total: Total) -> Figures:
    numbers = total.numbers
    return {"lighting_rate": _share(numbers["lit_min"], numbers["lit_min"] + numbers["dark_min"])}


def _coverage(total: Total) -> Figures:
    installed, reporting, trusted = (total.numbers[name] for name in _MEANS)
    return {
        "reporting_rate": _share(reporting, installed),
        "trusted_rate": _share(trusted, installed),
    }


def _station(total: Total) -> Figures:
    return {
        "tonnes_in": round(total.numbers["in_t"], 2),
        "tonnes_out": round(total.numbers["out_t"], 2),
    }


_TALLIED: dict[str, Callable[[Total], Figures]] = {
    "lighting": _lighting,
    "coverage": _coverage,
    "station": _station,
}


def _run_on(parts: dict[str | None, dict[str, Value]], whole: dict[str, Value]) -> None:
    """How many cases were open at the end of each day, from how many there are at the last's."""
    opened = whole.get("open") or 0
    for day in sorted(parts, key=_in_order, reverse=True):
        counted = parts[day]
        counted["open"] = opened
        opened += (counted.get("ended") or 0) - (counted.get("opened") or 0)


def _share(part: float, of: float) -> float | None:
    return round(part / of, 4) if of else None


def _in_order(part: str | None) -> tuple[bool, str]:
    return part is None, part or ""
