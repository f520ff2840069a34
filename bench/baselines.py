"""What a plain alarm system would do, for comparison: thresholds with a hold, and z-scores.

Both look at one device at a time, as rules in ThingsBoard or Prometheus do, and share their
signals, holds and silence rule; they differ in what they call out of line: a fixed limit, or more
than so many standard deviations from the device's own past. They are told the lighting plan, so
that plans and dusk do not decide the comparison, and are tuned as a user would who has seen their
first week: power is compared at the level that the controller sends, and lamps that send none are
not judged by it; a power factor counts from 40 % of the rating on; a circuit is low below a quarter
of its lamps' ratings, since dimming goes down to there; impacts count from 20 passes on; a z-score
has a floor of a tenth of the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facility.assets import Station
from facility.clock import DAY, HOUR, MINUTE, SECOND
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from facility.measurements import COMPACTOR_STATES, STATUS, Kind
from facility.readings import Codes, Floats, ReadingBatch
from rules.book.rulebook import Rulebook
from rules.cabinets.supply import Supply
from rules.fleet import Fleet, Mask, Rows, rounds
from rules.lamps.evidence import consumption
from rules.lamps.state import Lamps
from rules.runs import Runs

OK, BAD = 1, 2
_Z, _LEARN, _FORGET = 4.0, 20, 500
_QUIET = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of one device that came up or went away."""

    at: int
    type: str
    device: str
    up: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """A figure of a kind's readings, NaN where it does not apply, and when it is bad.

    ``high``: whether it is bad above ``limit`` or below it, for ``hold`` ms.
    """

    type: str
    kind: Kind
    value: Callable[[ReadingBatch, Lit], Floats]
    limit: float
    high: bool
    hold: int


@dataclass(frozen=True, slots=True)
class Lit:
    """Of a batch of lamps or circuits: which should be lit, which off (settled, each), and their
    ratings, those of a circuit being its lamps'."""

    lit: Mask
    off: Mask
    rated_w: Floats


def _when(mask: Mask, values: Floats) -> Floats:
    return np.where(mask, values, np.nan)


def _given(rated_w: Floats) -> Floats:
    """Ratings, NaN where nobody gave any."""
    return np.where(rated_w > 0, rated_w, np.nan)


def _power(batch: ReadingBatch, lit: Lit) -> Floats:
    """At the level that is sent: what the lamp would draw at full level, W."""
    power, dim = consumption(batch), batch.column("dim_pct")
    at_full = np.where(lit.lit & (dim > 0), power / np.maximum(dim, 10) * 100, power)
    return np.where(np.isnan(power), 50 * batch.column("on"), at_full)


def _share(batch: ReadingBatch, lit: Lit) -> Floats:
    dim = batch.column("dim_pct")
    share = consumption(batch) / (lit.rated_w * np.maximum(dim, 10) / 100)
    return _when(lit.lit & (share > 0.1), share)


def _factor(batch: ReadingBatch, lit: Lit) -> Floats:
    loaded = consumption(batch) >= 0.4 * lit.rated_w
    return _when(lit.lit & loaded, batch.column("power_factor"))


def _per_pass(batch: ReadingBatch, _: Lit) -> Floats:
    passes = batch.column("passes")
    return np.where(passes >= 20, batch.column("hits") / np.maximum(passes, 1), np.nan)


def _field(name: str) -> Callable[[ReadingBatch, Lit], Floats]:
    return lambda batch, _: batch.column(name)


def _machine(batch: ReadingBatch, _: Lit) -> Floats:
    failed = np.fmax(batch.column("fire"), batch.column("estop"))
    fault = batch.column("compactor") == COMPACTOR_STATES.index("fault")
    hot = (batch.column("motor_temp_c") > 95) | (batch.column("hydraulic_mpa") > 25)
    return np.asarray(np.fmax(failed, (fault | hot).astype(float)))


SIGNALS = (
    Signal("streetlight.unlit", Kind.STREETLIGHT, lambda b, t: _when(t.lit, _power(b, t)), 5, False,
           10 * MINUTE),
    Signal("streetlight.day_burning", Kind.STREETLIGHT, lambda b, t: _when(t.off, _power(b, t)), 10,
           True, 20 * MINUTE),
    Signal("streetlight.degraded", Kind.STREETLIGHT, _share, 0.6, False, 15 * MINUTE),
    Signal("streetlight.degraded", Kind.STREETLIGHT, _factor, 0.8, False, 15 * MINUTE),
    Signal("cabinet.lamps_lost", Kind.CABINET,
           lambda b, t: _when(t.lit, b.column("power_w") / _given(t.rated_w)), 0.25,
           False, 15 * MINUTE),
    Signal("cover.displaced", Kind.COVER, _field("tilt_deg"), 15, True, 10 * MINUTE),
    Signal("cover.rattle", Kind.COVER, _per_pass, 0.3, True, HOUR),
    Signal("cover.flooding", Kind.COVER, _field("water_m"), -0.2, True, 10 * MINUTE),
    Signal("station.odour", Kind.STATION, _field("h2s_mg_m3"), 0.06, True, 20 * MINUTE),
    Signal("station.gas_hazard", Kind.STATION, _field("h2s_mg_m3"), 10, True, 0),
    Signal("station.leachate", Kind.STATION, _field("leachate_pct"), 85, True, 5 * MINUTE),
    Signal("station.equipment", Kind.STATION, _machine, 0.5, True, 0),
)  # fmt: skip


class Baseline:
    """One of the two, over a fleet."""

    def __init__(
        self,
        inventory: Inventory,
        plans: dict[str, LightingPlan],
        timezone: str,
        book: Rulebook,
        z: bool,
    ) -> None:
        self._z = z
        self._fleet = Fleet(inventory)
        self._settle = book.lamps.settle
        span = self._fleet.span(Kind.STREETLIGHT)
        every = self._fleet.every[span]
        self._lamps = Lamps(inventory.streetlights, every, plans, timezone, book.lamps)
        self._supply = Supply(inventory, self._lamps, book.lamps.settle)
        fed = [self._supply.lamps_of(row) for row in range(len(self._supply))]
        self._first = np.array([rows[0] if len(rows) else -1 for rows in fed], dtype=np.intp)
        self._rated = np.array([np.nansum(self._lamps.draws.full_w(rows)) for rows in fed])
        cabinets = self._fleet.span(Kind.CABINET).start
        self._cabinet_of = cabinets + np.array(self._supply.cabinet, dtype=np.intp)
        n = max(len(self._fleet), len(self._supply))
        self._runs = [Runs(n) for _ in SIGNALS]
        self._count, self._mean, self._spread = (np.zeros((len(SIGNALS), n)) for _ in range(3))
        self._up = np.zeros((len(SIGNALS) + 1, n), dtype=bool)
        self._stations = {
            s.id: s for s in inventory.of_kind(Kind.STATION) if isinstance(s, Station)
        }
        self._stock: dict[str, tuple[int, float]] = {}
        self._late: dict[str, bool] = {}

    def feed(self, batch: ReadingBatch) -> None:
        """Takes a batch in."""
        rows = self._fleet.rows(batch)
        known = rows >= 0
        batch, rows = batch.take(known), rows[known]
        if batch.table == STATUS or not len(batch):
            return
        self._fleet.hear(rows, batch)
        if batch.table == Kind.CABINET:
            rows = self._supply.rows(batch)
            batch, rows = batch.take(rows >= 0), rows[rows >= 0]
        lit = self._lit(rows, batch)
        for number, signal in enumerate(SIGNALS):
            if signal.kind == batch.table:
                value = signal.value(batch, lit)
                for part in rounds(rows, batch.ts):
                    self._judge_readings(number, rows[part], batch.ts[part], value[part])
        if batch.table == Kind.STATION:
            for i, stock in enumerate(batch.column("stock_t").tolist()):
                self._stock[self._fleet.ids[rows[i]]] = int(batch.ts[i]), stock

    def _lit(self, rows: Codes, batch: ReadingBatch) -> Lit:
        nothing = np.zeros(len(rows), dtype=bool)
        if batch.table not in (Kind.STREETLIGHT, Kind.CABINET) or not len(rows):
            return Lit(nothing, nothing, np.zeros(len(rows)))
        of_circuit = batch.table == Kind.CABINET
        lamp = self._first[rows] if of_circuit else rows - self._fleet.span(Kind.STREETLIGHT).start
        rated = self._rated[rows] if of_circuit else self._lamps.draws.full_w(lamp)
        planned, since = self._lamps.planned_now(int(batch.ts.max()))
        settled = (batch.ts - since[lamp] >= self._settle) & (lamp >= 0)
        return Lit(planned[lamp] & settled, ~planned[lamp] & settled, rated)

    def _judge_readings(
        self, number: int, row: Codes, ts: NDArray[np.int64], value: Floats
    ) -> None:
        given = ~np.isnan(value)
        row, ts, value = row[given], ts[given], value[given]
        signal = SIGNALS[number]
        bad = value > signal.limit if signal.high else value < signal.limit
        if self._z:
            count, mean = self._count[number], self._mean[number]
            spread = self._spread[number]
            floor = 0.1 * np.abs(mean[row]) + 0.01
            away = (value - mean[row]) / np.maximum(np.sqrt(spread[row]), floor)
            bad = (away if signal.high else -away) > _Z
            bad &= count[row] >= _LEARN
            calm = row[~bad]
            count[calm] = np.minimum(count[calm] + 1, _FORGET)
            step = value[~bad] - mean[calm]
            mean[calm] += step / count[calm]
            spread[calm] += (step * (value[~bad] - mean[calm]) - spread[calm]) / count[calm]
        self._runs[number].advance(row, ts, np.where(bad, BAD, OK).astype(np.int8))

    def judge(self, now: int) -> Iterator[Alarm]:
        """The alarms that come up or go away at ``now``."""
        every = np.maximum(self._fleet.every, MINUTE)
        everyone = np.arange(len(every))
        for number, signal in enumerate(SIGNALS):
            runs, up = self._runs[number], self._up[number]
            of = self._cabinet_of if signal.kind == Kind.CABINET else everyone
            paced = np.full(len(up), MINUTE)
            paced[: len(of)] = every[of]
            raised = runs.held(BAD, signal.hold, now, paced, 1 if signal.hold == 0 else 2) & ~up
            ended = runs.held(OK, _QUIET, now, paced) & up
            yield from self._change(now, signal.type, up, raised, ended, of)
        heard = self._fleet.heard
        silent = (heard > 0) & (now - heard > 3.25 * every)
        up = self._up[-1][: len(every)]
        yield from self._change(now, "device.silent", up, silent & ~up, ~silent & up, everyone)
        yield from self._backlogs(now)

    def _change(
        self, now: int, type_: str, up: Mask, raised: Mask, ended: Mask, device_of: Rows
    ) -> Iterator[Alarm]:
        for rows, state in ((raised, True), (ended, False)):
            for row in np.flatnonzero(rows).tolist():
                up[row] = state
                yield Alarm(now, type_, self._fleet.ids[device_of[row]], state)

    def _backlogs(self, now: int) -> Iterator[Alarm]:
        """Stock left an interval after the time by which a station must be cleared."""
        for name, (_, stock) in self._stock.items():
            local = (now + 8 * HOUR) % DAY
            by = (self._stations[name].clear_by_ms + 5 * 60 * SECOND) % DAY
            late = self._late.get(name, False)
            if not late and by <= local < by + MINUTE and stock > 1:
                self._late[name] = True
                yield Alarm(now, "station.backlog", name, True)
            elif late and stock < 1:
                self._late[name] = False
                yield Alarm(now, "station.backlog", name, False)
