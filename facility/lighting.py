"""Lighting plans: whether a lamp should be lit, and since when.

A plan is data (:mod:`facility.plans`): spans of a night between sunset, sunrise and local times. A
:class:`Schedule` is a plan at a place, ready to answer for whole columns of times.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, MINUTE
from facility.plans import EDGE
from facility.plans import LightingPlan as LightingPlan
from facility.plans import load_plans as load_plans
from facility.plans import plans_of as plans_of
from facility.readings import Floats, Times
from facility.sun import Place, sun_times


def _edge_ms(edge: str, day: date, place: Place) -> int | None:
    """When an edge of the night that begins on ``day`` falls; None where the sun has no such."""
    match = EDGE.fullmatch(edge)
    if match is None:
        raise ValueError(edge)
    sun, offset, hour, minute = match.groups()
    if sun:
        times = sun_times(place, day + timedelta(days=sun == "sunrise"))
        return times and times[sun == "sunset"] + int(offset or 0) * MINUTE
    morning = int(hour) < 12
    local = datetime(
        day.year, day.month, day.day, int(hour), int(minute), tzinfo=ZoneInfo(place.timezone)
    )
    return round((local + timedelta(days=morning)).timestamp() * 1000)


class Period(NamedTuple):
    """The time between two switching times, ms: ``since`` the one and up to the other."""

    lit: bool
    since: int
    until: int


class Schedule:
    """A plan at a place, in an area (its code). Columns of times in, columns of answers out."""

    def __init__(self, plan: LightingPlan, place: Place, area: str = "") -> None:
        self.plan = plan
        self.place = place
        self.area = area
        self._from = self._to = 0
        self._on: Times = np.empty(0, np.int64)
        self._off: Times = np.empty(0, np.int64)
        self._dims: list[tuple[int, int, float]] = []

    def lit(self, ts: Times) -> NDArray[np.bool_]:
        """Whether a lamp should be lit at each time, bool (n,)."""
        span = self._span_before(ts)
        return (span >= 0) & (ts < self._off[span])

    def since(self, ts: Times) -> Times:
        """The last switching time at or before each time, int64 (n,) ms."""
        span = self._span_before(ts)
        off = self._off[span]
        return np.where(ts < off, self._on[span], off)

    def until(self, ts: Times) -> Times:
        """The first switching time after each time, int64 (n,) ms."""
        span = self._span_before(ts)
        off = self._off[span]
        return np.where(ts < off, off, self._on[span + 1])

    def period(self, at: int) -> Period:
        """What holds at a moment (ms)."""
        self._cover(at, at)
        span = int(np.searchsorted(self._on, at, side="right")) - 1
        on, off = int(self._on[span]), int(self._off[span])
        return Period(True, on, off) if at < off else Period(False, off, int(self._on[span + 1]))

    def level(self, ts: Times) -> Floats:
        """The level in percent that the plan dims lamps to at each time, (n,); 100 where it does
        not, lit or not."""
        level = np.full(len(ts), 100.0)
        if len(ts):
            self._cover(int(ts.min()), int(ts.max()))
        for begin, finish, percent in self._dims:
            level[(ts >= begin) & (ts < finish)] = percent
        return level

    def spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """The lit spans (ms) that touch the time from ``start`` to ``end``, in order."""
        self._cover(start, end)
        first = int(np.searchsorted(self._off, start, side="right"))
        last = int(np.searchsorted(self._on, end, side="left"))
        pairs = zip(self._on[first:last].tolist(), self._off[first:last].tolist(), strict=True)
        return list(pairs)

    def _span_before(self, ts: Times) -> NDArray[np.intp]:
        if len(ts):
            self._cover(int(ts.min()), int(ts.max()))
        return np.searchsorted(self._on, ts, side="right") - 1

    def _cover(self, start: int, end: int) -> None:
        """Works out the spans from three days before ``start`` to three days after ``end``."""
        if self._from <= start and end < self._to:
            return
        first, last = start - 3 * DAY, end + 3 * DAY
        day, final = _utc_date(first - DAY), _utc_date(last + DAY)
        spans: list[tuple[int, int]] = []
        self._dims = []
        while day <= final:
            lit, dims = _night(self.plan, self.place, self.area, day)
            self._dims += dims
            for begin, finish in lit:
                if spans and begin <= spans[-1][1]:
                    spans[-1] = (spans[-1][0], max(finish, spans[-1][1]))
                else:
                    spans.append((begin, finish))
            day += timedelta(days=1)
        # A far span on each side, so that every time has a switching before and after it even
        # where the sun never sets.
        before, after = first - 400 * DAY, last + 400 * DAY
        ends = [(before, before + DAY), *spans, (after, after + DAY)]
        self._on, self._off = np.array(ends, np.int64).T.copy()
        # A day of margin, so that a clock that ticks forward does not start this anew each time.
        self._from, self._to = start - DAY, end + DAY


@lru_cache(maxsize=4096)
def _night(
    plan: LightingPlan, place: Place, area: str, day: date
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int, float], ...]]:
    """The plan's lit spans and its dimmed ones, of the night that begins on ``day``, in order."""
    lit, dim = plan.on(day, area)
    spans = (_span_ms(start, end, day, place) for start, end in lit)
    dims = ((_span_ms(start, end, day, place), percent) for start, end, percent in dim)
    return (
        tuple(sorted(span for span in spans if span)),
        tuple(sorted((*span, percent) for span, percent in dims if span)),
    )


def _span_ms(start: str, end: str, day: date, place: Place) -> tuple[int, int] | None:
    begin, finish = _edge_ms(start, day, place), _edge_ms(end, day, place)
    # In summer a span from 05:00 to sunrise may be empty.
    return None if begin is None or finish is None or begin >= finish else (begin, finish)


def _utc_date(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()
