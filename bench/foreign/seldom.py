"""What of a foreign fleet is heard seldom, or much of it at once.

Concentrators measure every five minutes and send once an hour, one lamp's bundle after the other
within a minute or two. Cabinets feed lamps that no inventory has, report every five minutes to
every hour, and are dimmed at the same hour each night; on a later night some of their lamps are
lost. Drawn after everything else, so that what was drawn before stays as it was.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.foreign.sky import height_deg
from bench.foreign.streets import LAT, LON
from bench.foreign.world import World
from facility.assets import Cabinet, Streetlight
from facility.clock import HOUR, MINUTE, SECOND
from facility.readings import Floats, Times

_SETTLED = 16 * MINUTE
_NIGHTS = 3
"""Nights that a cabinet's own past is learned in before anything is lost of it."""


class Seldom:
    """Concentrators and bare cabinets, so many of each."""

    def __init__(self, world: World, concentrators: int, cabinets: int) -> None:
        self._world = world
        for number in range(concentrators):
            self._concentrator(number)
        for number in range(cabinets):
            self._cabinet(number)

    def _lit(self, ts: Times, shift: int) -> NDArray[np.bool_]:
        return height_deg(ts - shift * MINUTE, LAT, LON) < -0.833

    def _dusk(self, night: int) -> int:
        """When a night begins, ms."""
        minutes = self._world.at(night, 13) + np.arange(0, 12 * HOUR, MINUTE)
        return int(minutes[np.argmax(self._lit(minutes, 0))])

    def _concentrator(self, number: int) -> None:
        """A segment that goes dark one night, and a lamp of it that does another."""
        world, rng = self._world, self._world.rng
        told = (300, 3600, None)[number % 3]
        many, watts = int(rng.integers(6, 14)), float(rng.choice((45, 90, 150)))
        name, shift = f"F-B{number}", int(rng.integers(0, 6))
        dark: list[tuple[int, int, list[int]]] = []
        for night, rows in enumerate((list(range(many)), [int(rng.integers(many))])):
            start = self._dusk(night + 1) + int(rng.uniform(0.3, 2) * HOUR)
            dark.append((start, start + int(rng.uniform(3, 5) * HOUR), rows))
        for i in range(many):
            asset = Streetlight(
                id=f"{name}.{i:02}", name="", area="410105", lon=LON, lat=LAT, segment=name, seq=i,
                circuit=f"{name}-C", cabinet=None, gateway=f"{name}-G", plan="all-night",
                rated_w=watts, report_every_s=told,
            )  # fmt: skip
            device = world.device(asset, 300)
            device.skew, device.bundle = 0, HOUR
            lit = self._lit(device.ts, shift)
            for start, end, rows in dark:
                if i in rows:
                    lit &= ~((device.ts >= start) & (device.ts < end))
            power: Floats = np.where(lit, watts * rng.normal(0.97, 0.01, len(lit)), 0.8)
            world.send(device, {"power_w": np.round(power, 1)})
        for start, end, rows in dark:
            ids = [f"{name}.{i:02}" for i in rows]
            visible = max(start, self._dusk_of(start) + _SETTLED)
            if len(rows) > 1:
                subject = f"segment:{name}"
                world.fault("streetlight.segment_unlit", subject, visible, end, "bundle", (), ids)
            else:
                world.fault("streetlight.unlit", f"streetlight:{ids[0]}", visible, end, "bundle")

    def _dusk_of(self, at: int) -> int:
        nights = [self._dusk(night) for night in range(self._world.days)]
        return max(dusk for dusk in nights if dusk <= at)

    def _cabinet(self, number: int) -> None:
        world, rng = self._world, self._world.rng
        every_s = (300, 900, 3600)[number % 3]
        asset = Cabinet(
            id=f"F-BARE-{number}", name="", area="410105", lon=LON, lat=LAT, circuits=(),
            report_every_s=every_s,
        )  # fmt: skip
        device = world.device(asset, every_s)
        device.skew = 0
        many, watts = int(rng.integers(14, 24)), 120.0
        on = np.array([self._lit(device.ts, int(s)) for s in rng.integers(-4, 9, many)])
        hours = (device.ts // MINUTE + 8 * 60) % 1440 / 60
        level = np.where((hours >= 23) | (hours < 5), rng.uniform(0.5, 0.8), 1.0)
        drawn: Floats = np.asarray(on * watts * level, dtype=np.float64)
        if world.days > _NIGHTS:
            start = self._dusk(_NIGHTS) + int(rng.uniform(0.7, 1.5) * HOUR)
            end = start + 5 * HOUR + 4 * every_s * SECOND
            lost = (device.ts >= start) & (device.ts < end)
            drawn[: many // 4] *= ~lost
            kind, subject = "cabinet.lamps_lost", f"cabinet:{asset.id}"
            world.fault(kind, subject, start, end, f"bare {every_s}")
        total: Floats = drawn.sum(axis=0) * rng.normal(1.02, 0.004, len(device.ts)) + 20
        world.send(device, {"power_w": np.round(total, 1)})
