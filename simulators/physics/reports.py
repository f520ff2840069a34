"""When devices report, and the random numbers that a window of time may draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from facility.readings import Codes, Floats, Times
from simulators.fleet import Fleet

WINDOW = 15 * MINUTE
"""The simulation goes on in windows of this length, aligned to the hour."""

JITTER = 0.05
"""A report comes up to this share of the interval late."""

_STREAMS = {kind: 10 + position for position, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """The reports of a kind in a window, each (n,), a device's in order of time.

    ``turn``: whether it is the device's first in the window (0), its second (1) and so on.
    ``since``: the report before, ms.
    """

    rows: Codes
    ts: Times
    turn: Codes
    since: Times

    def __len__(self) -> int:
        return len(self.ts)


def stream(seed: int, purpose: int, at: int) -> np.random.Generator:
    """Random numbers of a purpose at a time: the same, whatever was drawn before."""
    return np.random.default_rng([seed, purpose, at // MINUTE])


def kind_stream(seed: int, kind: Kind, at: int) -> np.random.Generator:
    """Random numbers of a kind's physics in the window that starts at ``at``."""
    return stream(seed, _STREAMS[kind], at)


def nominal(every: Times, phase: Times, after: int) -> Times:
    """The first report time at or after ``after`` of each device, before jitter."""
    return phase + -((phase - after) // every) * every


def reports(fleet: Fleet, kind: Kind, start: int, seed: int) -> Reports:
    """The reports due in the window that starts at ``start``."""
    every, phase = fleet.every[kind], fleet.phase[kind]
    first = nominal(every, phase, start)
    count = np.maximum(0, -((first - (start + WINDOW)) // every))
    rows = np.repeat(np.arange(len(every), dtype=np.int32), count)
    turn = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    due = first[rows] + turn * every[rows]
    ts = due + _jitter(seed, rows, due, every[rows])
    before = due - every[rows]
    since = before + _jitter(seed, rows, before, every[rows])
    return Reports(rows, ts, turn.astype(np.int32), since)


def _jitter(seed: int, rows: Codes, due: Times, every: Times) -> Times:
    """A report's own delay, ms, by device and time alone, so that a neighbour window knows it."""
    mixed = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= due.astype(np.uint64) + np.uint64(seed)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    share = (mixed >> np.uint64(40)).astype(np.float64) / 2**24
    return (share * JITTER * every).astype(np.int64)


@lru_cache(maxsize=64)
def local_offset(zone: ZoneInfo, at: int) -> int:
    """How far local time is ahead of UTC at ``at``, ms; constant within a window."""
    offset = datetime.fromtimestamp(at / 1000, zone).utcoffset()
    return round(offset.total_seconds() * 1000) if offset else 0


def local_hour(ts: Times, offset: int) -> Floats:
    """Local time of day in hours, 0 to 24."""
    return ((ts + offset) % (24 * HOUR)) / HOUR
