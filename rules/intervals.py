"""Report intervals that the inventory does not give, learned from times of measurement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, MINUTE
from facility.readings import Codes, Times

Mask = NDArray[np.bool_]

_AFTER = 4
"""Readings until an interval is trusted."""

_REGULAR = 0.35
"""Mean deviation, as a share of the interval, up to which a device reports regularly. One that
reports when something changes does not, and is known only by its longest pause of a day."""

_DEVIATIONS = 4
"""Added to what an interval that was learned allows, as TCP does for its timers (RFC 6298)."""

_PAUSES = 1.5
"""Times its longest pause that an irregular device may be quiet."""

_SELDOM = 20 * MINUTE
"""One that reports more often than this shows a change by more than one report."""

_SETTLED = 16
"""Gaps over which the means are taken."""


class Intervals:
    """Of some devices (k,): ``every`` ms, a running mean; 0 before there is one."""

    KEPT = ("every", "_last_ts", "_first_ts", "_count", "_deviation", "_longest")

    def __init__(self, ids: list[str]) -> None:
        self.row_names = ids
        self.every, self._last_ts, self._first_ts, self._deviation, self._longest = (
            np.zeros(len(ids), dtype=np.int64) for _ in range(5)
        )
        self._count = np.zeros(len(ids), dtype=np.int16)

    def learn(self, row: Codes, ts: Times) -> None:
        """Takes in a round of readings, of each device once; late delivery changes nothing."""
        first = self._last_ts[row] == 0
        self._first_ts[row[first]] = ts[first]
        gap = ts - self._last_ts[row]
        timed = (gap > 0) & (gap < DAY) & ~first
        some, gap = row[timed], gap[timed]
        self._count[some] = np.minimum(self._count[some] + 1, 1000)
        # The first gap stands alone.
        slow = np.minimum(self._count[some], _SETTLED)
        off = np.where(self._count[some] > 1, np.abs(gap - self.every[some]), 0)
        self._deviation[some] += (off - self._deviation[some]) // slow
        self.every[some] += (gap - self.every[some]) // slow
        self._longest[some] = np.maximum(self._longest[some], gap)
        newer = ts > self._last_ts[row]
        self._last_ts[row[newer]] = ts[newer]

    def known(self) -> Mask:
        """Devices whose interval is trusted, bool (k,)."""
        day = self._last_ts - self._first_ts >= DAY
        known: Mask = (self._count >= _AFTER) & (self._regular() | day)
        return known

    def irregular(self) -> Mask:
        """Devices that report when something changes, and seldom, bool (k,)."""
        seldom = (self._count >= _AFTER) & (self.every >= _SELDOM)
        return seldom & ~self._regular()

    def quiet(self, allowed: Times) -> Times:
        """For how long they may be unheard where regular devices are ``allowed`` so long, ms."""
        allowed = allowed + _DEVIATIONS * self._deviation
        pause = (_PAUSES * self._longest).astype(np.int64)
        return np.where(self._regular(), allowed, np.maximum(allowed, pause))

    def _regular(self) -> Mask:
        regular: Mask = self._deviation <= _REGULAR * self.every
        return regular
