"""Lamps: plan and switching, dimming, power by rating and level, voltage, energy, noise.

A control gear's limits are those measured on real 61-65 W LED lamps: about 71 % of full power at
75 % level, 7 % at 10 %, power factor 0.90 and above, 225-243 V.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, MINUTE
from facility.lighting import Schedule, load_plans
from facility.measurements import Kind
from facility.readings import Codes, Floats, Times
from simulators import models
from simulators.faults.effects import Effect, Effects, What
from simulators.fleet import Fleet
from simulators.physics.reports import Reports, kind_stream, local_hour, local_offset, stream
from simulators.scenario import Scenario

_SWITCH_SPREAD = 6 * MINUTE
"""Lamps of a circuit do not switch at once, or the inrush would trip it."""

_PROGRAMMES = np.ones((3, 24))
_PROGRAMMES[1, [23, 0, 1, 2, 3, 4]] = 0.7
_PROGRAMMES[2, [22, 23]] = 0.75
_PROGRAMMES[2, [0, 1, 2, 3, 4]] = 0.5
"""Level by dimming programme and local hour."""

_LEVEL_EXPONENT = 1.15
_FLAGS = np.array(
    [
        "",
        ',"faults":["lamp_failure"]',
        ',"faults":["supply_loss"]',
        ',"faults":["day_burner"]',
        ',"faults":["cycling"]',
    ],
    dtype=object,
)
_NONE, _LAMP_FAILURE, _SUPPLY_LOSS, _DAY_BURNER, _CYCLING = range(len(_FLAGS))


@dataclass(frozen=True, slots=True, eq=False)
class LampState:
    """What some lamps truly do at some moments, each (n,): on is what the relay does."""

    on: NDArray[np.bool_]
    level: Floats
    power_w: Floats
    powered: NDArray[np.bool_]
    factor: Floats
    flags: NDArray[np.int8]


class Lamps:
    """All lamps of a fleet. Rows are positions in ``fleet.streetlights``."""

    def __init__(self, scenario: Scenario, fleet: Fleet, effects: Effects) -> None:
        self._seed = scenario.seed
        self._zone = scenario.zone
        self._effects = effects
        self._fleet = fleet
        plans = load_plans()
        self.schedules = [
            Schedule(plans[name], scenario.place) for name in ("all-night", "half-night")
        ]
        n = len(fleet.streetlights)
        rng = stream(scenario.seed, 2, 0)
        self._half_night = fleet.wiring.half_night
        self._dim = fleet.wiring.dim
        self._full_w = fleet.wiring.rated_w * np.clip(rng.normal(0.97, 0.02, n), 0.9, 1.04)
        self._standby_w = rng.uniform(0.15, 0.55, n)
        self._factor = rng.uniform(0.91, 0.98, n)
        self._delay = rng.integers(0, _SWITCH_SPREAD, n)
        self._volts = rng.normal(229, 3.5, n)
        self._reports_flags = rng.random(n) < 0.6
        self.energy_kwh = np.round(rng.uniform(50, 3500, n), 3)
        self._seen_at = np.zeros(n, dtype=np.int64)
        self._model = fleet.lamp_model

    def state(self, rows: Codes, ts: Times, active: list[Effect]) -> LampState:
        """What lamps do; ``ts`` (n,), ``active`` the effects that may touch them."""
        switched = ts - self._delay[rows]
        on = np.where(
            self._half_night[rows],
            self.schedules[1].lit(switched),
            self.schedules[0].lit(switched),
        )
        offset = local_offset(self._zone, int(ts[0]) // HOUR * HOUR) if len(ts) else 0
        hour = local_hour(ts, offset).astype(np.int64)
        level = _PROGRAMMES[self._dim[rows], hour]
        share = np.ones(len(rows))
        powered = np.ones(len(rows), dtype=np.bool_)
        factor = self._factor[rows]
        flags = np.zeros(len(rows), dtype=np.int8)
        for effect in active:
            hit = effect.mask(rows, ts)
            if not hit.any():
                continue
            match effect.what:
                case What.DEAD:
                    share[hit] = 0
                    flags[hit & on] = _LAMP_FAILURE
                case What.NO_SUPPLY:
                    powered[hit] = False
                    flags[hit] = _SUPPLY_LOSS
                case What.STUCK_ON:
                    flags[hit & ~on] = _DAY_BURNER
                    on = on | hit
                case What.WEAK:
                    share[hit] = effect.size
                case What.CYCLING:
                    out = (ts - effect.start) % effect.size >= effect.size / 2
                    share[hit & out] = 0
                    flags[hit & on] = _CYCLING
                case What.POOR_FACTOR:
                    factor = np.where(hit, effect.size, factor)
                case _:
                    pass
        lit_w = self._full_w[rows] * level**_LEVEL_EXPONENT * share
        power = np.where(on, lit_w, 0) + self._standby_w[rows]
        return LampState(on, level, np.where(powered, power, 0), powered, factor, flags)

    def columns(self, reports: Reports, start: int) -> dict[str, NDArray[np.generic]]:
        """The fields of the reports of the window that starts at ``start``."""
        rows, ts = reports.rows, reports.ts
        n = len(rows)
        rng = kind_stream(self._seed, Kind.STREETLIGHT, start)
        # Reports of a window may come a little after its end.
        active = self._effects.active(Kind.STREETLIGHT, start, int(ts.max(initial=start)) + 1)
        state = self.state(rows, ts, active)
        energy = self._count_energy(reports, state.power_w, active)
        hour = local_hour(ts, local_offset(self._zone, start))
        sag = 2.5 * np.cos((hour - 4) * np.pi / 12)
        volts = self._volts[rows] + sag + rng.normal(0, 0.6, n)
        volts = np.where(state.powered, volts, np.abs(rng.normal(0, 0.3, n)))
        power = state.power_w * (1 + rng.normal(0, 0.008, n))
        burning = power > 3
        # Standby draws little and almost only reactive current.
        factor = np.where(burning, state.factor + rng.normal(0, 0.006, n), 0.32)
        factor = np.clip(np.where(state.powered, factor, 0), 0, 1)
        amps = np.divide(power, volts * factor, out=np.zeros(n), where=volts * factor > 1)
        # An ammeter at the lamp's terminals does not see the controller's own supply.
        ammeter = self._model[rows] == models.AMMETER
        amps = np.where(ammeter & ~burning, rng.uniform(0, 0.0025, n), amps)
        flags = np.where(self._reports_flags[rows], state.flags, 0)
        day = np.clip(np.sin((hour - 6) / 12 * np.pi), 0, None) * 42_000
        night = np.where(burning, rng.normal(22, 2.5, n), rng.uniform(0.1, 0.5, n))
        return {
            "on": state.on,
            "dim_pct": np.where(state.on, state.level * 100, 0),
            "power_w": np.maximum(power, 0),
            "voltage_v": volts,
            "current_a": amps,
            "power_factor": factor,
            "energy_kwh": energy,
            "lux": np.maximum(day * rng.uniform(0.9, 1.1, n) + night, 0),
            "temp_c": ambient_c(hour) + np.where(burning, 14, 1) + rng.normal(0, 0.7, n),
            "faults": _FLAGS[flags],
        }

    def _count_energy(self, reports: Reports, power_w: Floats, active: list[Effect]) -> Floats:
        """Adds up each meter, report by report; what it shows at each (n,)."""
        energy = np.zeros(len(reports))
        replaced = [effect for effect in active if effect.what is What.METER_REPLACED]
        for turn in range(int(reports.turn.max(initial=-1)) + 1):
            now = np.flatnonzero(reports.turn == turn)
            rows, ts = reports.rows[now], reports.ts[now]
            passed = ts - np.where(self._seen_at[rows] > 0, self._seen_at[rows], ts)
            self.energy_kwh[rows] += power_w[now] * passed / HOUR / 1000
            for effect in replaced:
                hit = effect.mask(rows, ts) & (self._seen_at[rows] < effect.start)
                self.energy_kwh[rows[hit]] = 0
            self._seen_at[rows] = ts
            energy[now] = self.energy_kwh[rows]
        return energy


def ambient_c(hour: Floats) -> Floats:
    """Air temperature of an early autumn day."""
    return 21 + 5.5 * np.cos((hour - 15) * np.pi / 12)
