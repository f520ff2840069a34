"""A transfer station's day, minute by minute: trucks in, containers out, stock, cleared by night.

日产日清: what came in during the day is out again by ``clear_by``, with half an hour to spare.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, MINUTE
from facility.readings import Floats
from simulators.faults.effects import Effect

MINUTES = DAY // MINUTE
_TRUCK_T = 2.1
_CONTAINER_T = 9.0
_OPENS = 5 * 60
_LAST_TRUCK_BEFORE = 130
"""Minutes before ``clear_by`` after which no waste comes in."""

_CLEARING_BEFORE = 240
_DAY_TRIPS_FROM = 7 * 60
_DAY_TRIP_EVERY, _CLEARING_EVERY, _CATCHING_UP_EVERY = 40, 16, 8
_PRESSING_MINUTES = 12
_DAY_KEEPS_T = 16.0
"""Below this no container leaves during the day."""


@dataclass(frozen=True, slots=True, eq=False)
class StationDay:
    """One local day. ``inbound``, ``outbound`` tonnes since midnight and ``stock``, each (1440,)
    at the end of the minute; ``pressing`` whether the compactor runs."""

    inbound: Floats
    outbound: Floats
    stock: Floats
    pressing: NDArray[np.bool_]


def live_through(
    tonnes: float,
    clear_by_ms: int,
    stock: float,
    blocked: NDArray[np.bool_],
    rng: np.random.Generator,
) -> StationDay:
    """A day that begins with ``stock`` tonnes; in ``blocked`` minutes (1440,) no waste goes out."""
    clear_by = clear_by_ms // MINUTE
    arriving = _arrivals(tonnes, clear_by - _LAST_TRUCK_BEFORE, rng)
    leaving = np.zeros(MINUTES)
    level = np.zeros(MINUTES)
    pressing = np.zeros(MINUTES, dtype=np.bool_)
    pressing_until, last_trip = 0, -_DAY_TRIP_EVERY
    catching_up = stock > 1
    for minute in range(MINUTES):
        stock += arriving[minute]
        if arriving[minute]:
            pressing_until = minute + _PRESSING_MINUTES
        clearing = minute >= clear_by - _CLEARING_BEFORE
        every = _CATCHING_UP_EVERY if catching_up else _CLEARING_EVERY
        if not (clearing or catching_up):
            every = _DAY_TRIP_EVERY
        if blocked[minute]:
            catching_up = True
        elif minute - last_trip >= every and (catching_up or minute >= _DAY_TRIPS_FROM):
            everything = catching_up or minute > clear_by - _LAST_TRUCK_BEFORE
            load = _load(stock, clearing or catching_up, everything, rng)
            if load:
                stock = max(0.0, stock - load)
                leaving[minute] = load
                last_trip = minute
                pressing_until = minute + 3
        if stock < 0.4:
            catching_up = False
        level[minute] = stock
        pressing[minute] = minute < pressing_until
    return StationDay(np.cumsum(arriving), np.cumsum(leaving), level, pressing)


def _arrivals(tonnes: float, last_minute: int, rng: np.random.Generator) -> Floats:
    """Tonnes in by minute: the night's waste in the morning, the rest through the day."""
    arriving = np.zeros(MINUTES)
    trucks = max(1, round(tonnes / _TRUCK_T))
    weights = rng.uniform(0.6, 1.4, trucks)
    morning = rng.random(trucks) < 0.45
    at = np.where(
        morning, rng.normal(7.2 * 60, 65, trucks), rng.uniform(9 * 60, last_minute, trucks)
    )
    minutes = np.clip(at, _OPENS, last_minute).astype(np.int64)
    np.add.at(arriving, minutes, np.round(weights * tonnes / weights.sum(), 2))
    return arriving


def _load(stock: float, clearing: bool, everything: bool, rng: np.random.Generator) -> float:
    """Tonnes on the next container truck; 0 where it does not go yet."""
    if stock >= (_CONTAINER_T if clearing else _DAY_KEEPS_T):
        return round(float(rng.uniform(0.9, 1.0)) * _CONTAINER_T, 2)
    if everything and stock > 0.15:
        return round(stock - float(rng.uniform(0, 0.1)), 2)
    return 0.0


def blocked_minutes(effects: list[Effect], row: int, midnight: int) -> NDArray[np.bool_]:
    """The minutes of a day in which no truck takes waste out of a station."""
    minutes = midnight + np.arange(MINUTES) * MINUTE
    blocked = np.zeros(MINUTES, dtype=np.bool_)
    rows = np.full(MINUTES, row, dtype=np.int32)
    for effect in effects:
        blocked |= effect.mask(rows, minutes)
    return blocked
