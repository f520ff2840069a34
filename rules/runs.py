"""Runs: for how long many devices have each been seen to do the same.

A *run* is the stretch of readings over which a device did one thing (``doing``). Time counts as
seen only around readings: each stands for half a report interval and no longer, so silence adds
nothing to a hold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.readings import Codes, Times
from rules.fleet import Mask, Rows

NOT_JUDGED = 0
"""What a reading says that says nothing: it neither goes on with a run nor ends it."""

_MOST = 1000
_FEW = 8
"""Up to one row in so many it pays to look at these alone."""


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
        last = self.last[row]
        judged = doing != NOT_JUDGED
        newer = judged & (ts > last)
        if not newer.all():
            contrary = judged & (ts > self.since[row]) & (ts < last)
            contrary &= doing != self.doing[row]
            self.since[row[contrary]] = last[contrary]
            self.count[row[contrary]] = 1
            row, ts, doing = row[newer], ts[newer], doing[newer]
            floor = None if floor is None else floor[newer]

        goes_on = doing == self.doing[row]
        if floor is not None:
            goes_on &= self.since[row] >= floor
        more = np.minimum(self.count[row] + 1, _MOST)
        self.last[row] = ts
        if goes_on.all():
            self.count[row] = more
            return
        self.count[row] = np.where(goes_on, more, 1)
        self.since[row] = np.where(goes_on, self.since[row], ts)
        self.doing[row] = doing

    def held(
        self, doing: int, hold: int | Times, now: int, every: Times, readings: int = 2
    ) -> Mask:
        """Rows seen doing so for ``hold`` ms, by so many readings at least, bool (n,).

        ``every`` (n,) are the report intervals, ms.
        """
        held: Mask = self.doing == doing
        # Few rows are at fault, most of the time none.
        few: Rows = np.flatnonzero(held)
        rows = few if len(few) <= len(held) // _FEW else slice(None)
        held[rows] = self.lasting(rows, doing, hold, now, every, readings)
        return held

    def lasting(
        self,
        rows: Rows | slice,
        doing: int,
        hold: int | Times,
        now: int,
        every: Times,
        readings: int = 2,
    ) -> Mask:
        """As :meth:`held`, of some rows alone, bool (k,)."""
        last = self.last[rows]
        reach = last + np.minimum(now - last, every[rows] // 2) - self.since[rows]
        enough = hold[rows] if isinstance(hold, np.ndarray) else hold
        lasting: Mask = self.doing[rows] == doing
        lasting &= (self.count[rows] >= readings) & (reach >= enough)
        return lasting
