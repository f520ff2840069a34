"""Station equipment: fire, emergency stop, a faulty compactor, a hot motor, too much pressure.

One station has one such case at a time. What else comes to light while it is open is added to it.
"""

from __future__ import annotations

import numpy as np

from facility.inventory import Inventory
from facility.measurements import COMPACTOR_STATES
from facility.readings import Codes, Floats, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import Mask
from rules.limits import Alarm, Limit, Newest
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import Tracker

TYPE = "station.equipment"

CAUSES = ("fire", "emergency_stop", "motor_overheated", "hydraulic_pressure", "compactor")
"""What a case is named after, the gravest first."""

_FAULT = COMPACTOR_STATES.index("fault")
_FIELDS = ("fire", "estop", "motor_temp_c", "hydraulic_mpa", "compactor")
_AT_ONCE = {"fire", "emergency_stop"}


class EquipmentDetector:
    """Opens and ends ``station.equipment``."""

    KEPT = ("_limits", "_newest", "_raised")

    def __init__(
        self, inventory: Inventory, every: Times, book: Rulebook, tracker: Tracker
    ) -> None:
        self._book = book.equipment
        self._alarm = Alarm(TYPE, inventory.stations, tracker)
        self._limits = [
            Limit(every, 1, 0, self._book.off_hold)
            if cause in _AT_ONCE
            else Limit(every, 2, self._book.hold, self._book.off_hold)
            for cause in CAUSES
        ]
        self._newest = Newest(len(every), _FIELDS)
        self._raised: Mask = np.zeros((len(every), len(CAUSES)), dtype=bool)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its stations."""
        book = at(self._book, rows)
        fire, stop, motor, pressure, compactor = (batch.column(name) for name in _FIELDS)
        says: tuple[tuple[Mask, Mask], ...] = (
            (fire == 1, fire == 0),
            (stop == 1, stop == 0),
            (motor >= book.motor_c, motor < book.motor_clear_c),
            (pressure >= book.hydraulic_mpa, pressure < book.hydraulic_clear_mpa),
            (compactor == _FAULT, _given(compactor) & (compactor != _FAULT)),
        )
        for limit, (over, under) in zip(self._limits, says, strict=True):
            limit.feed(rows, batch, over, under)
        self._newest.feed(rows, batch)

    def judge(self, now: int) -> None:
        """Opens, adds to and ends cases by what the stations last said."""
        before = self._raised.copy()
        for number, limit in enumerate(self._limits):
            self._raised[:, number] |= limit.raised(now)
            self._raised[:, number] &= ~limit.cleared(now)
        for row in self._alarm.open_rows(now):
            if not self._raised[row].any():
                self._alarm.end(now, row, "repaired", self._newest.shown(row))
        for row in np.flatnonzero(self._raised.any(axis=1)).tolist():
            # What was held back while it was raised is told all at once.
            told = before[row] if self._alarm.case(row) else False
            for number in np.flatnonzero(self._raised[row] & ~told).tolist():
                report = self._alarm.tell if self._alarm.case(row) else self._alarm.open
                report(now, row, CAUSES[number], self._newest.shown(row))

    def sight(self, device: str) -> Sight:
        """What is seen of a station: at fault where any of its machines is."""
        row = self._alarm.row(device)
        if row is None:
            return Sight()
        seen = [limit.sight(row) for limit in self._limits]
        said = [sight for sight in seen if sight.says != NOTHING]
        faults = [sight for sight in said if sight.says == FAULT]
        if faults:
            return max(faults, key=lambda sight: sight.at)
        return Sight(SOUND, max(sight.at for sight in said)) if said else Sight()


def _given(values: Floats) -> Mask:
    given: Mask = ~np.isnan(values)
    return given
