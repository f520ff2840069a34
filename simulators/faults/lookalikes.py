"""What looks like a fault and is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from facility.readings import Codes
from simulators import models
from simulators.faults.covers import choose_cover
from simulators.faults.draw import Draw, rows_of
from simulators.faults.effects import Effect, LookAlike, What
from simulators.faults.lamps import lamps_of_circuit
from simulators.faults.stations import choose_station
from simulators.physics.reports import nominal

_OFFLINE_INTERVALS = 1.7
_SPIKE = 4.2
"""Times what a mean station smells of: two reports of it leave the hour below the limit."""

_RAIN_LEVEL_M = -0.55
_RAIN_COVERS = 12
_ROAD_COVERS = 10


def lorry(draw: Draw) -> LookAlike | None:
    """A wheel stands on a cover while it reports: one tilted reading."""
    fleet = draw.world.fleet
    row = choose_cover(draw, ~fleet.covers.small)
    at = draw.at(draw.begin, draw.end - HOUR)
    if row is None or at is None:
        return None
    every, phase = fleet.every[Kind.COVER][[row]], fleet.phase[Kind.COVER][[row]]
    start = int(nominal(every, phase, at)[0])
    # Up to the middle between two reports: the one that is due at the start, and no other.
    end = start + int(every[0]) // 2
    return _covers(draw, rows_of(row), (start, end), What.WHEEL, draw.uniform(25, 60))


def detour(draw: Draw) -> LookAlike | None:
    """A road takes the traffic of another one."""
    rows = _covers_of_a_road(draw)
    start = draw.between_hours(7, 18, 3 * HOUR)
    if start is None:
        return None
    times = (start, start + draw.duration(2, 6))
    return _covers(draw, _free_covers(draw, rows), times, What.TRAFFIC, draw.uniform(3, 5))


def night_lorries(draw: Draw) -> LookAlike | None:
    """A road that lorries take for a night: they strike its sound covers harder than cars do."""
    rows = _covers_of_a_road(draw)
    start = draw.between_hours(21, 24, HOUR)
    if start is None:
        return None
    times = (start, start + draw.duration(4, 7))
    return _covers(draw, _free_covers(draw, rows), times, What.LORRIES, draw.uniform(2, 3.5))


def rain(draw: Draw) -> LookAlike | None:
    """A shower lifts the water under some covers, well below them."""
    wet = np.flatnonzero(draw.world.covers.sees_water()).astype(np.int32)
    start = draw.at(draw.begin, draw.end - 4 * HOUR)
    if start is None:
        return None
    rows = _free_covers(draw, wet)
    rows = np.sort(draw.rng.permutation(rows)[:_RAIN_COVERS])
    times = (start, start + draw.duration(2, 4))
    return _covers(draw, rows, times, What.WATER_RISES, _RAIN_LEVEL_M)


def odour_spike(draw: Draw) -> LookAlike | None:
    """One lorry that smells: over the limit for minutes, not as an hourly mean."""
    row = choose_station(draw)
    start = draw.at(draw.begin, draw.end - HOUR)
    if row is None or start is None:
        return None
    end = start + 6 * MINUTE
    factor = _SPIKE / float(draw.world.stations.smell[row])
    effect = Effect(Kind.STATION, What.ODOUR, rows_of(row), start, end, factor)
    return _station(draw, row, effect)


def station_meter_replaced(draw: Draw) -> LookAlike | None:
    """New weighbridges: both counters begin at zero."""
    row = choose_station(draw)
    start = draw.between_hours(9, 16, HOUR)
    if row is None or start is None:
        return None
    effect = Effect(Kind.STATION, What.METER_REPLACED, rows_of(row), start, start + 2 * HOUR)
    return _station(draw, row, effect)


def energy_meter_replaced(draw: Draw) -> LookAlike | None:
    """A new meter in a lamp or a cabinet: its counter begins at zero."""
    start = draw.at(draw.begin, draw.end - 2 * HOUR)
    if start is None:
        return None
    if draw.rng.random() < 0.5:
        row = _cabinet(draw)
        kind, name = Kind.CABINET, "cabinet"
    else:
        row = _lamp(draw, lambda model: "energy_kwh" in models.LAMPS[model].fields)
        kind, name = Kind.STREETLIGHT, "streetlight"
    if row is None:
        return None
    effect = Effect(kind, What.METER_REPLACED, rows_of(row), start, start + HOUR)
    device = draw.world.fleet.of_kind(kind)[row].id
    return LookAlike(draw.sort, (f"{name}:{device}",), start, start + HOUR, (effect,))


def late(draw: Draw) -> LookAlike | None:
    """Messages of a circuit's lamps arrive late, some by more than an interval."""
    return _delivered(draw, What.LATE)


def repeated(draw: Draw) -> LookAlike | None:
    """Messages of a circuit's lamps arrive twice."""
    return _delivered(draw, What.REPEATED)


def out_of_order(draw: Draw) -> LookAlike | None:
    """Every other message of a circuit's lamps arrives after its successor."""
    return _delivered(draw, What.OUT_OF_ORDER)


def buffered(draw: Draw) -> LookAlike | None:
    """A device is offline for less than three reports, then sends what it kept in an array."""
    start = draw.at(draw.begin, draw.end - 2 * HOUR)
    kind = Kind.COVER if draw.rng.random() < 0.5 else Kind.STREETLIGHT
    fleet = draw.world.fleet
    if kind is Kind.COVER:
        row = choose_cover(draw, np.ones(len(fleet.covers.assets), dtype=np.bool_))
    else:
        row = _lamp(draw, lambda _: True)
    if row is None or start is None:
        return None
    end = start + int(_OFFLINE_INTERVALS * int(fleet.every[kind][row]))
    device = fleet.of_kind(kind)[row].id
    if kind is Kind.COVER:
        draw.hold([device], end)
    effect = Effect(kind, What.BUFFERED, rows_of(row), start, end)
    return LookAlike(draw.sort, (f"{kind}:{device}",), start, end, (effect,))


def _delivered(draw: Draw, what: What) -> LookAlike | None:
    wiring = draw.world.fleet.wiring
    circuit = draw.choose(
        list(range(len(wiring.circuits))),
        lambda item: f"circuit:{wiring.circuits[item]}",
        lambda item: [wiring.circuits[item]],
    )
    start = draw.at(draw.begin, draw.end - 4 * HOUR)
    if circuit is None or start is None:
        return None
    end = start + draw.duration(3, 6)
    draw.hold([wiring.circuits[circuit]], end)
    rows = lamps_of_circuit(draw.world, circuit)
    lamps = draw.world.fleet.streetlights
    subjects = tuple(f"streetlight:{lamps[row].id}" for row in rows.tolist())
    effect = Effect(Kind.STREETLIGHT, what, rows, start, end)
    return LookAlike(draw.sort, subjects, start, end, (effect,))


def _lamp(draw: Draw, fits: Callable[[int], bool]) -> int | None:
    """A lamp of a fitting model on a circuit that has nothing else today; holds the circuit."""
    fleet = draw.world.fleet
    wanted = np.array([fits(model) for model in range(len(models.LAMPS))])
    row = draw.choose(
        np.flatnonzero(wanted[fleet.lamp_model]).tolist(),
        lambda item: f"streetlight:{fleet.streetlights[item].id}",
        lambda item: [fleet.wiring.circuits[fleet.wiring.circuit[item]]],
    )
    if row is not None:
        draw.hold([fleet.wiring.circuits[fleet.wiring.circuit[row]]], draw.end)
    return row


def _cabinet(draw: Draw) -> int | None:
    cabinets = draw.world.fleet.cabinets
    row = draw.choose(
        list(range(len(cabinets))),
        lambda item: f"cabinet:{cabinets[item].id}",
        lambda item: [cabinets[item].id],
    )
    if row is not None:
        draw.hold([cabinets[row].id], draw.end)
    return row


def _covers_of_a_road(draw: Draw) -> Codes:
    """The covers in the carriageway of a road that has many."""
    covers = draw.world.fleet.covers
    counts = np.bincount(covers.road[~covers.small])
    roads = np.flatnonzero(counts >= min(_ROAD_COVERS, counts.max(initial=1)))
    if not len(roads):
        return np.empty(0, dtype=np.int32)
    road = int(draw.rng.choice(roads))
    return np.flatnonzero((covers.road == road) & ~covers.small).astype(np.int32)


def _free_covers(draw: Draw, rows: Codes) -> Codes:
    assets = draw.world.fleet.covers.assets
    free = [draw.reserved.free([assets[row].id], draw.begin) for row in rows.tolist()]
    return rows[np.array(free, dtype=np.bool_)]


def _covers(
    draw: Draw, rows: Codes, times: tuple[int, int], what: What, size: float
) -> LookAlike | None:
    if not len(rows):
        return None
    ids = [draw.world.fleet.covers.assets[row].id for row in rows.tolist()]
    start, end = times
    draw.hold(ids, end)
    effect = Effect(Kind.COVER, what, rows, start, end, size)
    return LookAlike(draw.sort, tuple(f"cover:{name}" for name in ids), start, end, (effect,))


def _station(draw: Draw, row: int, effect: Effect) -> LookAlike:
    station = draw.world.fleet.stations[row].id
    draw.hold([station], effect.end)
    return LookAlike(draw.sort, (f"station:{station}",), effect.start, effect.end, (effect,))
