"""Leachate: the tank of a transfer station nearly full."""

from __future__ import annotations

from facility.inventory import Inventory
from facility.readings import Codes, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.limits import Alarm, Limit, Newest
from rules.sight import Sight
from rules.tracker import Tracker

TYPE = "station.leachate"


class LeachateDetector:
    """Opens and ends ``station.leachate``."""

    KEPT = ("_full", "_newest")

    def __init__(
        self, inventory: Inventory, every: Times, book: Rulebook, tracker: Tracker
    ) -> None:
        self._book = book.leachate
        self._alarm = Alarm(TYPE, inventory.stations, tracker)
        self._full = Limit(every, readings=2, hold=self._book.hold, off_hold=self._book.off_hold)
        self._newest = Newest(len(every), ("leachate_pct",))

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its stations."""
        level, book = batch.column("leachate_pct"), at(self._book, rows)
        self._full.feed(rows, batch, level >= book.level_pct, level < book.clear_pct)
        self._newest.feed(rows, batch)

    def judge(self, now: int) -> None:
        """Opens and ends cases by what the tanks last said."""
        cleared = self._full.cleared(now)
        for row in self._alarm.open_rows(now):
            if cleared[row]:
                self._alarm.end(now, row, "drained", self._newest.shown(row))
        for row in self._full.raised(now).nonzero()[0].tolist():
            self._alarm.open(now, row, "leachate", self._newest.shown(row))

    def sight(self, device: str) -> Sight:
        """What is seen of a device."""
        return self._full.sight(self._alarm.row(device))
