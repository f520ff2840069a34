"""Gas over the workers' limit: at once, with the report that shows it.

Level 1 is 100 % of the limit, level 2 is 200 % (GB/T 50493-2019). The level is evidence; the case
is the same whichever it is. The boundary limit of :mod:`rules.stations.odour` is another rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.inventory import Inventory
from facility.readings import Codes, ReadingBatch, Times
from rules.book.figures import GasHazard
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import Mask
from rules.limits import Alarm, Limit, Newest
from rules.sight import Sight
from rules.tracker import Tracker

TYPE = "station.gas_hazard"
GASES = {"h2s_mg_m3": "hydrogen_sulphide", "nh3_mg_m3": "ammonia"}
"""Field → the cause of the case."""

Shown = dict[str, Any]


def over_limit(batch: ReadingBatch, book: GasHazard) -> dict[str, Mask]:
    """Field → where it is over the workers' limit, each (n,)."""
    limits = {"h2s_mg_m3": book.h2s_mg_m3, "nh3_mg_m3": book.nh3_mg_m3}
    return {field: batch.column(field) >= limit for field, limit in limits.items()}


class GasHazardDetector:
    """Opens and ends ``station.gas_hazard``."""

    KEPT = ("_limit", "_newest", "_told")

    def __init__(
        self, inventory: Inventory, every: Times, book: Rulebook, tracker: Tracker
    ) -> None:
        self._book = book.gas_hazard
        self._alarm = Alarm(TYPE, inventory.stations, tracker)
        self._limit = Limit(every, readings=1, hold=self._book.hold, off_hold=self._book.off_hold)
        self._newest = Newest(len(every), tuple(GASES))
        self._told: NDArray[np.int8] = np.zeros(len(every), dtype=np.int8)
        self._due: list[tuple[int, int, int, str, Shown]] = []

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its stations."""
        book = at(self._book, rows)
        concentration = np.stack([batch.column(field) for field in GASES], axis=1)
        share = concentration / np.array([book.h2s_mg_m3, book.nh3_mg_m3]).T
        highest = np.fmax(share[:, 0], share[:, 1])
        over = highest >= 1
        newer = batch.ts > self._limit.runs.last[rows]
        self._limit.feed(rows, batch, over, highest < book.clear_share)
        self._newest.feed(rows, batch)
        for i in np.flatnonzero(over & newer).tolist():
            field = list(GASES)[int(np.nanargmax(share[i]))]
            level = 2 if highest[i] >= at(self._book, rows[i]).level_2_share else 1
            shown = {field: round(float(concentration[i, list(GASES).index(field)]), 3)}
            shown |= {"level": level, "times_limit": round(float(highest[i]), 2)}
            self._due.append((int(batch.arrived[i]), int(rows[i]), level, GASES[field], shown))

    def report(self) -> None:
        """Opens the cases of the readings taken in, each at the moment it arrived.

        Those that the book has wait are opened when stock is taken.
        """
        for moment, row, level, cause, shown in sorted(self._due, key=lambda due: due[:2]):
            if at(self._book, row).hold:
                continue
            if not self._alarm.case(row):
                self._alarm.open(moment, row, cause, shown)
            elif level > self._told[row]:
                self._alarm.tell(moment, row, cause, shown)
            self._told[row] = max(level, int(self._told[row]))
        self._due.clear()

    def forget(self) -> None:
        """Lets the readings taken in be history: a station that is still over the limit is found
        when stock is taken."""
        self._due.clear()

    def judge(self, now: int) -> None:
        """Ends cases where the air is clean again."""
        self.report()
        for row in self._limit.raised(now).nonzero()[0].tolist():
            self._alarm.open(now, row, "gas", self._newest.shown(row))
        cleared = self._limit.cleared(now)
        for row in self._alarm.open_rows(now):
            if cleared[row]:
                self._told[row] = 0
                self._alarm.end(now, row, "clean", self._newest.shown(row))

    def sight(self, device: str) -> Sight:
        """What is seen of a device."""
        return self._limit.sight(self._alarm.row(device))
