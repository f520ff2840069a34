"""What goes wrong on each day of a run, drawn by the seed.

A day is twenty-four hours from the run's start on. A circuit, cover, cabinet or station has at
most one fault or look-alike a day, so no two explain the same readings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from facility.clock import DAY, HOUR
from facility.errors import UsageError
from simulators.faults import covers, lamps, lookalikes, silence, stations
from simulators.faults.draw import Draw, Reserved
from simulators.faults.effects import Fault, LastGasp, LookAlike
from simulators.physics.reports import stream
from simulators.physics.world import World
from simulators.scenario import Pinned
from simulators.sorts import GATEWAY_LOST_AT_NIGHT, FaultSort, LookAlikeSort

E = TypeVar("E", Fault, LookAlike)
S = TypeVar("S", FaultSort, LookAlikeSort)

_PLAN_STREAM = 7
_TRIES = 5
_NOTHING_BEFORE = 2 * HOUR
"""Nothing drawn starts earlier on the first day: the pinned faults are seen first."""

FAULTS: dict[FaultSort, Callable[[Draw], Fault | None]] = {
    # What needs most room, or has least choice, comes first.
    FaultSort.LAMPS_LOST: lamps.lamps_lost,
    FaultSort.LAMP_GATEWAY_SILENT: silence.lamp_gateway_silent,
    FaultSort.COVER_GATEWAY_SILENT: silence.cover_gateway_silent,
    FaultSort.CABINET_SILENT: silence.cabinet_silent,
    FaultSort.CIRCUIT_SILENT: silence.circuit_silent,
    FaultSort.CIRCUIT_DARK: lamps.circuit_dark,
    FaultSort.CIRCUIT_BURNING: lamps.circuit_burning,
    FaultSort.SEGMENT_BURNING: lamps.segment_burning,
    FaultSort.SEGMENT_DARK: lamps.segment_dark,
    FaultSort.NEIGHBOURS_DARK: lamps.neighbours_dark,
    FaultSort.LAMP_CYCLING: lamps.lamp_cycling,
    FaultSort.LAMP_POOR_FACTOR: lamps.lamp_poor_factor,
    FaultSort.LAMP_WEAK: lamps.lamp_weak,
    FaultSort.LAMP_DEAD: lamps.lamp_dead,
    FaultSort.LAMP_BURNING: lamps.lamp_burning,
    FaultSort.LAMP_SILENT: silence.lamp_silent,
    FaultSort.COVER_RATTLE: covers.cover_rattle,
    FaultSort.COVER_FLOODING: covers.cover_flooding,
    FaultSort.COVER_DISPLACED: covers.cover_displaced,
    FaultSort.COVER_SILENT: silence.cover_silent,
    FaultSort.STATION_BACKLOG: stations.station_backlog,
    FaultSort.STATION_ODOUR: stations.station_odour,
    FaultSort.STATION_GAS: stations.station_gas,
    FaultSort.STATION_LEACHATE: stations.station_leachate,
    FaultSort.STATION_EQUIPMENT: stations.station_equipment,
    FaultSort.STATION_SILENT: silence.station_silent,
}
LOOKALIKES: dict[LookAlikeSort, Callable[[Draw], LookAlike | None]] = {
    LookAlikeSort.ODOUR_SPIKE: lookalikes.odour_spike,
    LookAlikeSort.STATION_METER_REPLACED: lookalikes.station_meter_replaced,
    LookAlikeSort.LATE: lookalikes.late,
    LookAlikeSort.REPEATED: lookalikes.repeated,
    LookAlikeSort.OUT_OF_ORDER: lookalikes.out_of_order,
    LookAlikeSort.ENERGY_METER_REPLACED: lookalikes.energy_meter_replaced,
    LookAlikeSort.BUFFERED: lookalikes.buffered,
    LookAlikeSort.DETOUR: lookalikes.detour,
    LookAlikeSort.RAIN: lookalikes.rain,
    LookAlikeSort.LORRY: lookalikes.lorry,
    LookAlikeSort.NIGHT_LORRIES: lookalikes.night_lorries,
}


class Plan:
    """The faults and look-alikes of a run that starts at ``start_ms``, as far as it was drawn.

    What is drawn is added to the effects of ``world``.
    """

    def __init__(self, world: World, start_ms: int) -> None:
        self._world = world
        self._start = start_ms
        self._days = 0
        self._reserved = Reserved()
        self.faults: list[Fault] = []
        self.lookalikes: list[LookAlike] = []
        self._gasps: list[LastGasp] = []

    def extend(self, until: int) -> None:
        """Draws the days up to ``until`` (ms).

        UsageError where the first day has no room for what the scenario asks for.
        """
        while self._start + self._days * DAY < until:
            self._draw_day(self._days)
            self._days += 1

    def gasps_between(self, start: int, end: int) -> list[LastGasp]:
        """The status messages due in [start, end), in order."""
        first = bisect_left(self._gasps, start, key=lambda gasp: gasp.at)
        last = bisect_left(self._gasps, end, key=lambda gasp: gasp.at)
        return self._gasps[first:last]

    def _draw_day(self, day: int) -> None:
        begin = self._start + day * DAY
        rng = stream(self._world.scenario.seed, _PLAN_STREAM, begin)
        scenario = self._world.scenario
        pinned = [(item.sort, item) for item in scenario.fault]
        for fault_sort, pin in _wanted(FAULTS, scenario.faults, pinned):
            fault = self._try(FAULTS[fault_sort], fault_sort, pin, day, rng)
            if fault is not None:
                self._add_fault(replace(fault, id=f"F{day + 1}-{len(self.faults) + 1:03}"))
        alike = [(item.sort, item) for item in scenario.lookalike]
        for like_sort, pin in _wanted(LOOKALIKES, scenario.lookalikes, alike):
            like = self._try(LOOKALIKES[like_sort], like_sort, pin, day, rng)
            if like is not None:
                self._add_lookalike(like)
        self._gasps.sort(key=lambda gasp: gasp.at)

    def _try(
        self,
        planner: Callable[[Draw], E | None],
        sort: FaultSort | LookAlikeSort,
        pin: Pinned,
        day: int,
        rng: np.random.Generator,
    ) -> E | None:
        begin = self._start + day * DAY
        draw = Draw(
            self._world,
            self._reserved,
            rng,
            begin,
            begin + DAY,
            begin + (0 if day else _NOTHING_BEFORE),
            sort,
            pin,
        )
        for _ in range(_TRIES):
            event = planner(draw)
            if event is not None:
                return event
        if day == 0:
            raise UsageError(
                f"{self._world.scenario.name}: no room for another {sort} on the first day; "
                "ask for fewer, or for a larger fleet"
            )
        return None

    def _add_fault(self, fault: Fault) -> None:
        self.faults.append(fault)
        self._gasps.extend(fault.gasps)
        self._world.effects.add(fault.effects)
        if fault.sort == FaultSort.LAMP_GATEWAY_SILENT:
            subjects = tuple(f"streetlight:{member}" for member in fault.members)
            self._add_lookalike(
                LookAlike(GATEWAY_LOST_AT_NIGHT, subjects, fault.start, fault.end, ())
            )

    def _add_lookalike(self, like: LookAlike) -> None:
        self.lookalikes.append(replace(like, id=f"L{self._days + 1}-{len(self.lookalikes) + 1:03}"))
        self._world.effects.add(like.effects)


def _wanted(
    sorts: Iterable[S], counts: Mapping[S, int], pinned: Iterable[tuple[S, Pinned]]
) -> Iterator[tuple[S, Pinned]]:
    """Everything a day has of some sorts: what is pinned first, then what is drawn, in order."""
    yield from pinned
    for sort in sorts:
        for _ in range(counts.get(sort, 0)):
            yield sort, Pinned()
