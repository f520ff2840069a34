"""Faults of covers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR
from facility.measurements import Kind
from simulators.faults.draw import Draw, rows_of
from simulators.faults.effects import Effect, Fault, What

_FLOOD_LIMIT_M = -0.2
_SWING_M = 0.08
"""Daily swing and noise of the water level, which may show it a little sooner."""

_BUSY_WHEELS = 45.0
_RISES_IN = 0.25


def cover_displaced(draw: Draw) -> Fault | None:
    """A cover is lifted aside and stays so."""
    row = choose_cover(draw, np.ones(len(draw.world.covers.rough), dtype=np.bool_))
    start = draw.at(draw.begin, draw.end - 2 * HOUR)
    if row is None or start is None:
        return None
    end = draw.repaired(start, 2, 8, draw.end - HOUR)
    return _fault(
        draw, row, "cover.displaced", (start, start, end), What.TILTED, draw.uniform(18, 75)
    )


def cover_rattle(draw: Draw) -> Fault | None:
    """A cover's seat wears out: far more of the wheels strike it than used to."""
    covers = draw.world.covers
    busy = covers.counts_impacts() & ~covers.rough & (covers.wheels >= _BUSY_WHEELS)
    row = choose_cover(draw, busy)
    start = draw.between_hours(7, 15, 3 * HOUR)
    if row is None or start is None:
        return None
    end = draw.repaired(start, 3.5, 7, draw.end - HOUR)
    size = draw.uniform(0.45, 0.62)
    return _fault(draw, row, "cover.rattle", (start, start, end), What.RATTLES, size)


def cover_flooding(draw: Draw) -> Fault | None:
    """Water rises to the cover."""
    covers = draw.world.covers
    row = choose_cover(draw, covers.sees_water())
    start = draw.at(draw.begin, draw.end - 3 * HOUR)
    if row is None or start is None:
        return None
    end = start + draw.duration(3, 6)
    size = draw.uniform(-0.05, 0.15)
    depth = float(covers.depth_m[row]) + _SWING_M
    share = (_FLOOD_LIMIT_M - depth) / (size - depth)
    visible = start + int(share * _RISES_IN * (end - start))
    return _fault(draw, row, "cover.flooding", (start, visible, end), What.WATER_RISES, size)


def choose_cover(draw: Draw, covers: NDArray[np.bool_]) -> int | None:
    """The row of one of these covers that has nothing else today."""
    assets = draw.world.fleet.covers.assets
    return draw.choose(
        np.flatnonzero(covers).tolist(),
        lambda item: f"cover:{assets[item].id}",
        lambda item: [assets[item].id],
    )


def _fault(
    draw: Draw, row: int, of_type: str, times: tuple[int, int, int], what: What, size: float
) -> Fault:
    cover = draw.world.fleet.covers.assets[row].id
    start, visible, end = times
    draw.hold([cover], end)
    return Fault(
        draw.sort,
        of_type,
        f"cover:{cover}",
        (cover,),
        start,
        visible,
        end,
        of_type.partition(".")[2],
        (Effect(Kind.COVER, what, rows_of(row), start, end, size),),
    )
