"""Flooding: water at the cover, and rising.

A level that has stood where it is since anyone looked is how that shaft is; so the level must have
risen above the lowest that was lately seen, unless water stands over the cover itself. Low is what
two reports in a row are: a single one is a sensor that slipped.
"""

from __future__ import annotations

import numpy as np

from facility.clock import HOUR
from facility.inventory import Inventory
from facility.readings import Codes, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import Mask, rounds
from rules.limits import Alarm, Limit, Newest
from rules.sight import Sight
from rules.tracker import Tracker

TYPE = "cover.flooding"


class FloodingDetector:
    """Opens and ends ``cover.flooding``. Arrays are (n,), in the order of the inventory."""

    KEPT = ("_high", "_newest", "_lowest", "_before", "_last", "_highest")

    def __init__(
        self, inventory: Inventory, every: Times, book: Rulebook, tracker: Tracker
    ) -> None:
        self._book = book.flooding
        self._alarm = Alarm(TYPE, inventory.covers, tracker)
        self._high = Limit(every, readings=2, hold=self._book.hold, off_hold=self._book.off_hold)
        self._newest = Newest(len(every), ("water_m",))
        self._lowest = np.full(len(every), np.nan)
        self._before = np.full(len(every), np.nan)
        self._last: Times = np.zeros(len(every), dtype=np.int64)
        # Of covers that have a case: the highest level since it opened.
        self._highest = np.full(len(every), np.nan)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its covers."""
        water = batch.column("water_m")
        if np.isnan(water).all():
            return
        book = at(self._book, rows)
        rising: Mask = np.zeros(len(batch), dtype=bool)
        for part in rounds(rows, batch.ts):
            part = part[~np.isnan(water[part]) & (batch.ts[part] > self._last[rows[part]])]
            row, ts, level = rows[part], batch.ts[part], water[part]
            mine = at(self._book, row)
            # The lowest level seen creeps up with time: what stays high becomes how it is.
            hours = np.where(self._last[row] > 0, ts - self._last[row], 0) / HOUR
            low = np.fmax(level, self._before[row])
            self._lowest[row] = np.fmin(self._lowest[row] + mine.forget_m_per_h * hours, low)
            self._before[row] = level
            self._last[row] = ts
            self._highest[row] = np.maximum(self._highest[row], level)
            rising[part] = (level - self._lowest[row] >= mine.rise_m) | (level >= mine.over_m)
        self._high.feed(rows, batch, rising & (water >= book.level_m), water < book.clear_m)
        self._newest.feed(rows, batch)

    def judge(self, now: int) -> None:
        """Opens and ends cases by what the covers last said."""
        cleared = self._high.cleared(now)
        for row in self._alarm.open_rows(now):
            if cleared[row]:
                shown = self._shown(row)
                if not np.isnan(self._highest[row]):
                    shown["highest_m"] = round(float(self._highest[row]), 2)
                self._highest[row] = np.nan
                self._alarm.end(now, row, "fallen", shown)
        for row in self._high.raised(now).nonzero()[0].tolist():
            if not self._alarm.case(row):
                self._highest[row] = self._newest.values[row, 0]
            self._alarm.open(now, row, "water", self._shown(row))

    def sight(self, device: str) -> Sight:
        """What is seen of a device."""
        return self._high.sight(self._alarm.row(device))

    def _shown(self, row: int) -> dict[str, float]:
        rise = float(self._newest.values[row, 0] - self._lowest[row])
        return {**self._newest.shown(row), "risen_m": round(rise, 2)}
