"""Patience: for how long each device may be unheard before it is silent."""

from __future__ import annotations

import numpy as np

from facility.readings import Times
from rules.book import figures
from rules.book.overrides import at
from rules.fleet import Fleet, Rows

_BUNDLES = 2
"""Bundles of reports for which a device that sends them in bundles may be unheard before."""


class Patience:
    """``allowed`` int64 (n,) ms: until at least as many reports are missing as the rulebook says,
    and more than chance explains.

    The margin for jitter grows with the root of what is more, as that of a random walk does. Only
    what has changed is worked out anew: of a million devices few do from one minute to the next.
    """

    def __init__(self, fleet: Fleet, book: figures.Silence) -> None:
        self._fleet = fleet
        self._book = book
        self.allowed: Times = np.zeros(len(fleet), dtype=np.int64)
        self._bundled: Rows = np.empty(0, dtype=np.intp)
        self._begun = False

    def look(self, anew: slice) -> None:
        """Takes stock; ``anew`` are the devices of which :mod:`rules.arrivals` did."""
        self._work_out(anew if self._begun else slice(None))
        self._begun = True
        bundled = self._fleet.arrivals.bundled()
        if len(bundled) or len(self._bundled):
            self._work_out(np.union1d(self._bundled, bundled))
            self._bundled = bundled
        if len(self._fleet.learners):
            self._work_out(self._fleet.learners)

    def _work_out(self, rows: Rows | slice) -> None:
        fleet, book = self._fleet, at(self._book, rows)
        reports = np.maximum(book.missed, fleet.arrivals.reports[rows])
        more = reports + book.margin * np.sqrt(reports / book.missed)
        self.allowed[rows] = (fleet.every[rows] * more).astype(np.int64)
        if rows is fleet.learners:
            self.allowed[rows] = fleet.learned.quiet(self.allowed[rows])
        self.allowed[rows] += _BUNDLES * np.maximum(fleet.arrivals.bundle[rows], 0)
