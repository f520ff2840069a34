"""What each lamp draws by itself, at full level and while it is off, and those beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facility.assets import Streetlight
from facility.clock import MINUTE
from facility.readings import Codes, Floats
from rules.book import figures
from rules.fleet import Mask, Rows
from rules.lamps.groups import Groups
from rules.lamps.unrated import Unrated

Small = NDArray[np.float32]

_PEERS = 4
"""Lamps of a segment that must be lit before they say anything of one of them."""

_COMMON = 0.25
"""Share of a segment's lamps that draw little from which this is dimming, and no lamp's fault."""

_LOOK_EVERY = 2 * MINUTE
_IDLE_READINGS = 8
"""Readings over which it is averaged what a lamp draws while it is off."""


class Draws:
    """Arrays are (n,), a lamp each.

    ``idle_w`` is what a lamp draws while it is off, NaN until it was seen. ``beside`` is the mean
    share of their full power which the lit lamps of its segment draw, NaN where they say nothing.
    ``dimmed`` are those in whose segment many draw as little as a driver without a lamp would.
    """

    KEPT = ("idle_w", "beside", "dimmed", "_unrated")

    def __init__(self, lamps: Sequence[Streetlight], book: figures.Lamps) -> None:
        n = len(lamps)
        self._book = book
        self._rated_w = np.array([lamp.rated_w or np.nan for lamp in lamps], dtype=np.float64)
        self._unrated = Unrated(lamps)
        self._learns = bool(len(self._unrated))
        self._neighbours = _neighbours(lamps)
        self.idle_w, self.beside = (np.full(n, np.nan, dtype=np.float32) for _ in range(2))
        self.dimmed: Mask = np.zeros(n, dtype=bool)

    def full_w(self, rows: Rows | Codes | slice = slice(None)) -> Floats:
        """What lamps draw at full level, W: their rating; where there is none the most that was
        seen of one and no more than the ratings beside it, or what its segment's others draw; NaN
        until it is known."""
        if not self._learns:
            return self._rated_w[rows]
        return self._unrated.fill(self._rated_w[rows], rows)

    def feed(
        self, row: Rows | Codes, power: Floats, before: Small, off: Mask, planned: Mask
    ) -> None:
        """Takes in a round of readings: ``before`` (k,) is what each drew by the one before,
        ``off`` where it is off as planned, ``planned`` where it should be lit: what it draws by day
        may be its driver alone."""
        if self._learns:
            self._unrated.feed(row, np.where(planned, np.fmin(power, before), np.nan))
        if off.any():
            row, power = row[off], power[off]
            idle = self.idle_w[row]
            step = np.where(np.isnan(power), 0.0, (power - idle) / _IDLE_READINGS)
            self.idle_w[row] = np.where(np.isnan(idle), power, idle + step)

    def look(self, now: int, power: Small, lit: Mask, fresh: Mask) -> None:
        """Takes stock of each segment: what its lamps last drew, which are lit, and which were
        lately heard."""
        if now % _LOOK_EVERY:
            return
        if self._learns:
            self._learn()
        share = power / self.full_w()
        fresh = fresh & ~np.isnan(share)
        alone = np.fmax(self._book.standby_floor_w, self._book.standby_share * self.full_w())
        little = (share >= self._book.dark_share) & (power < alone)
        self.dimmed[:] = self._means(little, fresh, _PEERS) > _COMMON
        beside = self._means(share, fresh & lit, _PEERS)
        self.beside[:] = np.where(self.dimmed, np.nan, beside)

    def _learn(self) -> None:
        known = self._unrated.learn(self._means(self._rated_w, ~np.isnan(self._rated_w), 1))
        self._unrated.learn_from(self._means(self.full_w(), known, 1), known)

    def _means(self, values: Floats | Mask, counted: Mask, least: int) -> Floats:
        """Each row's mean over those of its segment that count, (n,); NaN for fewer than
        ``least``."""
        count, sums = self._neighbours.count(counted), self._neighbours.sums(values, counted)
        mean = np.where(count >= least, sums / np.maximum(count, 1), np.nan)
        return self._neighbours.each(mean)


def _neighbours(lamps: Sequence[Streetlight]) -> Groups:
    """The lamps of each segment, or where that is too small of each circuit."""
    of_segment = Counter(lamp.segment for lamp in lamps)
    names = [
        lamp.segment
        if lamp.segment and (of_segment[lamp.segment] > _PEERS or not lamp.circuit)
        else f"/{lamp.circuit or lamp.id}"
        for lamp in lamps
    ]
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    return Groups(np.array([codes[name] for name in names], dtype=np.intp), len(codes))
