"""Streets of a foreign fleet: segments of 2 to 60 lamps, what they are and what they draw.

Each segment is of one model and one make of controller. Assumed of lamps: LED drivers draw what the
level asks for whatever the voltage, and 1–8 W while they stand by; sodium lamps draw as the voltage
to the power of 1.6, warm up for minutes and are not dimmed. Dimming may be told or not, by a
programme of the segment, of every second lamp, or by the traffic. Switching is up to 10 min off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as count_from

import numpy as np
from numpy.typing import NDArray

from bench.foreign.roads import Road
from bench.foreign.sky import daylight_lx, height_deg
from bench.foreign.world import INTERVALS, Device, World
from facility.assets import Streetlight
from facility.clock import HOUR, MINUTE
from facility.lighting import LightingPlan
from facility.readings import Floats, Times

Mask = NDArray[np.bool_]
LAT, LON, ZONE_H = 34.78, 113.69, 8
PLANS = {
    "all-night": LightingPlan("all-night", "", 1, (("sunset", "sunrise"),)),
    "half-night": LightingPlan("half-night", "", 1, (("sunset", "00:00"), ("05:00", "sunrise"))),
    "holiday": LightingPlan("holiday", "", 1, (("sunset+20", "02:30"),)),
}
SENDS = {
    "full": ("on", "dim_pct", "power_w", "voltage_v", "current_a", "power_factor"),
    "meter": ("on", "power_w", "voltage_v"),
    "volt-amperes": ("voltage_v", "current_a"),
    "watts": ("power_w",),
    "relay": ("on",),
    "light": ("lux",),
    "own word": ("faults",),
    "on change": ("on", "power_w"),
}
"""What the makes of controller send."""

LENGTHS = (2, 4, 7, 12, 20, 35, 60)
"""Lamps of a segment."""

BLIND = ("relay",)
"""Those that cannot tell a dead lamp."""

LAMP_FAILURE, DAY_BURNER = 1.0, 16.0
"""Bits of ``faults`` (contract, section 1)."""


@dataclass(slots=True)
class Street:
    """A segment; arrays are (lamps, minutes) or (minutes,) of the run."""

    name: str
    make: str
    sodium: bool
    plan: str
    dims: str
    circuit: str
    cabinet: str | None
    gateway: str | None
    every_s: int
    devices: list[Device]
    nominal_w: Floats
    standby_w: float
    planned: Mask
    relay: Mask
    level: Floats
    heard: Mask
    shining: Mask = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    watts: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def ids(self) -> list[str]:
        return [device.asset.id for device in self.devices]


def grid(world: World) -> Times:
    """The minutes of a run, ms."""
    return np.arange(world.start, world.end, MINUTE)


def planned(world: World, plan: str) -> Mask:
    """Whether a plan says lit, by minute."""
    ts = grid(world)
    local = (ts // MINUTE + ZONE_H * 60) % 1440
    night = height_deg(ts, LAT, LON) < -0.833
    if plan == "half-night":
        return night & (local >= 300)
    if plan == "holiday":
        dusk = height_deg(ts - 20 * MINUTE, LAT, LON) < -0.833
        return night & dusk & ((local >= 720) | (local < 150))
    return night


def build(world: World, lamps: int, roads: Sequence[Road] = ()) -> list[Street]:
    """Draws so many lamps, along real roads from one of them on where there are some."""
    streets: list[Street] = []
    made, number = 0, 0
    stretches = _stretches(world, roads)
    while made < lamps:
        number += 1
        made += _circuit(world, number, streets, stretches)
    return streets


def _stretches(world: World, roads: Sequence[Road]) -> Iterator[Road]:
    """Where lamps stand, a segment each, without end."""
    rng = world.rng
    start = int(rng.integers(len(roads))) if roads else 0
    for number in count_from(start):
        if roads:
            yield roads[number % len(roads)]
            continue
        many = int(rng.choice(LENGTHS, p=(0.15, 0.15, 0.2, 0.2, 0.15, 0.1, 0.05)))
        yield Road(np.full(many, LON), np.full(many, LAT), np.cumsum(rng.integers(1, 8, many)))


def _circuit(world: World, number: int, streets: list[Street], stretches: Iterator[Road]) -> int:
    """Draws the segments of one circuit; how many lamps they have."""
    rng, made = world.rng, 0
    cabinet = f"F-CAB-{number // 3}" if rng.random() < 0.8 else None
    make = str(rng.choice(list(SENDS), p=(0.3, 0.15, 0.1, 0.1, 0.1, 0.1, 0.05, 0.1)))
    every_s = int(rng.choice(INTERVALS))
    gateway = f"F-GW-{number}" if rng.random() < 0.7 else None
    sodium = bool(rng.random() < 0.25)
    plan = str(rng.choice(list(PLANS), p=(0.6, 0.25, 0.15)))
    swing = _voltage(world)
    for part in range(int(rng.integers(1, 4))):
        road = next(stretches)
        count = len(road.seq)
        dims = "none" if sodium else str(rng.choice(("none", "steps", "alternate", "traffic")))
        name = f"F{number}-{part}"
        circuit = f"F-C{number}"
        nominal = float(rng.choice((30, 45, 60, 90, 150, 250)))
        rated = _rated(world, nominal, count)
        street = Street(
            name, make, sodium, plan, dims, circuit, cabinet, gateway, every_s, [],
            nominal * rng.normal(1, 0.03, count), float(rng.uniform(0.3, 8)),
            *_shine(world, plan, dims, count), np.ones((count, world.days * 1440), dtype=bool),
        )  # fmt: skip
        street.shining = street.relay.copy()
        street.watts = _draw(street, swing)
        told = rng.random() < 0.8
        for i in range(count):
            asset = Streetlight(
                id=f"{name}.{i:02}", name="", area="410105", lon=float(road.lon[i]),
                lat=float(road.lat[i]), segment=name, seq=int(road.seq[i]), circuit=circuit,
                cabinet=cabinet, gateway=gateway, plan=plan, rated_w=rated[i],
                report_every_s=_told_every(make, every_s, told),
            )  # fmt: skip
            street.devices.append(world.device(asset, every_s))
        streets.append(street)
        made += count
    return made


def _told_every(make: str, every_s: int, told: bool) -> int | None:
    if make == "on change":
        return 3600 if told else None
    return every_s if told else None


def _rated(world: World, nominal: float, count: int) -> list[float | None]:
    """What the inventory says of the lamps' power: right, missing, or wrong by up to a fifth."""
    chance = world.rng.random()
    if chance < 0.2:
        return [None] * count
    if chance < 0.35:
        return [nominal * float(world.rng.uniform(0.8, 1.2))] * count
    if chance < 0.5:
        return [nominal * float(off) for off in world.rng.uniform(0.8, 1.2, count)]
    return [nominal] * count


def _voltage(world: World) -> Floats:
    """A circuit's voltage as a share of 230 V, by minute: within ±12 %, low in the evening."""
    rng, n = world.rng, world.days * 1440
    hours = np.arange(n) / 60
    depth, walk = rng.uniform(0, 0.06), np.cumsum(rng.normal(0, 0.004, n // 15 + 2))
    walk -= np.linspace(0, walk[-1], len(walk))
    drift = np.interp(np.arange(n), np.arange(len(walk)) * 15, walk)
    return np.clip(1 - depth * np.cos(2 * np.pi * (hours - 7) / 24) + drift, 0.88, 1.12)


def _shine(world: World, plan: str, dims: str, count: int) -> tuple[Mask, Mask, Floats]:
    """(planned, lit, level) of a segment whose switching is some minutes off its plan."""
    rng = world.rng
    says = planned(world, plan)
    shift = int(rng.integers(-2, 11))
    lit = np.tile(np.roll(says, shift), (count, 1))
    local = (np.arange(says.size) + 12 * 60) / 60 % 24
    level = np.ones((count, says.size))
    if dims in ("steps", "alternate"):
        low, deep = rng.uniform(0.4, 0.8), rng.uniform(0.1, 0.5)
        programme = np.where((local >= 22) | (local < 6), low, 1.0)
        programme = np.where((local >= 1) & (local < 4.5), min(low, deep), programme)
        level[:: 2 if dims == "alternate" else 1] = programme
    if dims == "traffic":
        busy = rng.uniform(0.35, 1.0, says.size // 15 + 1)
        level[:] = np.repeat(busy, 15)[: says.size]
    return says, lit, level


def _draw(street: Street, swing: Floats) -> Floats:
    """What each lamp draws by minute while nothing is wrong, W."""
    lit = street.relay
    street.standby_w = idle = min(street.standby_w, 0.13 * float(street.nominal_w.mean()))
    if street.sodium:
        minutes = np.arange(lit.shape[1])
        since = minutes - np.maximum.accumulate(np.where(lit[0], 0, minutes))
        power = street.nominal_w[:, None] * swing**1.6 * (1 - 0.7 * np.exp(-since / 2.5))
    else:
        power = idle + (street.nominal_w[:, None] - idle) * street.level**1.15
    return np.where(lit, power, idle)


def tell(world: World, street: Street) -> None:
    """Sends the readings of all lamps of a segment."""
    daylight = 0.3 * daylight_lx(height_deg(grid(world), LAT, LON))
    for i, device in enumerate(street.devices):
        at = np.minimum((device.ts - world.start) // MINUTE, len(daylight) - 1)
        columns = _columns(world, street, i, at)
        columns["lux"] = np.round(columns["lux"] + daylight[at], 1)
        heard = street.heard[i, at]
        if street.make == "on change":
            heard = heard & _changed(device, columns)
        world.send(device, {name: columns[name] for name in SENDS[street.make]}, heard=heard)


def _changed(device: Device, columns: dict[str, Floats]) -> Mask:
    """Where a device that reports changes, and besides every hour, does report."""
    power, on = columns["power_w"], columns["on"]
    sent = np.zeros(len(power), dtype=bool)
    last = 0
    for k in range(len(power)):
        if (
            k == 0
            or device.ts[k] - device.ts[last] >= HOUR - device.every // 2
            or on[k] != on[last]
            or abs(power[k] - power[last]) > max(3.0, 0.2 * power[last])
        ):
            sent[k], last = True, k
    return sent


def _columns(world: World, street: Street, i: int, at: NDArray[np.int64]) -> dict[str, Floats]:
    """What a lamp measures at the given minutes; ``lux`` is its own light and its neighbours'."""
    rng, n = world.rng, len(at)
    true, shining = street.watts[i, at], street.shining[i, at]
    fed = true > 0
    volts = np.where(fed, np.round(230 * rng.normal(1, 0.01, n), 1), 0.0)
    # The filter of a driver draws reactive power whether it shines or not.
    apparent = np.where(fed, np.hypot(true, 0.03 * street.nominal_w[i] + 3.0), 0.0)
    own = 14.0 * np.where(shining, true / street.nominal_w[i], 0.0)
    level = np.where(street.relay[i, at], np.round(100 * street.level[i, at]), 0.0)
    failed = street.planned[at] & ~shining
    return {
        "on": street.relay[i, at].astype(float),
        "dim_pct": level,
        "power_w": np.round(np.maximum(true * rng.normal(1, 0.008, n), 0), 1),
        "voltage_v": volts,
        "current_a": np.round(np.divide(apparent, volts, out=np.zeros(n), where=fed), 3),
        "power_factor": np.round(np.divide(true, apparent, out=np.full(n, np.nan), where=fed), 2),
        "lux": own + rng.uniform(0.0, 0.6, n),
        "faults": LAMP_FAILURE * failed + DAY_BURNER * (shining & ~street.planned[at]),
    }
