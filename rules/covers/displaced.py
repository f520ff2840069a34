"""Covers out of place: tilted and staying so, not tilted by a passing wheel.

A wheel tilts a cover, or shakes its sensor, for less than two seconds: one report may have been
measured just then, two in a row were not. One alone will do beyond 90°, and where no wheel can
have been there: a sensor that counts wheels has counted none for long, this report included
(decision 18). What a report shows is a case with that report and does not wait for stock-taking.
"""

from __future__ import annotations

import numpy as np

from facility.clock import MINUTE, to_rfc3339
from facility.inventory import Inventory
from facility.readings import Codes, Floats, ReadingBatch, Times
from rules.book.overrides import at, figure_at
from rules.book.rulebook import Rulebook
from rules.fleet import rounds
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import FAMILY, Tracker

TYPE = "cover.displaced"


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
        "_counts_wheels",
        "_no_wheel",
    )

    def __init__(
        self, inventory: Inventory, every: Times, book: Rulebook, tracker: Tracker
    ) -> None:
        """``every`` (n,) are the report intervals, ms, 0 while unknown."""
        self._book = book.displaced
        self._every = every
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
        # Whether the sensor has ever counted a wheel, and for how long (ms) it has counted none; 0
        # while its newest report counts some, or does not say.
        self._counts_wheels = np.zeros(n, dtype=bool)
        self._no_wheel = np.zeros(n, dtype=np.int64)
        self._due: list[tuple[int, int, dict[str, object]]] = []

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its covers."""
        tilt, passes = batch.column("tilt_deg"), batch.column("passes")
        for part in rounds(rows, batch.ts):
            part = part[~np.isnan(tilt[part]) & (batch.ts[part] > self._last[rows[part]])]
            row, ts, angle = rows[part], batch.ts[part], tilt[part]
            book = at(self._book, row)
            no_wheel = self._without_wheels(row, ts, passes[part])
            self._last[row] = ts
            self._tilt[row] = angle
            tilted = angle > book.tilt_deg
            since = self._tilted_since[row]
            stays = (since > 0) & (ts - since >= np.maximum(book.passing, book.hold))
            stays |= (no_wheel >= book.no_wheel_for) & np.less_equal(book.hold, 0)
            raised = (tilted & stays) | (angle > book.at_once_deg)
            newly = raised & ~self._raised[row]
            self._raised[row] = raised
            self._tilted_since[row] = np.where(tilted, np.where(since > 0, since, ts), 0)
            level = angle <= book.clear_deg
            self._level_count[row] = np.where(level, self._level_count[row] + 1, 0) % 1000
            began = self._level_count[row] == 1
            self._level_since[row] = np.where(began, ts, self._level_since[row])
            lasts = ts - self._level_since[row] >= book.off_hold
            self._cleared[row] = (self._level_count[row] >= 2) & lasts
            for i in np.flatnonzero(newly).tolist():
                shown = self._shown(int(row[i]))
                self._due.append((int(batch.arrived[part[i]]), int(row[i]), shown))

    def _without_wheels(self, row: Codes, ts: Times, passes: Floats) -> Times:
        """For how long each sensor has counted no wheel, ms; 0 where it never counts any.

        A report says so of its own interval and no more: the ones before it may be lost.
        """
        told = np.minimum(ts - self._last[row], self._every[row])
        self._no_wheel[row] = np.where(passes == 0, self._no_wheel[row] + told, 0)
        self._counts_wheels[row] |= passes > 0
        return np.where(self._counts_wheels[row], self._no_wheel[row], 0)

    def report(self) -> None:
        """Opens the cases of the reports taken in, each at the moment it arrived."""
        members = self._tracker.members(FAMILY[TYPE])
        for moment, row, shown in sorted(self._due, key=lambda due: due[:2]):
            if self._ids[row] not in members:
                self._open(moment, row, shown)
        self._due.clear()

    def forget(self) -> None:
        """Lets the reports taken in be history: a cover that is still out of its place is found
        when stock is taken."""
        self._due.clear()

    def judge(self, now: int) -> None:
        """Opens and ends cases by what the covers last said."""
        members = self._tracker.members(FAMILY[TYPE])
        for cover, case in list(members.items()):
            row = self._row_of.get(cover)
            if row is None or self._cleared[row]:
                self._tracker.leave(now, case, (cover,), "level", self._shown(row))
        for row in np.flatnonzero(self._raised).tolist():
            if self._ids[row] not in members:
                self._open(now, row, self._shown(row))

    def _open(self, moment: int, row: int, shown: dict[str, object]) -> None:
        cover = self._ids[row]
        self._tracker.open(moment, TYPE, f"cover:{cover}", (cover,), "tilt", shown)

    def sight(self, cover: str) -> Sight:
        """What is seen of a cover."""
        row = self._row_of.get(cover)
        if row is None:
            return Sight()
        says = FAULT if self._tilted_since[row] else SOUND if self._level_count[row] else NOTHING
        return Sight(says, int(self._last[row]), hold=figure_at(self._book.passing, row))

    def _shown(self, row: int | None) -> dict[str, object]:
        if row is None:
            return {}
        shown: dict[str, object] = {"tilt_deg": round(float(self._tilt[row]), 1)}
        if self._tilted_since[row]:
            shown["since"] = to_rfc3339(int(self._tilted_since[row]))
        if self._counts_wheels[row] and self._no_wheel[row]:
            shown["no_wheel_min"] = int(self._no_wheel[row]) // MINUTE
        return shown
