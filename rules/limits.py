"""A measurement held against a limit, with a dead band: what many simple rules have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from facility.assets import Asset
from facility.clock import MINUTE
from facility.readings import Codes, ReadingBatch, Times
from rules.book.overrides import figure_at
from rules.fleet import Mask, rounds
from rules.runs import NOT_JUDGED, Runs
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import FAMILY, Case, Tracker

UNDER, OVER = 1, 2
"""What a reading says. One within the dead band says neither: it goes on with whatever was."""

_DEFAULT_EVERY = 10 * MINUTE
_SAYS = {UNDER: SOUND, OVER: FAULT}


class Limit:
    """Whether each of n devices is over a limit, by its readings.

    It is raised by ``readings`` in a row over it that last ``hold`` ms, and cleared by two in a row
    well under it that last ``off_hold``; between the two it stays what it was. A reading in between
    is one that is not over: fewer than ``readings`` before it are no row.
    """

    KEPT = ("runs",)

    def __init__(self, every: Times, readings: int, hold: int, off_hold: int) -> None:
        self.runs = Runs(len(every))
        self._every = every
        self._readings = readings
        self._hold = hold
        self._off_hold = off_hold

    def feed(self, rows: Codes, batch: ReadingBatch, over: Mask, under: Mask) -> None:
        """Takes a batch in; ``over`` and ``under`` (n,) are what each reading says."""
        says = np.where(over, OVER, np.where(under, UNDER, 0)).astype(np.int8)
        for part in rounds(rows, batch.ts):
            row, ts = rows[part], batch.ts[part]
            if self._readings > 1:
                self._break_off(row[(says[part] == 0) & (ts > self.runs.last[row])])
            self.runs.advance(row, ts, says[part])

    def _break_off(self, rows: Codes) -> None:
        """Forgets readings over the limit that were too few."""
        few = (self.runs.doing[rows] == OVER) & (self.runs.count[rows] < self._readings)
        self.runs.doing[rows[few]] = NOT_JUDGED

    def raised(self, now: int) -> Mask:
        """Devices that are over it, bool (n,)."""
        return self.runs.held(OVER, self._hold, now, self._paced(), self._readings)

    def cleared(self, now: int) -> Mask:
        """Devices that are well under it, bool (n,)."""
        return self.runs.held(UNDER, self._off_hold, now, self._paced())

    def sight(self, row: int | None) -> Sight:
        """What is seen of a device; nothing of None."""
        if row is None:
            return Sight()
        says = _SAYS.get(int(self.runs.doing[row]), NOTHING)
        return Sight(says, int(self.runs.last[row]), figure_at(self._hold, row), self._readings)

    def _paced(self) -> Times:
        return np.where(self._every > 0, self._every, _DEFAULT_EVERY)


class Alarm:
    """The cases of one type whose subject is a single device."""

    def __init__(self, type_: str, assets: Sequence[Asset], tracker: Tracker) -> None:
        self._type = type_
        self._kind = assets[0].kind if assets else ""
        self._ids = [asset.id for asset in assets]
        self._row_of = {asset_id: row for row, asset_id in enumerate(self._ids)}
        self._tracker = tracker

    def id(self, row: int) -> str:
        """The device of a row."""
        return self._ids[row]

    def row(self, device: str) -> int | None:
        """The row of a device; None where it is not installed."""
        return self._row_of.get(device)

    def case(self, row: int) -> Case | None:
        """The case that the device is in."""
        return self._tracker.members(FAMILY[self._type]).get(self._ids[row])

    def open(self, at: int, row: int, cause: str, shown: dict[str, Any]) -> None:
        """Opens the device's case; does nothing where it has one."""
        if not self.case(row):
            device = self._ids[row]
            subject = f"{self._kind}:{device}"
            self._tracker.open(at, self._type, subject, (device,), cause, shown)

    def end(self, at: int, row: int, cause: str, shown: dict[str, Any]) -> None:
        """Ends the device's case; does nothing where it has none."""
        if case := self.case(row):
            self._tracker.leave(at, case, (self._ids[row],), cause, shown)

    def tell(self, at: int, row: int, cause: str, shown: dict[str, Any]) -> None:
        """Adds what has come to light to the device's case."""
        if case := self.case(row):
            self._tracker.tell(at, case, cause, shown)

    def open_rows(self, now: int) -> list[int]:
        """The devices that have a case; one that is no longer installed loses it here."""
        rows = []
        for device, case in list(self._tracker.members(FAMILY[self._type]).items()):
            row = self._row_of.get(device)
            if row is None:
                self._tracker.leave(now, case, (device,), "removed", {})
            else:
                rows.append(row)
        return rows


class Newest:
    """The newest given value of some fields, (n, fields), for evidence."""

    KEPT = ("values", "_at")

    def __init__(self, n: int, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.values = np.full((n, len(fields)), np.nan)
        self._at: Times = np.zeros(n, dtype=np.int64)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; older readings change nothing."""
        values = np.stack([batch.column(name) for name in self.fields], axis=1)
        for part in rounds(rows, batch.ts):
            part = part[batch.ts[part] >= self._at[rows[part]]]
            row = rows[part]
            self._at[row] = batch.ts[part]
            given = values[part]
            self.values[row] = np.where(np.isnan(given), self.values[row], given)

    def shown(self, row: int) -> dict[str, Any]:
        """What the device last said."""
        pairs = zip(self.fields, self.values[row].tolist(), strict=True)
        return {name: round(value, 3) for name, value in pairs if not np.isnan(value)}
