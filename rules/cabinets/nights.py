"""What a circuit draws by the minute of the night, learned over its last good nights.

Ten minutes make a bin, a night goes from noon to noon. The reference is the lower median of the
nights. A switching time or a planned drop may move by some minutes: so what is below the least of a
bin and its neighbours is lost, and what comes up to the most of them is all there.
"""

from __future__ import annotations

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


_SLOW = 0.02
"""Share of a new bin in the usual distance between nights: about the bins of a night."""


class Nights:
    """The last nights of m series; ``spread`` (m,) is by what share two nights usually differ.

    Only what is at least ``off_w`` W, one for all or (m,), tells of that: by day a circuit draws
    the same every day, however it is dimmed by night.
    """

    KEPT = ("_watts", "_night", "_bin", "_sum", "_count", "_bad", "spread")

    def __init__(self, m: int, timezone: str, least: int, off_w: float | Floats) -> None:
        self._zone = ZoneInfo(timezone)
        self._least = least
        self._off_w = np.broadcast_to(np.asarray(off_w, dtype=np.float32), m)
        self._watts: NDArray[np.float32] = np.full((m, _KEPT, _BINS), np.nan, dtype=np.float32)
        # The bin that is being filled: its night and number, and what was read in it.
        self._night = np.zeros(m, dtype=np.int32)
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
            self._said[row[anew]] = self._others(row[anew], night[anew], slot[anew])
            self._said_of[row] = asked
        said = self._said[row]
        return said[:, 0], said[:, 1]

    def _others(self, row: Codes, night: NDArray[np.int64], slot: NDArray[np.int64]) -> Floats:
        """(the least, the most) that the other nights say of a bin of each series, (k, 2) W."""
        others = (np.arange(_KEPT) - night[:, None]) % _KEPT != 0
        around = [(slot + step) % _BINS for step in (-1, 0, 1)]
        medians = []
        for bins in around:
            past = np.where(others, self._watts[row, :, bins], np.nan)
            nights = (~np.isnan(past)).sum(axis=1)
            ordered = np.sort(past, axis=1)
            middle = ordered[np.arange(len(row)), np.maximum(nights - 1, 0) // 2]
            medians.append(np.where(nights >= self._least, middle, np.nan))
        return np.stack([np.min(medians, axis=0), np.max(medians, axis=0)], axis=1)

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
        self._night[row], self._bin[row] = night, slot
        self._sum[over] = 0
        self._count[over] = 0
        self._bad[over] = False
        self._sum[row] += watts
        self._count[row] += 1
        self._bad[row] |= bad

    def _compare(self, row: Codes, mean: Floats) -> None:
        """Learns how far a bin lies from that of the nights before. What lies above counts twice:
        of what lies below, bins that may be a loss are not learned."""
        others = (np.arange(_KEPT) - self._night[row][:, None]) % _KEPT != 0
        past = np.where(others, self._watts[row, :, self._bin[row]], np.nan)
        lit = past >= self._off_w[row][:, None]
        past = np.where(lit, past, np.nan)
        known = lit.any(axis=1) & (mean >= self._off_w[row])
        row, usual = row[known], np.nanmedian(past[known], axis=1)
        off = mean[known] / usual - 1
        off = np.minimum(np.where(off > 0, 2 * off, -off), 1)
        before = self.spread[row]
        self.spread[row] = np.where(before > 0, before + (off - before) * _SLOW, off)

    def _place(self, ts: Times) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(night, bin) of each time."""
        if not len(ts):
            return ts, ts
        offset = datetime.fromtimestamp(int(ts[0]) / 1000, self._zone).utcoffset()
        local = ts + (round(offset.total_seconds() * 1000) if offset else 0)
        return (local - 12 * HOUR) // DAY, local % DAY // _BIN
