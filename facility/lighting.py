"""Lighting plans: whether a lamp should be lit, and since when.

A plan is data (``plans.toml``): spans of a night between sunset, sunrise and local times. A
:class:`Schedule` is a plan at a place, ready to answer for whole columns of times.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, MINUTE
from facility.errors import UsageError
from facility.readings import Times
from facility.sun import Place, sun_times

_EDGE = re.compile(r"(sunset|sunrise)([+-]\d{1,3})?|([01]\d|2[0-3]):([0-5]\d)")
_PLANS = Path(__file__).with_name("plans.toml")


@dataclass(frozen=True, slots=True)
class LightingPlan:
    """A plan by name: its spans as (from, to) in the words of ``plans.toml``."""

    id: str
    name: str
    version: int
    lit: tuple[tuple[str, str], ...]


def load_plans(path: Path = _PLANS) -> dict[str, LightingPlan]:
    """The plans of a file, by id. UsageError where a plan cannot be read."""
    return plans_of(tomllib.loads(path.read_text("utf-8")), path.name)


def plans_of(rows: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, LightingPlan]:
    """The plans of rows as ``plans.toml`` has them. UsageError where one cannot be read."""
    plans = {}
    for plan_id, row in rows.items():
        spans = tuple((str(start), str(end)) for start, end in row["lit"])
        for edge in (edge for span in spans for edge in span):
            if not _EDGE.fullmatch(edge):
                raise UsageError(
                    f"{name}: plan {plan_id}: {edge!r} is no time of a night; "
                    'write "sunset", "sunrise+10" or "05:00"'
                )
        plans[plan_id] = LightingPlan(plan_id, str(row["name"]), int(row["version"]), spans)
    return plans


def _edge_ms(edge: str, day: date, place: Place) -> int | None:
    """When an edge of the night that begins on ``day`` falls; None where the sun has no such."""
    match = _EDGE.fullmatch(edge)
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


class Schedule:
    """A plan at a place. Columns of times in, columns of answers out."""

    def __init__(self, plan: LightingPlan, place: Place) -> None:
        self.plan = plan
        self.place = place
        self._from = self._to = 0
        self._on: Times = np.empty(0, np.int64)
        self._off: Times = np.empty(0, np.int64)

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
        while day <= final:
            for begin, finish in _night(self.plan, self.place, day):
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
def _night(plan: LightingPlan, place: Place, day: date) -> tuple[tuple[int, int], ...]:
    """The plan's lit spans of the night that begins on ``day``, in order."""
    spans = []
    for start, end in plan.lit:
        begin, finish = _edge_ms(start, day, place), _edge_ms(end, day, place)
        # In summer a span from 05:00 to sunrise may be empty.
        if begin is not None and finish is not None and begin < finish:
            spans.append((begin, finish))
    return tuple(sorted(spans))


def _utc_date(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, UTC).date()
