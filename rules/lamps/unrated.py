"""Lamps without a rating: what each draws at full level, learned from what it was seen to draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facility.assets import Streetlight
from facility.readings import Codes, Floats
from rules.fleet import Mask, Rows

_LEAST_FULL_W = 15.0
"""A street lamp draws no less at full level; what was seen below may be its standby alone."""


class Unrated:
    """State is held of these lamps alone: arrays are (k,), one each.

    ``_most`` is the most that two readings in a row have shown, ``_full_w`` what a lamp is held to
    draw at full level, NaN until it is known; W.
    """

    KEPT = ("_most", "_full_w")

    def __init__(self, lamps: Sequence[Streetlight]) -> None:
        self._rows: Rows = np.flatnonzero([not lamp.rated_w for lamp in lamps])
        self.row_names = [lamps[row].id for row in self._rows.tolist()]
        k = len(self._rows)
        # Where each lamp stands among these; -1 for one that has a rating.
        self._place: NDArray[np.int32] = np.full(len(lamps), -1, dtype=np.int32)
        self._place[self._rows] = np.arange(k)
        self._most: NDArray[np.float32] = np.zeros(k, dtype=np.float32)
        self._full_w: NDArray[np.float32] = np.full(k, np.nan, dtype=np.float32)

    def __len__(self) -> int:
        return len(self._rows)

    def fill(self, rated_w: Floats, rows: Rows | Codes | slice) -> Floats:
        """The ratings of the lamps ``rows``, and of those that have none what is held of them."""
        place = self._place[rows]
        return np.where(place >= 0, self._full_w[place], rated_w)

    def feed(self, row: Rows | Codes, seen: Floats) -> None:
        """Takes in what a round of lamps, with and without a rating, was seen to draw by two
        readings in a row; NaN says nothing."""
        place = self._place[row]
        mine = place >= 0
        place = place[mine]
        self._most[place] = np.fmax(self._most[place], seen[mine])

    def learn(self, rated_w: Floats) -> Mask:
        """Holds each to the most that it has shown, but to no more than the ratings beside it,
        ``rated_w`` (n,), NaN where there are none: where those are too low all of them seem strong,
        and it is no weak lamp. Of which lamps it is known by that or by a rating what they draw,
        bool (n,)."""
        own = self._most >= _LEAST_FULL_W
        self._full_w[own] = np.fmin(self._most, rated_w[self._rows])[own]
        known: Mask = self._place < 0
        known[self._rows[own]] = True
        return known

    def learn_from(self, beside_w: Floats, known: Mask) -> None:
        """Holds those that are not ``known`` to what lamps beside them draw, (n,)."""
        others = ~known[self._rows]
        self._full_w[others] = beside_w[self._rows[others]]
