"""How the reports of each device arrive: how many are lost, and whether they come in bundles.

Three reports in a row are missing by chance once in p⁻³ reports, p being the share that is not
there when it is due, lost or late: over a radio that loses one in fifty several times a day in any
district. So p is learned, and as many must be missing as chance does not explain. A concentrator
that sends every hour what was measured since is late each time, and not silent.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, MINUTE
from facility.measurements import Kind
from facility.readings import Codes, Floats, Times

Rows = NDArray[np.intp]

OVERDUE = 1.5
"""Report intervals by which a device should have been heard."""

_REACH = 2 * DAY
"""Losses are remembered for about so long."""

_PRIOR = 100.0
"""Reports for which the share of all devices of the kind counts beside a device's own."""

_MOST = 24
"""Reports that at most must be missing, however many a device loses."""

_PATH_SHARE, _PATH_LEAST = 0.5, 5
"""Where so large a share of those heard at once was late, and so many, their path was down: that
says nothing about chance."""

_SLICES = 10
"""Minutes in which the figures of all devices are worked out anew, a slice of them a minute."""

_BUNDLE = 3
"""Readings that make a bundle, if they fill half of the time that they span."""


class Arrivals:
    """Arrays are (n,), a device each; devices of one ``kind_of`` are held to be alike.

    ``reports`` is how many in a row must be missing, by chance alone; ``bundle`` the time that a
    bundle spans, ms: 0 where reports come singly, half with each that does, below 0 after the first
    one, which may be what was kept back while the device was offline, and no habit.
    """

    KEPT = ("missing", "bundle", "reports")
    PLAIN: ClassVar[dict[str, Any]] = {"since": int, "shares": tuple[float, ...]}

    def __init__(self, kind_of: NDArray[np.int8], every: Times) -> None:
        n = len(kind_of)
        self._kind_of = kind_of
        self._every = every
        self.missing: NDArray[np.float32] = np.zeros(n, dtype=np.float32)
        self.bundle: NDArray[np.int32] = np.zeros(n, dtype=np.int32)
        self.reports: NDArray[np.int8] = np.ones(n, dtype=np.int8)
        self.since = 0
        # What share of each kind's reports is not there when it is due.
        self.shares: tuple[float, ...] = (0.0,) * len(Kind)
        self._some_bundle = True

    def learn(self, rows: Codes, ts: Times, arrived: Times, before: Times) -> None:
        """Takes in a batch, by device; ``before`` (k,) is when each was last heard, 0 never."""
        if not len(rows):
            return
        self.since = self.since or int(arrived.min())
        same = rows[1:] == rows[:-1]
        start = np.flatnonzero(np.concatenate([[True], ~same])) if same.any() else None
        if start is not None:
            before = before.copy()
            before[1:][same] = arrived[:-1][same]
        every = self._every[rows]
        gap = arrived - before
        overdue = (gap > OVERDUE * every) & (before > 0) & (every > 0)
        if self._some_bundle or start is not None:
            self._see_bundles(rows, ts, arrived, before, start)
            overdue &= self.bundle[rows] == 0
        late = np.flatnonzero(overdue)
        if len(late) >= _PATH_LEAST and len(late) > _PATH_SHARE * len(rows):
            return
        row = rows[late]
        missed = np.rint(gap[late] / every[late]) - 1
        # Where more were missing than chance explains it was silence.
        by_chance = missed < np.maximum(self.reports[row], _BUNDLE)
        np.add.at(self.missing, row[by_chance], missed[by_chance].astype(np.float32))

    def _see_bundles(
        self, rows: Codes, ts: Times, arrived: Times, before: Times, start: Rows | None
    ) -> None:
        """Finds devices of which several readings came at once, and those of which one did."""
        start = np.arange(len(rows)) if start is None else start
        row, every = rows[start], self._every[rows[start]]
        count = np.diff(np.append(start, len(rows)))
        span = np.maximum.reduceat(ts, start) - np.minimum.reduceat(ts, start)
        at_once = np.maximum.reduceat(arrived, start) - np.minimum.reduceat(arrived, start)
        bundled = (count >= _BUNDLE) & (at_once < MINUTE) & (span < DAY) & (every > 0)
        bundled &= (span > OVERDUE * every) & ((count - 1) * every >= span / 2)
        single = ~bundled & (arrived[start] - before[start] <= OVERDUE * every)
        # What comes alone long after it was measured has come before, or was kept back.
        prompt = (arrived[start] - ts[start] <= every) | (self.bundle[row] < 0)
        some = row[single & prompt & (self.bundle[row] != 0)]
        left = self.bundle[some] // 2
        self.bundle[some] = np.where(left > self._every[some], left, 0)
        if bundled.any():
            first = before[start[bundled]] == 0
            row, span = row[bundled], (span + every)[bundled]
            self.bundle[row] = np.where(first | (self.bundle[row] != 0), span, -span)
            self._some_bundle = True

    def bundled(self) -> Rows:
        """The devices whose reports come in bundles."""
        return np.flatnonzero(self.bundle > 0) if self._some_bundle else np.empty(0, dtype=np.intp)

    def look(self, now: int, heard: Times, chance: float) -> slice:
        """Works a slice of the devices out anew, and says which: how many reports must be missing,
        which chance explains once in 1 / ``chance`` reports. Of one that is being waited for
        nothing changes."""
        part, n = now // MINUTE % _SLICES, len(self._every)
        if part == 0:
            self._some_bundle = bool(self.bundle.any())
            due = np.bincount(self._kind_of, self._due(now, self._every), len(self.shares))
            lost = np.bincount(self._kind_of, self.missing, len(self.shares))
            self.shares = tuple((lost / np.maximum(due, _PRIOR)).tolist())
        mine = slice(part * n // _SLICES, (part + 1) * n // _SLICES)
        missing, usual = self.missing[mine], np.array(self.shares)[self._kind_of[mine]]
        share = (missing + _PRIOR * usual) / (self._due(now, self._every[mine]) + _PRIOR)
        needed = np.log(chance) / np.log(np.clip(share, 1e-12, 0.9))
        waited = now - heard[mine] > OVERDUE * self._every[mine]
        self.reports[mine] = np.where(
            waited, self.reports[mine], np.clip(np.ceil(needed), 1, _MOST)
        )
        missing *= 1 - _SLICES * MINUTE / _REACH
        return mine

    def _due(self, now: int, every: Times) -> Floats:
        """How many reports were due in the time that is remembered."""
        past = now - self.since if self.since else 0
        seen = _REACH * (1 - math.exp(-past / _REACH))
        return np.where(every > 0, seen / np.maximum(every, 1), 0.0)
