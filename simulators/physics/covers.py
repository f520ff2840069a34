"""Covers: traffic by hour and class of road, impacts and vibration, tilt, water.

No published threshold for rattle exists; each cover has an impact share of its own, higher on a
rough road, so only the change against its own normal tells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, HOUR
from facility.measurements import Kind
from facility.readings import Floats
from simulators import models
from simulators.faults.effects import Effect, Effects, What
from simulators.fleet import Fleet
from simulators.physics.bursts import waveforms
from simulators.physics.lamps import ambient_c
from simulators.physics.reports import Reports, kind_stream, local_hour, local_offset, stream
from simulators.scenario import Scenario

_WHEELS_PER_HOUR = {"main": 130.0, "secondary": 75.0, "branch": 24.0, "pavement": 5.0}
_BY_HOUR = np.array(
    [
        *(0.12, 0.07, 0.05, 0.05, 0.08, 0.25, 0.6, 1.3, 1.5, 1.2, 1.05, 1.05),
        *(1.0, 1.0, 1.05, 1.1, 1.3, 1.55, 1.4, 1.05, 0.85, 0.65, 0.42, 0.24),
    ]
)
"""Traffic of an hour against the day's busy mean."""

ROUGH_SHARE = 0.07
BURST_SHARE = 0.15
"""Of the reports of a sensor that captures waveforms; each takes more room than all the rest."""

_LORRIES_HIT_MORE = 0.1
"""What lorries add to the share of passes that hit a sound cover, at most."""

_WATER_STEP = 0.25
"""Water rises to where it ends in this share of a flooding's time."""


class Covers:
    """All covers of a fleet. Rows are positions in ``fleet.covers.assets``."""

    def __init__(self, scenario: Scenario, fleet: Fleet, effects: Effects) -> None:
        self._seed = scenario.seed
        self._zone = scenario.zone
        self._effects = effects
        n = len(fleet.covers.assets)
        rng = stream(scenario.seed, 4, 0)
        classes = [asset.road_class or "" for asset in fleet.covers.assets]
        self.wheels = np.array([_WHEELS_PER_HOUR[name] for name in classes]) * rng.uniform(
            0.5, 1.6, n
        )
        self.rough = rng.random(n) < ROUGH_SHARE
        self.normal = np.where(self.rough, rng.uniform(0.14, 0.26, n), rng.beta(3, 70, n))
        self._rms = np.where(self.rough, 0.75, 0.28) * rng.lognormal(0, 0.25, n)
        self._kurtosis = np.where(self.rough, 5.5, 3.4) * rng.uniform(0.9, 1.1, n)
        self._tilt = np.abs(rng.normal(0.7, 0.5, n))
        self.depth_m = rng.uniform(-3.2, -1.2, n)
        self._battery = rng.uniform(45, 99, n)
        self._model = fleet.covers.model

    def columns(self, reports: Reports, start: int) -> dict[str, NDArray[np.generic]]:
        """The fields of the reports of the window that starts at ``start``."""
        rows, ts = reports.rows, reports.ts
        n = len(rows)
        rng = kind_stream(self._seed, Kind.COVER, start)
        active = self._effects.active(Kind.COVER, start, int(ts.max(initial=start)) + 1)
        offset = local_offset(self._zone, start)
        hour = local_hour(ts, offset)
        tilt = self._tilt[rows] + rng.normal(0, 0.12, n)
        wheels = self.wheels[rows] * _traffic(hour)
        hit_share = self.normal[rows].copy()
        loud = np.ones(n)
        heavy = np.ones(n)
        on_it = np.zeros(n, dtype=bool)
        water = self.depth_m[rows] + 0.05 * np.sin(hour / 24 * 2 * np.pi)
        for effect in active:
            hit = effect.mask(rows, ts)
            match effect.what:
                case What.TILTED | What.WHEEL:
                    tilt = np.where(hit, effect.size + rng.normal(0, 0.3, n), tilt)
                    on_it |= hit & (effect.what is What.WHEEL)
                case What.RATTLES:
                    hit_share = np.where(hit, hit_share + effect.size, hit_share)
                    loud = np.where(hit, 1.9, loud)
                case What.LORRIES:
                    more = np.minimum((effect.size - 1) * hit_share, _LORRIES_HIT_MORE)
                    hit_share = np.where(hit, hit_share + more, hit_share)
                    heavy = np.where(hit, 1.2, heavy)
                case What.TRAFFIC:
                    wheels = np.where(hit, wheels * effect.size, wheels)
                case What.WATER_RISES:
                    share = rise_share(effect, ts)
                    water = np.where(hit, water + (effect.size - water) * share, water)
                case _:
                    pass
        passes = rng.poisson(wheels * (ts - reports.since) / HOUR)
        passes = np.where(on_it, np.maximum(passes, 1), passes)
        hits = rng.binomial(passes, np.clip(hit_share, 0, 0.98))
        # Over many wheels the mean settles; a few say less.
        few = 1 / np.sqrt(np.maximum(passes, 1))
        rms = self._rms[rows] * loud * heavy * rng.lognormal(0, 0.04 + 0.25 * few, n)
        peak = rms * (4.2 + 1.1 * loud) * rng.lognormal(0, 0.06 + 0.3 * few, n)
        kurtosis = self._kurtosis[rows] * loud**1.4 * rng.lognormal(0, 0.05 + 0.3 * few, n)
        heard = rng.random(n) < BURST_SHARE
        heard &= (hits > 0) & (self._model[rows] == models.ACOUSTIC)
        bursts = np.full(n, "", dtype=object)
        told = waveforms(peak[heard], loud[heard] > 1, rng)
        bursts[heard] = [f',"burst":{burst}' for burst in told]
        battery = self._battery[rows] - ((ts // DAY) % 90) / 9
        return {
            "tilt_deg": np.clip(np.abs(tilt), 0, 180),
            "passes": passes,
            "hits": hits,
            "vib_rms_g": np.clip(rms, 0, 200),
            "vib_peak_g": np.clip(peak, 0, 400),
            "kurtosis": np.maximum(kurtosis, 0),
            "water_m": water + rng.normal(0, 0.008, n),
            "battery_pct": np.clip(battery, 5, 100),
            "burst": bursts,
            "temp_c": ambient_c(hour) + rng.normal(0, 0.5, n),
        }

    def counts_impacts(self) -> NDArray[np.bool_]:
        """Whether each cover's model sends impacts, bool (n,)."""
        sends = np.array(["hits" in model.fields for model in models.COVERS])
        return np.asarray(sends[self._model])

    def sees_water(self) -> NDArray[np.bool_]:
        """Whether each cover's model sends the water level, bool (n,)."""
        sends = np.array(["water_m" in model.fields for model in models.COVERS])
        return np.asarray(sends[self._model])


def _traffic(hour: Floats) -> Floats:
    """Traffic at a local time of day, between the hours' values."""
    return np.asarray(np.interp(hour, np.arange(25), np.append(_BY_HOUR, _BY_HOUR[0])))


def rise_share(effect: Effect, ts: NDArray[np.int64]) -> Floats:
    """How far, 0 to 1, water has risen: fast in the first quarter, still a little after."""
    passed = (ts - effect.start) / (effect.end - effect.start)
    return np.asarray(np.clip(passed / _WATER_STEP, 0, 0.96 + 0.04 * np.clip(passed, 0, 1)))
