"""Faults of transfer stations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facility.clock import DAY, HOUR
from facility.measurements import Kind
from simulators.faults.draw import Draw, rows_of
from simulators.faults.effects import Effect, Fault, What
from simulators.physics.reports import local_offset
from simulators.physics.stations import GAS_CURVE, H2S, NH3, ODOUR

BACKLOG, SMELL, GAS_HAZARD = "station.backlog", "station.odour", "station.gas_hazard"
_BOUNDARY = ((H2S, 0.06), (NH3, 1.5), (ODOUR, 20.0))
"""What is normal, and the boundary limit (GB 14554-93, class 2)."""

_WORKERS_H2S = 10.0
_LEACHATE_LIMIT = 85.0


def station_backlog(draw: Draw) -> Fault | None:
    """The evening's trucks do not come: what is left at ``clear_by`` is the backlog.

    They stay away for long enough that some tonnes have come in since the last one left.
    """
    stations = draw.world.fleet.stations
    row = choose_station(draw, lambda item: _clear_by(draw, item) is not None)
    clear_by = None if row is None else _clear_by(draw, row)
    if row is None or clear_by is None:
        return None
    start = max(draw.begin, clear_by - draw.duration(5.5, 6.5))
    end = clear_by + round(draw.uniform(2, 6) * HOUR)
    draw.hold([stations[row].id], end)
    effect = Effect(Kind.STATION, What.NO_TRUCKS, rows_of(row), start, end)
    station = stations[row].id
    return Fault(
        draw.sort,
        BACKLOG,
        f"station:{station}",
        (station,),
        start,
        clear_by,
        end,
        "no trucks",
        (effect,),
    )


def station_odour(draw: Draw) -> Fault | None:
    """The air treatment is off: the hourly mean goes over the boundary limit."""
    row = choose_station(draw)
    start = draw.at(draw.begin, draw.end - 3 * HOUR)
    if row is None or start is None:
        return None
    factor = draw.uniform(7, 9)
    smell = float(draw.world.stations.smell[row])
    # The share of an hour at the raised level that lifts the mean over the limit, for whichever
    # gas does so first; a tenth less for noise.
    share = min(
        (limit - normal * smell) / (normal * smell * (factor * 1.25 - 1))
        for normal, limit in _BOUNDARY
    )
    visible = start + int(max(0.0, share * 0.9) * HOUR)
    end = start + draw.duration(2.5, 5)
    return _fault(draw, row, SMELL, (start, visible, end), What.ODOUR, factor, "air treatment off")


def station_gas(draw: Draw) -> Fault | None:
    """Hydrogen sulphide over the workers' limit."""
    row = choose_station(draw)
    start = draw.at(draw.begin, draw.end - 3 * HOUR)
    if row is None or start is None:
        return None
    peak = draw.uniform(16, 28)
    end = start + draw.duration(0.8, 1.6)
    visible = start + int(GAS_CURVE[0][1] * (_WORKERS_H2S - 0.1) / peak * (end - start))
    station = draw.world.fleet.stations[row].id
    also = ((SMELL, f"station:{station}"),)
    return _fault(
        draw, row, GAS_HAZARD, (start, visible, end), What.GAS, peak, "hydrogen sulphide", also
    )


def station_leachate(draw: Draw) -> Fault | None:
    """The leachate pump has failed; the tank fills."""
    row = choose_station(draw)
    start = draw.at(draw.begin, draw.end - 9 * HOUR)
    if row is None or start is None:
        return None
    rate = draw.uniform(13, 20)
    level = float(draw.world.stations.leachate_pct(rows_of(row), np.array([start]))[0])
    visible = start + int((_LEACHATE_LIMIT - 1 - level) / rate * HOUR)
    end = visible + draw.duration(1.5, 4)
    times = (start, visible, end)
    return _fault(draw, row, "station.leachate", times, What.NO_PUMP, rate, "pump")


def station_equipment(draw: Draw) -> Fault | None:
    """The compactor fails, runs hot or over pressure; rarely, fire or an emergency stop."""
    failures = (
        (What.COMPACTOR_FAULT, 0.0, "compactor"),
        (What.OVERHEATED, draw.uniform(112, 125), "motor overheated"),
        (What.OVERPRESSURE, draw.uniform(29, 34), "hydraulic pressure"),
        (What.EMERGENCY_STOP, 0.0, "emergency stop"),
        (What.FIRE, 0.0, "fire"),
    )
    row = choose_station(draw)
    start = draw.between_hours(5.5, 21, 3 * HOUR)
    if row is None or start is None:
        return None
    what, size, cause = failures[int(draw.rng.choice(len(failures), p=(0.4, 0.2, 0.2, 0.12, 0.08)))]
    end = start + draw.duration(1.2, 3)
    return _fault(draw, row, "station.equipment", (start, start, end), what, size, cause)


def choose_station(draw: Draw, fits: Callable[[int], bool] = lambda _: True) -> int | None:
    """The row of a station that has nothing else today."""
    stations = draw.world.fleet.stations
    return draw.choose(
        [row for row in range(len(stations)) if fits(row)],
        lambda item: f"station:{stations[item].id}",
        lambda item: [stations[item].id],
    )


def _clear_by(draw: Draw, row: int) -> int | None:
    """The first time in the draw's day at which a station must be cleared; None if too near."""
    offset = local_offset(draw.world.scenario.zone, draw.begin)
    clear_by = draw.world.fleet.stations[row].clear_by_ms
    first = (draw.begin + offset) // DAY * DAY - offset + clear_by
    at = first if first > draw.begin else first + DAY
    fits = at - draw.begin > 4 * HOUR and at + HOUR < draw.end
    return at if fits else None


def _fault(
    draw: Draw,
    row: int,
    of_type: str,
    times: tuple[int, int, int],
    what: What,
    size: float,
    cause: str,
    also: tuple[tuple[str, str], ...] = (),
) -> Fault:
    station = draw.world.fleet.stations[row].id
    start, visible, end = times
    draw.hold([station], end)
    effect = Effect(Kind.STATION, what, rows_of(row), start, end, size)
    return Fault(
        draw.sort,
        of_type,
        f"station:{station}",
        (station,),
        start,
        visible,
        end,
        cause,
        (effect,),
        also,
    )
