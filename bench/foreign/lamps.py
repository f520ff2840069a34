"""What goes wrong with the lamps of a foreign fleet, and what its cabinets measure of it.

A dead LED lamp draws what its driver draws without a load, a dead segment nothing; one that nobody
switched on stands by. A stuck relay burns at full level. Weak is 45 % of the power that the level
asks for. What a make of controller cannot tell is no fault of the truth.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from bench.foreign.streets import BLIND, SENDS, Street, tell
from bench.foreign.world import INTERVALS, World, missed_from
from facility.assets import Cabinet
from facility.clock import HOUR, MINUTE, SECOND

SETTLED = 16 * MINUTE
UNLIT, SEGMENT = "streetlight.unlit", "streetlight.segment_unlit"


class Lamps:
    """The streets of a run and what goes wrong in them; each lamp has one fault at most."""

    def __init__(self, world: World, streets: list[Street]) -> None:
        self._world = world
        self._rng = world.rng
        self._streets = streets
        self._calm: set[str] = set()
        """circuits in which something goes wrong already"""

    def spoil(self) -> None:
        """Draws faults for every night and day, then sends everything."""
        for night in range(self._world.days):
            for _ in range(4):
                self._dead_lamp(night)
            for _ in range(2):
                self._dark_segment(night)
                self._burning(night)
                self._weak(night)
                self._silent_lamp(night)
            self._dark_neighbours(night)
            self._dark_circuit(night)
            self._lost_gateway(night)
            self._kept_back(night)
            if night >= 3:
                self._lost_lamps(night)
        for street in self._streets:
            tell(self._world, street)
        self._cabinets()

    # --- when and where

    def _street(self, *, least: int = 1, makes: tuple[str, ...] = ()) -> Street | None:
        fit = [
            street
            for street in self._streets
            if street.circuit not in self._calm
            and len(street.devices) >= least
            and (street.make in makes if makes else street.make not in BLIND)
        ]
        if not fit:
            return None
        street = fit[int(self._rng.integers(len(fit)))]
        self._calm.add(street.circuit)
        return street

    def _window(self, street: Street, night: int, lit: bool = True) -> tuple[int, int, int] | None:
        """(start, visible, end) of a fault, seen for long enough in a lit or unlit period."""
        world, rng = self._world, self._rng
        slow = HOUR if street.make == "on change" else street.every_s * SECOND
        need = max(50 * MINUTE, 5 * slow)
        start = world.at(night, 12.5) + int(rng.integers(0, 22 * HOUR))
        periods = [p for p in self._periods(street, lit) if p[1] > start]
        if not periods:
            return None
        begin, finish = periods[0]
        visible = max(start, begin + SETTLED)
        if finish - visible < need:
            return None
        if rng.random() < 0.4:
            end = visible + need + int(rng.integers(0, max(1, finish - visible - need)))
        else:
            end = world.at(night, 12) + int(rng.uniform(20, 29) * HOUR)
        return start, visible, max(end, visible + need)

    def _periods(self, street: Street, lit: bool) -> list[tuple[int, int]]:
        """The (from, to) of the plan's lit or unlit periods, ms."""
        says = street.planned == lit
        edges = np.flatnonzero(np.diff(np.concatenate([[False], says, [False]]).astype(int)))
        return [
            (self._world.start + int(a) * MINUTE, self._world.start + int(b) * MINUTE)
            for a, b in edges.reshape(-1, 2)
        ]

    def _span(self, start: int, end: int) -> slice:
        first = self._world.start
        return slice((start - first) // MINUTE, max(0, (end - first) // MINUTE))

    # --- faults

    def _dead_lamp(self, night: int) -> None:
        street = self._street()
        times = street and self._window(street, night)
        if street and times:
            start, visible, end = times
            i = int(self._rng.integers(len(street.devices)))
            self._kill(street, [i], start, end)
            self._world.fault(UNLIT, f"streetlight:{street.ids[i]}", visible, end, street.make)

    def _kill(self, street: Street, rows: list[int], start: int, end: int) -> None:
        span, idle = self._span(start, end), street.standby_w
        if street.sodium or self._rng.random() < 0.4:
            idle = float(self._rng.uniform(0.1, 1.0))
        street.shining[rows, span] = False
        street.watts[rows, span] = np.minimum(street.watts[rows, span], idle)

    def _dark_segment(self, night: int) -> None:
        street = self._street(least=2)
        times = street and self._window(street, night)
        if street and times:
            self._darken(street, list(range(len(street.devices))), times[0], times[2])
            self._world.fault(
                SEGMENT, f"segment:{street.name}", *times[1:], street.make, self._loss(street),
                street.ids,
            )  # fmt: skip

    def _dark_neighbours(self, night: int) -> None:
        street = self._street(least=7)
        times = street and self._window(street, night)
        if street and times:
            many = int(self._rng.integers(3, 6))
            first = int(self._rng.integers(len(street.devices) - many + 1))
            self._darken(street, list(range(first, first + many)), times[0], times[2])
            self._world.fault(
                SEGMENT, f"segment:{street.name}", *times[1:], street.make, self._loss(street),
                street.ids[first : first + many],
            )  # fmt: skip

    def _dark_circuit(self, night: int) -> None:
        street = self._street(least=2)
        mine = [one for one in self._streets if street and one.circuit == street.circuit]
        times = street and self._window(street, night)
        if street and times:
            for one in mine:
                self._darken(one, list(range(len(one.devices))), times[0], times[2])
            many = len(mine) > 1
            subject = f"circuit:{street.circuit}" if many else f"segment:{street.name}"
            also = self._loss(street)
            ids = [lamp for one in mine for lamp in one.ids]
            self._world.fault(SEGMENT, subject, *times[1:], f"{street.make} circuit", also, ids)

    def _darken(self, street: Street, rows: list[int], start: int, end: int) -> None:
        """No supply (the controllers have batteries), or nobody switched them on."""
        span = self._span(start, end)
        street.shining[rows, span] = False
        if self._rng.random() < 0.3:
            street.relay[rows, span] = False
            street.watts[rows, span] = np.minimum(street.watts[rows, span], street.standby_w)
        else:
            street.watts[rows, span] = 0.0

    def _loss(self, street: Street) -> tuple[tuple[str, str], ...]:
        type_ = "cabinet.lamps_lost"
        return ((type_, f"circuit:{street.circuit}"), (type_, f"cabinet:{street.cabinet}"))

    def _burning(self, night: int) -> None:
        street = self._street(makes=tuple(make for make in SENDS if make != "light"))
        times = street and self._window(street, night, lit=False)
        if not street or not times:
            return
        start, visible, end = times
        whole = self._rng.random() < 0.5 and len(street.devices) > 1
        rows = list(range(len(street.devices))) if whole else [0]
        span = self._span(start, end)
        stuck = self._rng.random() < 0.5
        # By night a lamp that is stuck on shines as it should, though at full level.
        for row in rows:
            street.shining[row, span] = True
            street.watts[row, span] = street.nominal_w[row]
            street.level[row, span] = 1.0
            if not stuck or street.make == "relay":
                street.relay[row, span] = True
        subject = f"segment:{street.name}" if whole else f"streetlight:{street.ids[0]}"
        ids = [street.ids[row] for row in rows]
        self._world.fault(
            "streetlight.day_burning", subject, visible, end, street.make, members=ids
        )

    def _weak(self, night: int) -> None:
        street = self._street(least=6, makes=("full", "meter", "watts"))
        if not street or street.dims not in ("none", "steps") or street.sodium:
            return
        times = self._window(street, night)
        if times:
            i = int(self._rng.integers(len(street.devices)))
            span = self._span(times[0], times[2])
            lit = street.shining[i, span]
            street.watts[i, span] = np.where(lit, 0.45, 1.0) * street.watts[i, span]
            subject = f"streetlight:{street.ids[i]}"
            sort = f"{street.make} {street.dims}"
            self._world.fault("streetlight.degraded", subject, *times[1:], sort)

    def _silent_lamp(self, night: int) -> None:
        street = self._street(makes=tuple(make for make in SENDS if make != "on change"))
        if street and street.devices[0].asset.report_every_s:
            i = int(self._rng.integers(len(street.devices)))
            start = self._world.at(night, 13) + int(self._rng.integers(0, 20 * HOUR))
            end = start + int(self._rng.uniform(6, 12) * 1.5) * street.every_s * SECOND + 2 * HOUR
            self._silence(street, [i], start, end, f"streetlight:{street.ids[i]}")

    def _silence(self, street: Street, rows: list[int], start: int, end: int, subject: str) -> None:
        street.heard[rows, self._span(start, end)] = False
        visible = max(missed_from(street.devices[i], start) for i in rows)
        self._world.fault("device.silent", subject, visible, end, "silent")

    def _lost_gateway(self, night: int) -> None:
        fit = tuple(make for make in SENDS if make != "on change")
        street = self._street(least=2, makes=fit)
        if street is None or not street.devices[0].asset.report_every_s:
            return
        mine = [one for one in self._streets if one.circuit == street.circuit]
        if any(not one.devices[0].asset.report_every_s for one in mine):
            return
        start = self._world.at(night, 13) + int(self._rng.integers(0, 20 * HOUR))
        end = start + 6 * street.every_s * SECOND + int(self._rng.uniform(1, 4) * HOUR)
        name = f"gateway:{street.gateway}" if street.gateway else f"circuit:{street.circuit}"
        for one in mine:
            one.heard[:, self._span(start, end)] = False
        visible = max(missed_from(d, start) for one in mine for d in one.devices)
        # Behind a gateway of one circuit alone, either name is right.
        also = (("device.silent", f"circuit:{street.circuit}"),)
        ids = [lamp for one in mine for lamp in one.ids]
        self._world.fault("device.silent", name, visible, end, "gateway", also, ids)

    def _kept_back(self, night: int) -> None:
        """A lamp that is offline for hours in daylight and sends everything afterwards."""
        street = self._street(makes=("full", "meter", "watts", "volt-amperes"))
        if street and street.devices[0].asset.report_every_s:
            start = self._world.at(night, 12.7)
            end = start + int(self._rng.uniform(2.5, 4)) * HOUR + 4 * street.every_s * SECOND
            device = street.devices[0]
            visible = missed_from(device, start)
            self._world.kept[device.asset.id] = start, end
            subject = f"streetlight:{device.asset.id}"
            self._world.fault("device.silent", subject, visible, end, "kept back")

    def _lost_lamps(self, night: int) -> None:
        """A third of the lamps of a segment whose controllers cannot tell."""
        street = self._street(least=7, makes=BLIND)
        if not street or not street.cabinet or street.dims == "traffic":
            return
        times = self._window(street, night)
        if times:
            start, visible, end = times
            rows = list(range(0, len(street.devices), 3))
            self._kill(street, rows, start, end)
            also = (("cabinet.lamps_lost", f"cabinet:{street.cabinet}"),)
            subject = f"circuit:{street.circuit}"
            self._world.fault(
                "cabinet.lamps_lost", subject, visible, end, "lost", also, [street.cabinet]
            )

    # --- cabinets

    def _cabinets(self) -> None:
        world, rng = self._world, self._rng
        fed: dict[str, dict[str, list[Street]]] = defaultdict(lambda: defaultdict(list))
        for street in self._streets:
            if street.cabinet:
                fed[street.cabinet][street.circuit].append(street)
        for name, circuits in fed.items():
            every_s = int(rng.choice(INTERVALS[:4]))
            asset = Cabinet(
                id=name, name="", area="410105", lon=113.69, lat=34.78,
                circuits=tuple(circuits), report_every_s=every_s,
            )  # fmt: skip
            device = world.device(asset, every_s)
            minutes = world.days * 1440
            at = np.minimum((device.ts - world.start) // MINUTE, minutes - 1)
            total = np.full(len(at), float(rng.uniform(5, 40)))
            by_circuit = rng.random() < 0.7
            for circuit, streets in circuits.items():
                watts = sum(street.watts.sum(axis=0) for street in streets)
                watts = (
                    np.asarray(watts)[at] * rng.uniform(1.01, 1.04) * rng.normal(1, 0.006, len(at))
                )
                total += watts
                if by_circuit:
                    world.send(device, {"power_w": np.round(watts, 1)}, circuit=circuit)
            if not by_circuit:
                world.send(device, {"power_w": np.round(total, 1)})
