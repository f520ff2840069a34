"""Covers out of place: tilted and staying so, not tilted by a passing wheel.

A wheel tilts a cover for less than two seconds, so one reading proves nothing and two in a row
do; beyond 90° no wheel is needed to explain it.
"""

from __future__ import annotations

import numpy as np

from facility.clock import SECOND, to_rfc3339
from facility.inventory import Inventory
from facility.readings import Codes, ReadingBatch
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import rounds
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import FAMILY, Tracker

TYPE = "cover.displaced"

_PASSING = 2 * SECOND
"""Longest disturbance by a vehicle (practice of the trade, domain facts)."""


class DisplacedDetector:
    """Opens and ends ``cover.displaced``. Arrays are (n,), in the order of the inventory."""

    KEPT = (
        "_last",
        "_tilt",
        "_tilted_since",
        "_level_count",
        "_level_since",
        "_raised",
        "_cleared",
    )

    def __init__(self, inventory: Inventory, book: Rulebook, tracker: Tracker) -> None:
        self._book = book.displaced
        self._tracker = tracker
        self._ids = [cover.id for cover in inventory.covers]
        self._row_of = {cover_id: row for row, cover_id in enumerate(self._ids)}
        n = len(self._ids)
        self._last = np.zeros(n, dtype=np.int64)
        self._tilt = np.full(n, np.nan)
        self._tilted_since = np.zeros(n, dtype=np.int64)
        self._level_count = np.zeros(n, dtype=np.int16)
        self._level_since = np.zeros(n, dtype=np.int64)
        self._raised = np.zeros(n, dtype=bool)
        self._cleared = np.zeros(n, dtype=bool)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its covers."""
        tilt = batch.column("tilt_deg")
        for part in rounds(rows, batch.ts):
            part = part[~np.isnan(tilt[part]) & (batch.ts[part] > self._last[rows[part]])]
            row, ts, angle = rows[part], batch.ts[part], tilt[part]
            book = at(self._book, row)
            self._last[row] = ts
            self._tilt[row] = angle
            tilted = angle > book.tilt_deg
            since = self._tilted_since[row]
            stays = tilted & (since > 0) & (ts - since >= np.maximum(_PASSING, book.hold))
            self._raised[row] = stays | (angle > book.at_once_deg)
            self._tilted_since[row] = np.where(tilted, np.where(since > 0, since, ts), 0)
            level = angle <= book.clear_deg
            self._level_count[row] = np.where(level, self._level_count[row] + 1, 0) % 1000
            began = self._level_count[row] == 1
            self._level_since[row] = np.where(began, ts, self._level_since[row])
            lasts = ts - self._level_since[row] >= book.off_hold
            self._cleared[row] = (self._level_count[row] >= 2) & lasts

    def judge(self, now: int) -> None:
        """Opens and ends cases by what the covers last said."""
        members = self._tracker.members(FAMILY[TYPE])
        for cover, case in list(members.items()):
            row = self._row_of.get(cover)
            if row is None or self._cleared[row]:
                self._tracker.leave(now, case, (cover,), "level", self._shown(row))
        for row in np.flatnonzero(self._raised).tolist():
            cover = self._ids[row]
            if cover not in members:
                self._tracker.open(now, TYPE, f"cover:{cover}", (cover,), "tilt", self._shown(row))

    def sight(self, cover: str) -> Sight:
        """What is seen of a cover."""
        row = self._row_of.get(cover)
        if row is None:
            return Sight()
        says = FAULT if self._tilted_since[row] else SOUND if self._level_count[row] else NOTHING
        return Sight(says, int(self._last[row]), hold=_PASSING)

    def _shown(self, row: int | None) -> dict[str, object]:
        if row is None:
            return {}
        shown: dict[str, object] = {"tilt_deg": round(float(self._tilt[row]), 1)}
        if self._tilted_since[row]:
            shown["since"] = to_rfc3339(int(self._tilted_since[row]))
        return shown
