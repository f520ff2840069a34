"""What a circuit draws by the minute of the night, learned over its last good nights.

Ten minutes make a bin, a night goes from noon to noon. The reference is the lower median of the
nights. A switching time or a planned drop may move by some minutes: so what is below the least of a
bin and its neighbours is lost, and what comes up to the most of them is all there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, HOUR, MINUTE
from facility.readings import Codes, Floats, Times
from rules.fleet import Mask

_BIN = 10 * MINUTE
_BINS = DAY // _BIN
_KEPT = 5
_REACH = 6
"""Bins around one in which those that are known are looked for: a meter may report by the hour."""

_LEAST_SPREAD = 1e-6
"""Of nights that do not differ; 0 is of those that were not compared yet."""

_SLOW = 0.02
"""Share of a new bin in the usual distance between nights: about the bins of a night."""


class Nights:
    """The last nights of m series; ``spread`` (m,) is by what share two nights usually differ.

    Only what is at least ``off_w`` W, one for all or (m,), tells of that: by day a circuit draws
    the same every day, however it is dimmed by night.
    """

    KEPT = ("_watts", "_night", "_first", "_bin", "_sum", "_count", "_bad", "spread")

    def __init__(self, m: int, timezone: str, least: int, off_w: float | Floats) -> None:
        self._zone = ZoneInfo(timezone)
        self._least = least
        self._off_w = np.broadcast_to(np.asarray(off_w, dtype=np.float32), m)
        self._watts: NDArray[np.float32] = np.full((m, _KEPT, _BINS), np.nan, dtype=np.float32)
        # The bin that is being filled: its night and number, and what was read in it.
        self._night, self._first = (np.zeros(m, dtype=np.int32) for _ in range(2))
        self._bin = np.full(m, -1, dtype=np.int16)
        self._sum = np.zeros(m)
        self._count = np.zeros(m, dtype=np.int32)
        self._bad: Mask = np.zeros(m, dtype=bool)
        self.spread: NDArray[np.float32] = np.zeros(m, dtype=np.float32)
        # What other nights say of a bin is so all night: it is worked out once.
        self._said = np.full((m, 2), np.nan)
        self._said_of = np.full(m, -1, dtype=np.int64)

    def reference(self, row: Codes, ts: Times) -> tuple[Floats, Floats]:
        """(the least, the most) that each series (k,) drew around that time of other nights, W; NaN
        until it is learned."""
        night, slot = self._place(ts)
        asked = night * _BINS + slot
        anew = self._said_of[row] != asked
        if anew.any():
            self._said[row[anew]] = self._others(row[anew], night[anew], slot[anew], self._least)
            self._said_of[row] = asked
        said = self._said[row]
        return said[:, 0], said[:, 1]

    def doubt(self, row: Codes) -> Floats:
        """How many times as wide what is usual must be taken of each series, (k,): how far nights
        lie from each other is itself known by the few that there were."""
        nights = np.clip(self._night[row] - self._first[row], 2, _KEPT - 1)
        return np.asarray(nights / (nights - 1))

    def _others(
        self, row: Codes, night: NDArray[np.int64], slot: NDArray[np.int64], least: int
    ) -> Floats:
        """(the least, the most) of a bin of each series and those beside it, by ``least`` other
        nights, (k, 2) W; NaN where it is not known."""
        near = self._medians(row, night, slot, least, (0, -1, 1))
        known = ~np.isnan(near)
        seldom = known.any(axis=1) & ~known.all(axis=1)
        if seldom.any():
            # Of a meter that reports more seldom than the bins follow, the nearest that are known.
            near[seldom, 1:] = self._nearest(row[seldom], night[seldom], slot[seldom], least)
            known = ~np.isnan(near)
        near[~known[:, 0] & ~known[:, 1:].all(axis=1)] = np.nan
        return np.stack([np.fmin.reduce(near, axis=1), np.fmax.reduce(near, axis=1)], axis=1)

    def _nearest(
        self, row: Codes, night: NDArray[np.int64], slot: NDArray[np.int64], least: int
    ) -> Floats:
        """The nearest bins before and after one that are known, (k, 2) W."""
        found = []
        for side in (-1, 1):
            steps = tuple(side * step for step in range(1, _REACH + 1))
            medians = self._medians(row, night, slot, least, steps)
            first = np.argmax(~np.isnan(medians), axis=1)
            found.append(medians[np.arange(len(row)), first])
        return np.stack(found, axis=1)

    def _medians(
        self,
        row: Codes,
        night: NDArray[np.int64],
        slot: NDArray[np.int64],
        least: int,
        steps: Sequence[int],
    ) -> Floats:
        """The lower medians of the other nights, of the bins so many ``steps`` from one, (k,
        steps) W; NaN of those that fewer than ``least`` nights know."""
        others = (np.arange(_KEPT) - night[:, None]) % _KEPT != 0
        medians = []
        for step in steps:
            past = np.where(others, self._watts[row, :, (slot + step) % _BINS], np.nan)
            nights = (~np.isnan(past)).sum(axis=1)
            ordered = np.sort(past, axis=1)
            middle = ordered[np.arange(len(row)), np.maximum(nights - 1, 0) // 2]
            medians.append(np.where(nights >= least, middle, np.nan))
        return np.stack(medians, axis=1)

    def learn(self, row: Codes, ts: Times, watts: Floats, bad: Mask) -> None:
        """Takes in a round of readings; a bin with a bad one is not learned."""
        night, slot = self._place(ts)
        done = (self._bin[row] != slot) | (self._night[row] != night)
        over = row[done]
        learned = over[(self._bin[over] >= 0) & ~self._bad[over] & (self._count[over] > 0)]
        mean = self._sum[learned] / self._count[learned]
        self._compare(learned, mean)
        self._watts[learned, self._night[learned] % _KEPT, self._bin[learned]] = mean
        # A night that begins takes the place of the oldest.
        fresh = done & (self._night[row] != night)
        self._watts[row[fresh], night[fresh] % _KEPT] = np.nan
        self._said_of[row[fresh]] = -1
        self._first[row] = np.where(self._first[row] > 0, self._first[row], night)
        self._night[row], self._bin[row] = night, slot
        self._sum[over] = 0
        self._count[over] = 0
        self._bad[over] = False
        self._sum[row] += watts
        self._count[row] += 1
        self._bad[row] |= bad

    def _compare(self, row: Codes, mean: Floats) -> None:
        """Learns how far a bin lies from what the nights before drew around it. What lies above
        counts twice: of what lies below, bins that may be a loss are not learned."""
        night, slot = self._night[row].astype(np.int64), self._bin[row].astype(np.int64)
        said = self._others(row, night, slot, 1)
        known = (said[:, 1] >= self._off_w[row]) & (mean >= self._off_w[row])
        row, mean, said = row[known], mean[known], said[known]
        over, under = mean / said[:, 1] - 1, 1 - mean / np.maximum(said[:, 0], self._off_w[row])
        off = np.minimum(np.maximum(np.maximum(2 * over, under), _LEAST_SPREAD), 1)
        before = self.spread[row]
        self.spread[row] = np.where(before > 0, before + (off - before) * _SLOW, off)

    def _place(self, ts: Times) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(night, bin) of each time."""
        if not len(ts):
            return ts, ts
        offset = datetime.fromtimestamp(int(ts[0]) / 1000, self._zone).utcoffset()
        local = ts + (round(offset.total_seconds() * 1000) if offset else 0)
        return (local - 12 * HOUR) // DAY, local % DAY // _BIN
