"""Captured waveforms of covers: whether the wheels that were captured strike otherwise than before.

A waveform is of one wheel and one wheel differs from the next, so more is asked of it than of the
vibration over all passes. Energy (RMS) and impulsiveness (peak over MAD) are held against their
own mean over quiet windows; a lid that is lifted and falls back strikes twice for one wheel.
"""

from __future__ import annotations

import numpy as np

from facility.readings import Codes, Floats, ReadingBatch
from rules.book.figures import Rattle
from rules.fleet import Mask

FIELDS = ("burst_rms_g", "burst_peak_over_mad", "burst_double_impacts")
_DOUBLE = FIELDS.index("burst_double_impacts")

_REMEMBERED = 48
"""Windows that a mean reaches back over."""


class Bursts:
    """Arrays are (n,) or (n, fields), in the order of the inventory.

    A window's figures are means over its waveforms, NaN without any.
    """

    KEPT = ("_sums", "_count", "_window", "_normal", "_learned")

    def __init__(self, n: int) -> None:
        self._sums = np.zeros((n, len(FIELDS)))
        self._count = np.zeros(n, dtype=np.int32)
        self._window = np.full((n, len(FIELDS)), np.nan)
        self._normal = np.zeros((n, len(FIELDS)))
        self._learned = np.zeros(n, dtype=np.int32)

    @staticmethod
    def cells(batch: ReadingBatch) -> Floats:
        """What a batch has of waveforms, (readings, fields)."""
        return np.stack([batch.column(name) for name in FIELDS], axis=1)

    def take(self, row: Codes, cells: Floats) -> None:
        """Adds readings to the windows, each row once at most."""
        given = ~np.isnan(cells).any(axis=1)
        self._sums[row[given]] += cells[given]
        self._count[row[given]] += 1

    def close(self, row: Codes, book: Rattle) -> tuple[Mask, Mask]:
        """Ends the windows of some covers: (told, grown) of each, (n,).

        Told where the window has waveforms and there were enough before it.
        """
        count = self._count[row]
        with_any = np.where(count > 0, count, np.nan)[:, None]
        window = self._window[row] = self._sums[row] / with_any
        self._sums[row], self._count[row] = 0, 0
        normal = self._normal[row]
        told = (count > 0) & (self._learned[row] >= book.least_windows)
        grown = (normal > 0) & (window >= np.reshape(book.burst, (-1, 1)) * normal)
        grown[:, _DOUBLE] = window[:, _DOUBLE] >= normal[:, _DOUBLE] + book.double_impacts
        return told, told & grown.any(axis=1)

    def learn(self, row: Codes) -> None:
        """Takes the windows that were just ended for normal."""
        row = row[~np.isnan(self._window[row, 0])]
        self._learned[row] = np.minimum(self._learned[row] + 1, _REMEMBERED)
        step = (self._window[row] - self._normal[row]) / self._learned[row, None]
        self._normal[row] += step

    def shown(self, row: int) -> dict[str, float]:
        """What the waveforms of a cover's last window were like."""
        window = zip(FIELDS, self._window[row].tolist(), strict=True)
        return {name: round(value, 2) for name, value in window if not np.isnan(value)}
