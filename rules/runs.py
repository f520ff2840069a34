"""Runs: for how long many devices have each been seen to do the same.

A *run* is the stretch of readings over which a device did one thing (``doing``). Time counts as
seen only around readings: each stands for half a report interval and no longer, so silence adds
nothing to a hold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.readings import Codes, Times
from rules.fleet import Mask

NOT_JUDGED = 0
"""What a reading says that says nothing: it neither goes on with a run nor ends it."""

_MOST = 1000


class Runs:
    """Arrays are (n,), one row a device; what ``doing`` means is its owner's.

    ``since`` the first reading of the run and ``last`` its newest (ms), ``count`` its readings.
    """

    KEPT = ("doing", "since", "last", "count")

    def __init__(self, n: int) -> None:
        self.doing: NDArray[np.int8] = np.zeros(n, dtype=np.int8)
        self.since: Times = np.zeros(n, dtype=np.int64)
        self.last: Times = np.zeros(n, dtype=np.int64)
        self.count: NDArray[np.int16] = np.zeros(n, dtype=np.int16)

    def advance(
        self, row: Codes, ts: Times, doing: NDArray[np.int8], floor: Times | None = None
    ) -> None:
        """Takes in a round of readings, each row once at most.

        A run that began before ``floor`` (n,) is over: what it lasted through has changed. Repeated
        and older readings change nothing, but for one that contradicts a run from inside it: then
        what is certain of the run is its end.
        """
        judged = doing != NOT_JUDGED
        contrary = judged & (ts > self.since[row]) & (ts < self.last[row])
        contrary &= doing != self.doing[row]
        self.since[row[contrary]] = self.last[row[contrary]]
        self.count[row[contrary]] = 1

        newer = judged & (ts > self.last[row])
        row, ts, doing = row[newer], ts[newer], doing[newer]
        goes_on = doing == self.doing[row]
        if floor is not None:
            goes_on &= self.since[row] >= floor[newer]
        self.count[row] = np.where(goes_on, np.minimum(self.count[row] + 1, _MOST), 1)
        self.since[row] = np.where(goes_on, self.since[row], ts)
        self.doing[row] = doing
        self.last[row] = ts

    def held(
        self, doing: int, hold: int | Times, now: int, every: Times, readings: int = 2
    ) -> Mask:
        """Rows seen doing so for ``hold`` ms, by so many readings at least, bool (n,).

        ``every`` (n,) are the report intervals, ms.
        """
        reach = self.last + np.minimum(now - self.last, every // 2) - self.since
        held: Mask = (self.doing == doing) & (self.count >= readings) & (reach >= hold)
        return held
