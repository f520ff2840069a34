"""Lamps: from what a controller sends to lit or dark, and from that and the plan to a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.assets import Streetlight
from facility.clock import MINUTE, SECOND
from facility.errors import UsageError
from facility.lighting import LightingPlan, Period, Schedule
from facility.readings import Codes, Floats, ReadingBatch, Times
from facility.sun import Place
from rules.book import figures
from rules.book.overrides import at
from rules.fleet import Mask, Rows, among, whole_rounds
from rules.lamps.draws import Draws
from rules.lamps.evidence import LIT, UNKNOWN, Around, consumption, evidence
from rules.runs import NOT_JUDGED, Runs

LIT_AS_PLANNED, OFF_AS_PLANNED, UNLIT, BURNING = range(1, 5)
"""What a lamp does, held against its plan; or ``NOT_JUDGED``."""

_DOING = np.array([[OFF_AS_PLANNED, BURNING], [UNLIT, LIT_AS_PLANNED]], dtype=np.int8)
"""By whether it should be lit, and whether it is."""

_DEFAULT_EVERY = 10 * MINUTE
_SUN_GRID = 10
"""Lamps within a tenth of a degree share their sun times: less than half a minute apart."""

_NIGHT = LightingPlan("night", "", 1, (("sunset+45", "sunrise-45"),))
"""When the sky adds less light than a lamp: civil twilight lasts 25 to 40 min, then it is 3 lx."""

Plan = tuple[Mask, Times]
"""(should be lit, since when the plan says so), each (n,)."""

_SOON = 0.75
"""Report intervals after the last within which a report is not due, whatever the jitter."""

_FRESH = 1.5
"""Report intervals for which a lamp's last reading counts among its segment's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was made of a batch, for the detectors that look closer: each (n,) beside its readings.

    ``doing`` int8, ``power_w``, ``switched`` the last switching time before (ms); ``rounds`` its
    readings in rounds of each lamp once.
    """

    doing: NDArray[np.int8]
    power_w: Floats
    switched: Times
    rounds: tuple[Rows | slice, ...]


class Lamps:
    """What each lamp was last seen to do, held against its plan.

    Their runs lie each within one lit or unlit period of the plan. Arrays are (n,), in the order
    of the inventory.
    """

    KEPT = ("runs", "draws", "shown", "power_w", "dim_pct", "on", "voltage_v", "last")

    def __init__(
        self,
        lamps: Sequence[Streetlight],
        every: Times,
        plans: dict[str, LightingPlan],
        timezone: str,
        book: figures.Lamps,
    ) -> None:
        self._book = book
        self._every = every
        self._paced = bool((every > 0).all())
        self._schedules, self._schedule_of = _schedules(lamps, plans, timezone)
        self._skies = [Schedule(_NIGHT, one.place) for one in self._schedules]
        self._dims = any(one.plan.dims for one in self._schedules)
        n = len(lamps)
        self.draws = Draws(lamps, book)
        self.shown = np.full(n, UNKNOWN, dtype=np.int8)
        self.power_w = np.full(n, np.nan, dtype=np.float32)
        self.dim_pct = np.full(n, np.nan, dtype=np.float32)
        self.on = np.full(n, np.nan, dtype=np.float16)
        self.voltage_v = np.full(n, np.nan, dtype=np.float32)
        self.runs = Runs(n)
        # Every detector asks for the same moment, or two.
        self._planned_at: dict[int, Plan] = {}
        self._planned_in: dict[tuple[Period, ...], Plan] = {}
        self.last = np.zeros(n, dtype=np.int64)
        # Which report what changes, and nothing in between but seldom.
        self.on_change: Mask = np.zeros(n, dtype=bool)
        # Of lamps whose readings come in bundles the time that one spans, ms.
        self.bundle: NDArray[np.int32] = np.zeros(n, dtype=np.int32)

    def __len__(self) -> int:
        return len(self.shown)

    def feed(self, rows: Codes, batch: ReadingBatch) -> Seen:
        """Takes a batch in; ``rows`` are its lamps. Repeated and older readings change no run."""
        if self._dims:
            batch = self._levelled(rows, batch)
        planned, switched = self._planned(rows, batch.ts)
        book = at(self._book, rows)
        draws, night = self.draws, self._night(rows, batch)
        idle, beside = draws.idle_w[rows], draws.beside[rows]
        around = Around(planned, night, draws.full_w(rows), idle, beside)
        shown = evidence(batch, around, book)
        judged = (shown != UNKNOWN) & (batch.ts - switched >= book.settle)
        does = _DOING[planned.view(np.int8), (shown == LIT).view(np.int8)]
        doing = np.where(judged, does, np.int8(NOT_JUDGED))
        held, since = doing, batch.ts
        early = self.on_change[rows] & ~judged & (shown != UNKNOWN)
        if early.any():
            # What a device that reports changes says while its lamp settles stands until it says
            # otherwise. In their order, just after: of several the last one counts.
            after = switched + book.settle + (batch.ts - switched) // SECOND
            held, since = np.where(early, does, doing), np.where(early, after, batch.ts)
        power, on = consumption(batch), batch.column("on")
        dim, voltage = batch.column("dim_pct"), batch.column("voltage_v")
        parts = tuple(whole_rounds(rows, batch.ts))
        for part in parts:
            row, ts = rows[part], batch.ts[part]
            before = self.last[row]
            self.runs.advance(row, since[part], held[part], switched[part])
            if part is parts[0]:
                alone = row[self._unasked(row, ts, before, held[part])]
                if len(parts) > 1:
                    alone = alone[~np.isin(alone, rows[parts[1]])]
                # A device that reports what changes says it once.
                self.runs.count[alone] = np.maximum(self.runs.count[alone], 2)
            part = among(part, ts > self.last[row])
            row = rows[part]
            self.last[row] = batch.ts[part]
            off = doing[part] == OFF_AS_PLANNED
            draws.feed(row, power[part], self.power_w[row], off, planned[part])
            told = among(part, shown[part] != UNKNOWN)
            self.shown[rows[told]] = shown[told]
            self.power_w[row] = power[part]
            self.dim_pct[row] = dim[part]
            self.on[row] = on[part]
            self.voltage_v[row] = voltage[part]
        return Seen(doing, power, switched, parts)

    def _unasked(self, row: Codes, ts: Times, before: Times, doing: NDArray[np.int8]) -> Mask:
        """Readings that came by themselves, before they were due: until the device says otherwise
        they stand, for as long as any does."""
        soon: Mask = (ts - before < _SOON * self._every[row]) | self.on_change[row]
        soon &= (ts > before) & (doing != NOT_JUDGED)
        return soon

    def _levelled(self, rows: Codes, batch: ReadingBatch) -> ReadingBatch:
        """The batch, with the level of their plans for lamps that report none."""
        level = batch.column("dim_pct")
        missing = np.isnan(level)
        if not missing.any():
            return batch
        planned, schedule_of = np.full(len(rows), 100.0), self._schedule_of[rows]
        for code in np.unique(schedule_of).tolist():
            mine = schedule_of == code
            planned[mine] = self._schedules[code].level(batch.ts[mine])
        dimmed = missing & (planned < 100)
        columns = {**batch.columns, "dim_pct": np.where(dimmed, planned, level)}
        return replace(batch, columns=columns)

    def look(self, now: int) -> None:
        """Takes stock of what the lamps draw beside each other."""
        fresh = now - self.last <= _FRESH * self.every
        self.draws.look(now, self.power_w, self.shown == LIT, fresh)

    @property
    def every(self) -> Times:
        """Report intervals, ms; ten minutes while one is not known."""
        if self._paced:
            return self._every
        return np.where(self._every > 0, self._every, _DEFAULT_EVERY)

    @property
    def pace(self) -> Times:
        """How often something comes of each lamp, ms."""
        return np.maximum(self.every, self.bundle)

    def held(self, doing: int, hold: int, now: int) -> Mask:
        """Lamps seen doing so for ``hold`` ms, bool (n,)."""
        return self.runs.held(doing, hold, now, self.every)

    def lasting(self, rows: Rows, doing: int, hold: int, now: int) -> Mask:
        """As :meth:`held`, of some lamps alone, bool (k,)."""
        return self.runs.lasting(rows, doing, hold, now, self.every)

    def planned_now(self, now: int) -> Plan:
        """(should be lit, since when the plan says so) of each lamp, each (n,)."""
        if now not in self._planned_at:
            # Between two switching times nothing changes.
            periods = tuple(one.period(now) for one in self._schedules)
            if periods not in self._planned_in:
                _remember(self._planned_in, periods, self._plan(periods))
            _remember(self._planned_at, now, self._planned_in[periods])
        return self._planned_at[now]

    def period(self, row: int, at: int) -> tuple[int, int]:
        """The switching times of a lamp's plan around ``at`` (ms)."""
        schedule: Schedule = self._schedules[self._schedule_of[row]]
        _, since, until = schedule.period(at)
        return since, until

    def until(self, rows: Codes, ts: Times) -> Times:
        """The first switching time after each time, of the lamps ``rows``; each (n,) ms."""
        until = np.zeros(len(ts), dtype=np.int64)
        schedule_of = self._schedule_of[rows]
        for code in np.unique(schedule_of).tolist():
            mine = schedule_of == code
            until[mine] = self._schedules[code].until(ts[mine])
        return until

    def should_be_seen_lit(self, start: int, end: int, rows: Rows) -> Times:
        """For how long each of these lamps should be seen lit between two times, int64 (k,) ms:
        while its plan says so, but for the time in which it settles."""
        settle, schedule_of = self.settle[rows], self._schedule_of[rows]
        total = np.zeros(len(rows), dtype=np.int64)
        for code in np.unique(schedule_of).tolist():
            schedule, mine = self._schedules[code], schedule_of == code
            for on, off in schedule.spans(start, end):
                judged = np.maximum(on + settle[mine], start)
                total[mine] += np.maximum(min(off, end) - judged, 0)
        return total

    @property
    def settle(self) -> Times:
        """For how long after a switching time a lamp is not judged, int64 (n,) ms."""
        return np.broadcast_to(np.asarray(self._book.settle, dtype=np.int64), len(self))

    def _plan(self, periods: Sequence[Period], rows: Codes | slice = slice(None)) -> Plan:
        lit = np.array([one.lit for one in periods], dtype=bool)
        since = np.array([one.since for one in periods], dtype=np.int64)
        schedule_of = self._schedule_of[rows]
        return lit[schedule_of], since[schedule_of]

    def _night(self, rows: Codes, batch: ReadingBatch) -> Mask:
        """Where the sky is dark; nowhere if no lamp measures light."""
        night = np.zeros(len(rows), dtype=bool)
        if "lux" in batch.columns:
            schedule_of = self._schedule_of[rows]
            for code, sky in enumerate(self._skies):
                mine = np.flatnonzero(schedule_of == code)
                if len(mine):
                    night[mine] = sky.lit(batch.ts[mine])
        return night

    def _planned(self, rows: Codes, ts: Times) -> Plan:
        first, last = int(ts.min()), int(ts.max())
        periods = tuple(one.period(first) for one in self._schedules)
        if all(last < one.until for one in periods):
            return self._plan(periods, rows)
        lit = np.zeros(len(ts), dtype=bool)
        since = np.zeros(len(ts), dtype=np.int64)
        schedule_of = self._schedule_of[rows]
        for code, schedule in enumerate(self._schedules):
            mine = np.flatnonzero(schedule_of == code)
            if len(mine):
                lit[mine] = schedule.lit(ts[mine])
                since[mine] = schedule.since(ts[mine])
        return lit, since


def _schedules(
    lamps: Sequence[Streetlight], plans: dict[str, LightingPlan], timezone: str
) -> tuple[list[Schedule], NDArray[np.int32]]:
    """The schedules in use, and each lamp's."""
    codes: dict[tuple[str, str, int, int], int] = {}
    schedules: list[Schedule] = []
    schedule_of = np.zeros(len(lamps), dtype=np.int32)
    for row, lamp in enumerate(lamps):
        key = (lamp.plan, lamp.area, round(lamp.lat * _SUN_GRID), round(lamp.lon * _SUN_GRID))
        if key not in codes:
            if lamp.plan not in plans:
                raise UsageError(f"lamp {lamp.id} has the lighting plan {lamp.plan}; there is none")
            codes[key] = len(schedules)
            place = Place(key[2] / _SUN_GRID, key[3] / _SUN_GRID, timezone)
            schedules.append(Schedule(plans[lamp.plan], place, lamp.area))
        schedule_of[row] = codes[key]
    return schedules, schedule_of


def _remember(cache: dict[Any, Plan], key: object, plan: Plan) -> None:
    """Keeps the last two."""
    while len(cache) > 1:
        del cache[next(iter(cache))]
    cache[key] = plan
