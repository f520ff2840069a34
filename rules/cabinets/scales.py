"""What a circuit draws beside what its lamps say of themselves, learned by dimming level.

A line loses some watts, a lamp's rating is not what it draws, and a driver's curve is its own: so
for each tenth of a level the factor between the two is learned while nothing is wrong, and only
from what meter and lamps say of one moment: half an hour after a step of dimming, lamps that report
once an hour are half of the time before. When the
lamps of another plan go off the factor is another: theirs may have been lamps that say nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR
from facility.readings import Codes, Floats, Times
from rules.cabinets.supply import LEVELS, Demand
from rules.fleet import Mask

_LEARNED = HOUR
_MOST = _LEARNED // 3
"""What one reading counts for at most, however long after the one before: three make a factor."""

_SLOW = 4 * HOUR
"""The factor follows over so long: a driver ages in months, a lamp is lost at once."""

_NEAR = 0.1
"""What is further from a factor that is learned is none."""


class Scales:
    """Of m series: ``spread`` (m,) is how far readings usually lie from what is expected.

    Lamps and meter do not change at the same second, so where dimming changes all the time they lie
    apart. A loss only ever lies below; what lies above shows how far apart they are without one.
    """

    KEPT = ("_factor", "_taught", "spread")

    def __init__(self, m: int) -> None:
        self._factor: NDArray[np.float32] = np.full((m, LEVELS), np.nan, dtype=np.float32)
        self._taught: NDArray[np.int32] = np.zeros((m, LEVELS), dtype=np.int32)
        self.spread: NDArray[np.float32] = np.zeros(m, dtype=np.float32)

    def expect(self, row: Codes, demand: Demand) -> Floats:
        """What each series (k,) should draw, W; NaN until its level is learned."""
        level = demand.level[row]
        learned = self._taught[row, level] >= _LEARNED
        return np.where(learned, self._factor[row, level] * demand.watts[row], np.nan)

    def learn(self, row: Codes, gap: Times, power: Floats, demand: Demand, good: Mask) -> None:
        """Takes in a round of readings, ``gap`` (k,) ms after the ones before them; those that are
        ``good`` are of one moment with what the lamps say, and nothing is wrong."""
        good = good & (demand.watts[row] > 0) & demand.steady[row]
        expected = self.expect(row, demand)
        share = np.divide(power, expected, out=np.full(len(row), np.nan), where=good)
        over = 2 * np.maximum(share - 1, 0)
        told = ~np.isnan(over)
        step = np.minimum(np.minimum(gap, _MOST)[told] / _LEARNED, 0.1)
        self.spread[row[told]] += (np.minimum(over[told], 1) - self.spread[row[told]]) * step
        row, gap, power = row[good], gap[good], power[good]
        level = demand.level[row]
        factor = power / demand.watts[row]
        taught, known = self._taught[row, level], self._factor[row, level]
        near = (taught == 0) | (np.abs(factor / known - 1) <= _NEAR)
        # What is not yet learned begins anew: lamps and meter were not of one moment.
        use = near | (taught < _LEARNED)
        taught = np.where(near, taught, 0)[use]
        row, level, gap, factor = row[use], level[use], gap[use], factor[use]
        known = np.nan_to_num(known[use])
        step = np.minimum(gap, _MOST)
        weight = step / np.minimum(taught + step, _SLOW)
        self._factor[row, level] = known + (factor - known) * weight
        self._taught[row, level] = np.minimum(taught + step, _SLOW)
