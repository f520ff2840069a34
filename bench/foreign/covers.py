"""Covers of a foreign fleet: quiet lanes and lorry routes.

Passes come in lognormal bursts; lorries, up to half of the wheels at night, strike a sound cover
more often than cars do; hits are overdispersed (beta-binomial). The normal share of hits is by type
of cover and by cover. A rattling cover is struck by every wheel more often. Half of the sensors
send no vibration, and where they do it varies by a quarter from report to report.
"""

from __future__ import annotations

import numpy as np

from bench.foreign.world import Device, World, first_report, missed_from
from facility.assets import Cover, CoverType
from facility.clock import HOUR, MINUTE
from facility.readings import Floats

_HOURLY = np.array(
    [2, 1, 1, 1, 1, 2, 4, 8, 9, 7, 6, 6, 6, 6, 6, 7, 8, 9, 8, 6, 5, 4, 3, 3], dtype=float
) / 120  # fmt: skip
_BASE = {"sewage": 0.05, "water": 0.02, "storm": 0.09, "telecom": 0.03, "gas": 0.01, "heat": 0.15}


class Covers:
    """So many covers; each has one fault, or one thing that only looks like it, at most."""

    def __init__(self, world: World, count: int) -> None:
        for number in range(count):
            self._cover(world, number)

    def _cover(self, world: World, number: int) -> None:
        rng = world.rng
        kind = str(rng.choice(list(_BASE)))
        every_s = int(rng.choice((600, 900, 1800, 3600)))
        asset = Cover(
            id=f"F-MC-{number}", name="", area="410105", lon=113.7, lat=34.8,
            cover_type=CoverType(kind), road_class=str(rng.choice(("main", "branch", ""))) or None,
            report_every_s=every_s if rng.random() < 0.8 else None,
        )  # fmt: skip
        device = world.device(asset, every_s)
        what = str(
            rng.choice(
                ("", "rattle", "displaced", "flood", "dead", "detour", "lorry", "storm", "full"),
                p=(0.3, 0.14, 0.1, 0.1, 0.06, 0.08, 0.08, 0.08, 0.06),
            )
        )
        columns = self._traffic(world, device, kind, what)
        columns |= self._tilt(world, device, what, columns["passes"])
        if rng.random() < 0.6 or what in ("flood", "storm", "full"):
            columns["water_m"] = self._water(world, device, what)
        columns["battery_pct"] = np.linspace(95, 60, len(device.ts))
        heard = None
        if what == "dead" and asset.report_every_s:
            start = world.start + int(rng.uniform(6, 60) * HOUR)
            heard = device.ts < start
            columns["battery_pct"] = np.maximum(0, (start - device.ts) / HOUR / 3)
            visible = missed_from(device, start)
            world.fault("device.silent", f"cover:{asset.id}", visible, world.end, "battery")
        world.send(device, columns, heard=heard)

    def _traffic(self, world: World, device: Device, kind: str, what: str) -> dict[str, Floats]:
        rng, ts = world.rng, device.ts
        hour = ((ts // MINUTE + 480) % 1440) / 60
        daily = float(np.exp(rng.normal(6.5, 1.5)))
        if what == "rattle":
            daily = max(daily, 600.0)
        share = _HOURLY[hour.astype(int)] * device.every / HOUR
        mean = daily * share * np.exp(rng.normal(-0.18, 0.6, len(ts)))
        if what == "detour":
            begin = world.start + int(rng.uniform(20, 50) * HOUR)
            mean = np.where((ts >= begin) & (ts < begin + 20 * HOUR), 5 * mean, mean)
        passes = rng.poisson(mean).astype(float)
        night = (hour >= 22) | (hour < 6)
        lorries = np.where(night, rng.uniform(0.1, 0.5), rng.uniform(0.02, 0.15))
        lorries = lorries * np.exp(rng.normal(0, 0.3, len(ts)))
        base = _BASE[kind] * float(np.exp(rng.normal(0, 0.4)))
        heavy = np.clip(lorries, 0, 0.8)
        strike = base + heavy * (min(2.5 * base + 0.05, 0.5) - base)
        loud = np.zeros(len(ts), dtype=bool)
        if what == "rattle":
            start = world.start + int(rng.uniform(14, 24 * (world.days - 1.5)) * HOUR)
            end = start + int(rng.uniform(26, 60) * HOUR)
            loud = (ts >= start) & (ts < end)
            strike = strike + np.where(loud, rng.uniform(0.3, 0.55), 0)
            world.fault("cover.rattle", f"cover:{device.asset.id}", start, end, f"{daily:.0f}/day")
        strike = np.clip(strike, 0.001, 0.9)
        drawn = rng.beta(40 * strike, 40 * (1 - strike))
        columns = {"passes": passes, "hits": rng.binomial(passes.astype(int), drawn).astype(float)}
        if rng.random() < 0.5:
            idle = passes == 0
            grown = np.where(loud, rng.uniform(1.3, 2.5), 1.0)
            for name, usual, power in (
                ("vib_rms_g", rng.uniform(0.05, 0.6), 1.0),
                ("vib_peak_g", rng.uniform(1, 6), 1.2),
                ("kurtosis", rng.uniform(3.5, 9), 0.5),
            ):
                value = usual * grown**power * np.exp(rng.normal(0, 0.25, len(ts)))
                columns[name] = np.where(idle, np.nan, np.round(value, 3))
        return columns

    def _tilt(self, world: World, device: Device, what: str, passes: Floats) -> dict[str, Floats]:
        rng, ts = world.rng, device.ts
        tilt = np.abs(rng.uniform(0, 4) + rng.normal(0, 0.4, len(ts)))
        if what == "lorry":
            struck = rng.random(len(ts)) < 0.01
            struck[1:] &= ~struck[:-1]
            struck &= passes > 0
            tilt = np.where(struck, rng.uniform(16, 40, len(ts)), tilt)
        if what == "displaced":
            start = world.start + int(rng.uniform(3, 24 * (world.days - 1)) * HOUR)
            end = start + int(rng.uniform(4, 20) * HOUR)
            lies = (ts >= start) & (ts < end)
            tilt = np.where(lies, rng.uniform(18, 80) + rng.normal(0, 0.8, len(ts)), tilt)
            subject = f"cover:{device.asset.id}"
            world.fault("cover.displaced", subject, first_report(device, start), end, "displaced")
        return {"tilt_deg": np.round(np.clip(tilt, 0, 180), 1)}

    def _water(self, world: World, device: Device, what: str) -> Floats:
        rng, ts = world.rng, device.ts
        rest = -rng.uniform(0.8, 3.0)
        level = rest + rng.normal(0, 0.01, len(ts)) + 0.04 * np.sin(ts / HOUR / 2)
        if what == "full":
            return np.round(level - rest - rng.uniform(0.08, 0.18), 3)
        if what in ("flood", "storm"):
            start = world.start + int(rng.uniform(3, 24 * (world.days - 1)) * HOUR)
            top = rng.uniform(-0.12, 0.25) if what == "flood" else rng.uniform(-0.6, -0.3)
            rise, stay, fall = (int(x * HOUR) for x in (rng.uniform(0.7, 3), rng.uniform(2, 6), 4))
            when = [start, start + rise, start + rise + stay, start + rise + stay + fall]
            level = level + np.interp(ts, when, [0, top - rest, top - rest, 0])
            over = ts[level >= -0.2]
            if what == "flood" and len(over):
                subject = f"cover:{device.asset.id}"
                world.fault("cover.flooding", subject, int(over[0]), int(over[-1]), "flood")
        return np.round(level, 3)
