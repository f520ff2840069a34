"""The lamps of each circuit beside each other: what is common to them is no lamp's own fault."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.inventory import Inventory
from facility.readings import Codes, Floats, Times
from rules.book import figures
from rules.fleet import Mask, Rows
from rules.lamps.groups import Groups

Small = NDArray[np.float32]

_PEERS = 4
"""Lamps of a circuit that must be lit before they say anything of one of them."""

_SPREADS = 3
"""Standard deviations of its sound lamps by which one of them must be out of line."""

_STEADY = 0.08
"""By which a circuit's mean may move and is steady: less than any step of dimming."""


class Usual:
    """What the lit lamps of each group have in common of one figure; arrays are (groups,).

    ``mean`` and ``spread`` (a standard deviation) are of those that are not below their limit;
    ``since`` is from when on the mean of all is steady.
    """

    KEPT = ("_mean", "_spread", "_common", "_anchor", "_since")

    def __init__(self, names: list[str], group_of: Codes, alone: int) -> None:
        self.row_names = names
        many = len(names)
        self._groups = Groups(group_of, many)
        self._group_of = self._groups.of
        self._alone = alone
        self._mean, self._spread, self._anchor = (np.full(many, np.nan) for _ in range(3))
        self._since: Times = np.zeros(many, dtype=np.int64)
        self._common = np.zeros(many, dtype=bool)

    def see(self, fresh: Mask, values: Small, limit: float, share: float) -> None:
        """Takes stock: what more than ``share`` of the lamps are below is common, but for one
        alone."""
        known = fresh & ~np.isnan(values)
        sound = known & (values >= limit)
        count, fine = self._groups.count(known), self._groups.count(sound)
        many = np.maximum(fine, 1)
        mean = self._groups.sums(values, sound) / many
        self._mean = np.where((count >= _PEERS) & (fine >= 1), mean, np.nan)
        off = values - self._groups.each(mean)
        self._spread = np.sqrt(self._groups.sums(off * off, sound) / many)
        self._common = count - fine > np.maximum(share * count, 1)
        if self._alone >= 0:
            self._mean[self._alone], self._common[self._alone] = np.nan, False

    def watch(self, now: int, fresh: Mask, values: Small) -> None:
        """Takes note of since when the mean of all is steady."""
        known = fresh & ~np.isnan(values)
        count, total = self._groups.count(known), self._groups.sums(values, known)
        mean = np.where(count >= _PEERS, total / np.maximum(count, 1), np.nan)
        moved = ~(np.abs(mean / self._anchor - 1) <= _STEADY)
        self._anchor[moved] = mean[moved]
        self._since[moved] = now

    def group(self, rows: Codes) -> Rows:
        """The group of each lamp (k,)."""
        return self._group_of[rows]

    def steady(self, group: Rows, ts: Times, span: Times) -> Mask:
        """Where a group has been steady for ``span`` ms by ``ts``, bool (k,)."""
        steady: Mask = ts - self._since[group] >= span
        return steady

    def beside(self, group: Rows, share: float | Floats) -> Floats:
        """What a lamp at fault is below, (k,): ``share`` of what its group's sound lamps are, and
        out of line with how these differ among themselves; NaN where there are too few."""
        mean, spread = self._mean, _SPREADS * self._spread
        if isinstance(share, np.ndarray):
            return np.asarray(np.minimum(share * mean[group], (mean - spread)[group]))
        return np.asarray(np.minimum(share * mean, mean - spread)[group])

    def less(self, group: Rows, by: float | Floats) -> Floats:
        """What a lamp at fault is below, (k,): ``by`` less than the mean of its group's."""
        return np.asarray(self._mean[group] - by)

    def hold(self, group: Rows, of_limit: Floats, beside: Floats, alone: Floats | float) -> Floats:
        """Readings of lamps of these groups as shares of their limits, (k,): at fault below 1.

        NaN where nothing is known, infinite where the group explains it. ``of_limit`` is what each
        is of its own limit, ``beside`` of what it must be below beside its group, NaN where there
        is none, and ``alone`` of what it must be below then; NaN where it is not judged alone.
        """
        said = np.where(np.isnan(beside), alone, np.maximum(of_limit, beside))
        if self._common.any():
            said[self._common[group] & (said < 1)] = np.inf
        return said


class Circuits:
    """The lamps of each circuit beside each other; of each segment where no circuit is known.

    ``segment`` are those of a segment, for lamps that do not send their level: they are dimmed
    together if they are dimmed at all.
    """

    KEPT = ("share", "factor", "segment", "_untold")

    def __init__(self, inventory: Inventory) -> None:
        # Lamps that do not send their level.
        self._untold: Mask = np.zeros(len(inventory.streetlights), dtype=bool)
        lamps = inventory.streetlights
        by_circuit = [lamp.circuit or lamp.segment for lamp in lamps]
        by_segment = [lamp.segment or lamp.circuit for lamp in lamps]
        self.share = _usual(by_circuit)
        self.factor = _usual(by_circuit)
        self.segment = _usual(by_segment)

    def tell(self, rows: Codes, levelled: Mask) -> None:
        """Takes note of which lamps send their level."""
        self._untold[rows] = ~levelled

    def see(
        self, now: int, fresh: Mask, share: Small, factor: Small, book: figures.Degraded
    ) -> None:
        """Takes stock; ``fresh`` (n,) the lamps that are lit and were lately heard."""
        self.share.see(fresh, share, 1.0, book.common)
        self.factor.see(fresh, factor, book.factor, book.common)
        if self._untold.any():
            told = fresh & self._untold
            self.segment.see(told, share, 1.0, book.common)
            self.segment.watch(now, told, share)


def _usual(groups: list[str | None]) -> Usual:
    codes = {name: code for code, name in enumerate(dict.fromkeys(groups))}
    group_of = np.array([codes[name] for name in groups], dtype=np.int32)
    return Usual([name or "" for name in codes], group_of, codes.get(None, -1))
