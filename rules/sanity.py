"""Whether a device's readings can be believed: not stuck, and not contradictory.

*Stuck*: of the measurements that never stand still in a live sensor, all that it sends have been
the same to the last digit for as long as the rulebook says. Zeros are left out: a lamp that is off
draws nothing all day. *Contradictory*: most of its last readings say what cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facility.assets import Asset
from facility.clock import SECOND
from facility.measurements import COMPACTOR_STATES, Kind
from facility.readings import Codes, Floats, ReadingBatch
from rules.book import figures
from rules.fleet import Mask, among, whole_rounds

RESTLESS: dict[str, tuple[str, ...]] = {
    Kind.STREETLIGHT: ("power_w", "voltage_v", "current_a", "energy_kwh", "lux", "temp_c"),
    Kind.CABINET: ("power_w", "voltage_v", "current_a", "energy_kwh", "leakage_ma"),
    Kind.COVER: ("passes", "vib_rms_g", "vib_peak_g", "temp_c"),
    Kind.STATION: (
        *("inbound_t", "outbound_t", "stock_t", "h2s_mg_m3", "nh3_mg_m3", "odour"),
        *("motor_temp_c", "hydraulic_mpa"),
    ),
}
"""Measurements that never stand still for a day in a sensor that lives."""

_PRIME = 1_000_003
_LATELY = 8
"""Readings over which it is averaged how many contradict themselves."""

_MOST = 10_000
_APPARENT = 1.15
"""Active power is never above apparent power; meters differ by some percent."""

_TIMES_RATED = 3.0
_RUNS = COMPACTOR_STATES.index("run")


class Sanity:
    """What is held of every device, (n,), by row of the fleet."""

    KEPT = ("_print", "_since", "_last", "_same", "_odd")

    def __init__(self, assets: Sequence[Asset], book: figures.Coverage) -> None:
        n = len(assets)
        self._book = book
        self._rated_w = np.array([getattr(asset, "rated_w", None) or np.nan for asset in assets])
        # What the last reading showed that never stands still, and since when it did so, s since
        # 1970.
        self._print: NDArray[np.int32] = np.zeros(n, dtype=np.int32)
        self._since, self._last = (np.zeros(n, dtype=np.int32) for _ in range(2))
        self._same: NDArray[np.int16] = np.zeros(n, dtype=np.int16)
        self._odd: NDArray[np.float16] = np.zeros(n, dtype=np.float16)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its devices."""
        shown = _fingerprint(batch)
        odd = contradicts(batch, self._rated_w[rows])
        when = (batch.ts // SECOND).astype(np.int32)
        for part in whole_rounds(rows, batch.ts):
            part = among(part, when[part] > self._last[rows[part]])
            row, seen, ts = rows[part], shown[part], when[part]
            goes_on = (seen == self._print[row]) & (seen != 0)
            self._print[row], self._last[row] = seen, ts
            if goes_on.any():
                self._since[row] = np.where(goes_on, self._since[row], ts)
                self._same[row] = np.where(goes_on, np.minimum(self._same[row] + 1, _MOST), 1)
            else:
                self._since[row], self._same[row] = ts, 1
            before, now = self._odd[row], odd[part]
            if before.any() or now.any():
                self._odd[row] = before + (now - before) / _LATELY

    def believed(self) -> Mask:
        """Devices whose readings pass, bool (n,)."""
        book = self._book
        lasted = self._last - self._since
        stuck = (self._same >= book.stuck_readings) & (lasted >= book.stuck_for // SECOND)
        sane: Mask = ~stuck & (self._odd <= book.contradictory)
        return sane


def _fingerprint(batch: ReadingBatch) -> NDArray[np.int32]:
    """A number that two readings share where all that never stands still is the same in both; 0
    where they have none of it. int32 (n,)."""
    shown = np.zeros(len(batch), dtype=np.int64)
    for name in RESTLESS[batch.table]:
        if name in batch.columns:
            value = batch.columns[name]
            given = ~np.isnan(value)
            bits = np.ascontiguousarray(value).view(np.int64)
            shown = shown * _PRIME + (bits if given.all() else np.where(given, bits, 0))
    return (shown ^ (shown >> 32)).astype(np.int32)


def contradicts(batch: ReadingBatch, rated_w: Floats) -> Mask:
    """Readings that say what cannot be, bool (n,)."""
    column = batch.column
    match batch.table:
        case Kind.STREETLIGHT:
            apparent = column("voltage_v") * column("current_a")
            power = column("power_w")
            return np.asarray((power > _APPARENT * apparent + 1) | (power > _TIMES_RATED * rated_w))
        case Kind.CABINET:
            # By day a contactor is open, and what is left is its own meter and heating.
            return np.asarray((column("contactor") == 0) & (column("current_a") > 5))
        case Kind.COVER:
            peak = column("vib_peak_g") < column("vib_rms_g")
            return np.asarray((column("hits") > column("passes")) | peak)
    # A machine whose emergency stop is pressed does not run.
    return np.asarray((column("estop") == 1) & (column("compactor") == _RUNS))
