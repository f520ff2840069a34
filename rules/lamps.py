"""Lamps: from what a controller sends to lit or dark, and from that and the plan to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facility.assets import Streetlight
from facility.clock import MINUTE
from facility.lighting import LightingPlan, Schedule
from facility.measurements import LAMP_FAULTS
from facility.readings import Codes, Floats, ReadingBatch, Times
from facility.sun import Place
from rules import rulebook
from rules.fleet import Mask, rounds

UNKNOWN, DARK, LIT = -1, 0, 1
"""What one reading shows of a lamp."""

NOT_JUDGED, LIT_AS_PLANNED, OFF_AS_PLANNED, UNLIT, BURNING = range(5)
"""What a lamp does, held against its plan."""

_NOT_LIT = sum(1 << LAMP_FAULTS.index(f) for f in ("lamp_failure", "gear_failure", "supply_loss"))
_DEFAULT_EVERY = 10 * MINUTE
_SUN_GRID = 10
"""Lamps within a tenth of a degree share their sun times: less than half a minute apart."""


def evidence(batch: ReadingBatch, rated_w: Floats, book: rulebook.Lamps) -> NDArray[np.int8]:
    """DARK, LIT or UNKNOWN by each reading alone, int8 (n,).

    Power speaks first: a relay said to be closed without consumption is a dark lamp (lamp failure,
    OMA LwM2M object 3416). Then what the controller reports, then the relay, then light.
    """
    power = consumption(batch)
    # A dead lamp's controller still draws a watt or two; a dimmed lamp draws little as well, down
    # to about 7 % of its rating at 10 % (domain facts), so the limit falls with the level.
    level = np.nan_to_num(batch.column("dim_pct"), nan=100.0) / 100
    least = rated_w * (0.07 + 0.69 * np.clip((level - 0.1) / 0.9, 0, 1))
    limit = np.fmax(book.dark_floor_w, book.dark_share * rated_w)
    limit = np.fmin(limit, np.fmax(1.0, 0.6 * least))
    faults = np.nan_to_num(batch.column("faults")).astype(np.int64)
    on = batch.column("on")
    lux = batch.column("lux")
    voltage = batch.column("voltage_v")
    shown = np.select(
        [
            power >= limit,
            power < limit,
            (faults & _NOT_LIT) != 0,
            on == 0,
            on == 1,
            voltage < 20,
            lux >= 5,
            lux < 1,
        ],
        [LIT, DARK, DARK, DARK, LIT, DARK, LIT, DARK],
        default=UNKNOWN,
    )
    return shown.astype(np.int8)


def consumption(batch: ReadingBatch) -> Floats:
    """Active power in W, from power or else current × voltage × power factor; NaN where unknown."""
    power = batch.column("power_w")
    if not np.isnan(power).any():
        return power
    factor = np.nan_to_num(batch.column("power_factor"), nan=1.0)
    derived = batch.column("current_a") * batch.column("voltage_v") * factor
    # With a power factor of 0 there is no telling; the apparent power still shows a load.
    return np.where(np.isnan(power), derived, power)


class Lamps:
    """What each lamp was last seen to do, held against its plan.

    A *run* is the stretch of readings over which a lamp did the same (``doing``), within one lit or
    unlit period of its plan. All arrays are (n,), in the order of the inventory.
    """

    def __init__(
        self,
        lamps: Sequence[Streetlight],
        every: Times,
        plans: dict[str, LightingPlan],
        timezone: str,
        book: rulebook.Lamps,
    ) -> None:
        self._book = book
        self._every = every
        self.rated_w = np.array([lamp.rated_w or np.nan for lamp in lamps])
        self._schedules, self._schedule_of = _schedules(lamps, plans, timezone)
        n = len(lamps)
        self.shown = np.full(n, UNKNOWN, dtype=np.int8)
        self.power_w = np.full(n, np.nan, dtype=np.float32)
        self.on = np.full(n, np.nan, dtype=np.float32)
        self.voltage_v = np.full(n, np.nan, dtype=np.float32)
        self.doing = np.zeros(n, dtype=np.int8)
        self.since = np.zeros(n, dtype=np.int64)
        self._last = np.zeros(n, dtype=np.int64)
        self._run_last = np.zeros(n, dtype=np.int64)
        self._count = np.zeros(n, dtype=np.int16)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its lamps. Repeated and older readings change no run."""
        shown = evidence(batch, self.rated_w[rows], self._book)
        lit, switched = self._planned(rows, batch.ts)
        judged = (shown != UNKNOWN) & (batch.ts - switched >= self._book.settle)
        doing = np.where(
            shown == LIT,
            np.where(lit, LIT_AS_PLANNED, BURNING),
            np.where(lit, UNLIT, OFF_AS_PLANNED),
        )
        doing = np.where(judged, doing, NOT_JUDGED).astype(np.int8)
        power, on = consumption(batch), batch.column("on")
        voltage = batch.column("voltage_v")
        for part in rounds(rows, batch.ts):
            row, ts = rows[part], batch.ts[part]
            self._advance(row, ts, doing[part], switched[part])
            newer = ts > self._last[row]
            row, part = row[newer], part[newer]
            self._last[row] = batch.ts[part]
            self.shown[row] = np.where(shown[part] == UNKNOWN, self.shown[row], shown[part])
            self.power_w[row] = power[part]
            self.on[row] = on[part]
            self.voltage_v[row] = voltage[part]

    def _advance(self, row: Codes, ts: Times, doing: NDArray[np.int8], switched: Times) -> None:
        """One round of readings: each lamp's run goes on, begins anew, or stays."""
        judged = doing != NOT_JUDGED
        # A late reading that contradicts a run from inside it: what is certain is only its end.
        contrary = judged & (ts > self.since[row]) & (ts < self._run_last[row])
        contrary &= doing != self.doing[row]
        self.since[row[contrary]] = self._run_last[row[contrary]]
        self._count[row[contrary]] = 1

        newer = judged & (ts > self._last[row])
        row, ts, doing, switched = row[newer], ts[newer], doing[newer], switched[newer]
        goes_on = (doing == self.doing[row]) & (self.since[row] >= switched)
        self._count[row] = np.where(goes_on, np.minimum(self._count[row] + 1, 1000), 1)
        self.since[row] = np.where(goes_on, self.since[row], ts)
        self.doing[row] = doing
        self._run_last[row] = ts

    def held(self, doing: int, hold: int, now: int) -> Mask:
        """Lamps seen doing so for ``hold`` ms, by two readings at least, bool (n,).

        A reading stands for half a report interval and no longer: silence adds nothing.
        """
        every = np.where(self._every > 0, self._every, _DEFAULT_EVERY)
        reach = self._run_last + np.minimum(now - self._run_last, every // 2) - self.since
        held: Mask = (self.doing == doing) & (self._count >= 2) & (reach >= hold)
        return held

    def planned_now(self, now: int) -> tuple[Mask, Times]:
        """(should be lit, since when the plan says so) of each lamp, each (n,)."""
        moment = np.array([now], dtype=np.int64)
        lit = np.array([s.lit(moment)[0] for s in self._schedules], dtype=bool)
        since = np.array([s.since(moment)[0] for s in self._schedules], dtype=np.int64)
        return lit[self._schedule_of], since[self._schedule_of]

    def _planned(self, rows: Codes, ts: Times) -> tuple[Mask, Times]:
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
    codes: dict[tuple[str, int, int], int] = {}
    schedules: list[Schedule] = []
    schedule_of = np.zeros(len(lamps), dtype=np.int32)
    for row, lamp in enumerate(lamps):
        key = (lamp.plan, round(lamp.lat * _SUN_GRID), round(lamp.lon * _SUN_GRID))
        if key not in codes:
            codes[key] = len(schedules)
            place = Place(key[1] / _SUN_GRID, key[2] / _SUN_GRID, timezone)
            schedules.append(Schedule(plans[lamp.plan], place))
        schedule_of[row] = codes[key]
    return schedules, schedule_of
