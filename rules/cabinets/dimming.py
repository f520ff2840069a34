"""Dimming that nobody tells of: circuits of many cabinets that fall by one share at one time.

Lamps fail one by one, and a lost phase or fuse takes what one cabinet feeds. What half of all
circuits do within minutes of each other, and by the same share, somebody told them to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.readings import Floats, Times
from rules.fleet import Mask

_CABINETS = 3
"""Of so many cabinets at least."""

_ALIKE = 0.1
"""Shares of what they should draw that are this near each other are the same."""

_COMMON = 0.5
"""Share of the circuits of other cabinets that must do likewise."""


def dimmed_together(
    low: Mask, compared: Mask, share: Floats, since: Times, within: int, cabinet: NDArray[np.int32]
) -> Mask:
    """Which of the circuits that are low were dimmed, each (m,).

    ``compared`` are those with light whose lamps say nothing, ``share`` what each draws of what it
    should, ``since`` when it was low first (ms), ``within`` how near these times must be.
    """
    dimmed: Mask = np.zeros(len(low), dtype=bool)
    those = low & compared
    if len(np.unique(cabinet[those])) < _CABINETS:
        return dimmed
    for row in np.flatnonzero(those).tolist():
        others = compared & (cabinet != cabinet[row])
        alike = others & low & (np.abs(share - share[row]) <= _ALIKE)
        alike &= np.abs(since - since[row]) <= within
        many = len(np.unique(cabinet[alike])) >= _CABINETS - 1
        dimmed[row] = many and alike.sum() >= _COMMON * others.sum()
    return dimmed
