"""The lamps of each circuit beside each other: what is common to them is no lamp's own fault."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.inventory import Inventory
from facility.readings import Codes, Floats
from rules import rulebook
from rules.fleet import Mask

Small = NDArray[np.float32]

_PEERS = 4
"""Lamps of a circuit that must be lit before they say anything of one of them."""


class Usual:
    """What the lit lamps of each circuit have in common of one figure; arrays are (circuits,)."""

    KEPT = ("_mean", "_common")

    def __init__(self, names: list[str], group_of: Codes, alone: int) -> None:
        self.row_names = names
        self._group_of = group_of
        self._many = len(names)
        self._alone = alone
        self._mean = np.full(self._many, np.nan)
        self._common = np.zeros(self._many, dtype=bool)

    def see(self, fresh: Mask, values: Small, limit: float, share: float) -> None:
        """Takes stock: what more than ``share`` of the lamps are below is common to them."""
        known = fresh & ~np.isnan(values)
        group, values = self._group_of[known], values[known]
        count = np.bincount(group, minlength=self._many)
        sums = np.bincount(group, weights=values, minlength=self._many)
        below = np.bincount(group[values < limit], minlength=self._many)
        self._mean = np.where(count >= _PEERS, sums / np.maximum(count, 1), np.nan)
        self._common = below > share * count
        if self._alone >= 0:
            self._mean[self._alone], self._common[self._alone] = np.nan, False

    def hold(
        self, rows: Codes, of_limit: Floats, raised: Floats, judged_alone: Mask | np.bool_
    ) -> Floats:
        """Readings as shares of their limit, (n,): at fault below 1.

        NaN where nothing is known, infinite where the circuit explains it.
        ``of_limit`` is what each is of its own limit, ``raised`` what must be below the circuit's
        mean too; ``judged_alone`` where one is judged without lamps beside it.
        """
        group = self._group_of[rows]
        mean = self._mean[group]
        beside = np.maximum(of_limit, raised / mean)
        alone = np.where(judged_alone, of_limit, np.nan)
        said = np.where(np.isnan(mean), alone, beside)
        return np.where(self._common[group] & (said < 1), np.inf, said)


class Circuits:
    """The lamps of each circuit beside each other; of each segment where no circuit is known."""

    KEPT = ("share", "factor")

    def __init__(self, inventory: Inventory) -> None:
        groups = [lamp.circuit or lamp.segment for lamp in inventory.streetlights]
        codes = {name: code for code, name in enumerate(dict.fromkeys(groups))}
        group_of = np.array([codes[name] for name in groups], dtype=np.int32)
        names = [name or "" for name in codes]
        self.share = Usual(names, group_of, codes.get(None, -1))
        self.factor = Usual(names, group_of, codes.get(None, -1))

    def see(self, fresh: Mask, share: Small, factor: Small, book: rulebook.Degraded) -> None:
        """Takes stock; ``fresh`` (n,) the lamps that are lit and were lately heard."""
        self.share.see(fresh, share, 1.0, book.common)
        self.factor.see(fresh, factor, book.factor, book.common)
