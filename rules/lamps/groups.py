"""Lamps summed by what they hang on or stand in: a segment, a circuit, a cabinet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.readings import Codes, Floats, Times
from rules.fleet import Mask, Rows

Values = Floats | NDArray[np.float32] | Mask

NEVER = int(np.iinfo(np.int64).max)
"""Later than any time, ms."""


class Groups:
    """n rows in ``many`` groups; ``of`` (n,) is the group of each.

    Rows of a group are neighbours in most inventories, and summing neighbours is several times as
    fast as finding each row's sum (``numpy.bincount``); where they are not they are put in order.
    """

    def __init__(self, of: Codes | Rows, many: int) -> None:
        self.of: Rows = of.astype(np.intp)
        self.many = many
        in_order = bool((self.of[1:] >= self.of[:-1]).all())
        self._order: Rows | None = None if in_order else np.argsort(self.of, kind="stable")
        sizes = np.bincount(self.of, minlength=many)
        # A group of none has no place among its neighbours.
        self._some: Rows = np.flatnonzero(sizes)
        self._sizes = sizes
        self._starts: Rows = np.append(0, np.cumsum(sizes[self._some])[:-1]).astype(np.intp)

    def count(self, counted: Mask) -> NDArray[np.int64]:
        """How many rows of each group are counted, (many,)."""
        return self._added(counted.view(np.int8), np.dtype(np.int64))

    def sums(self, values: Values, counted: Mask | None = None) -> Floats:
        """The sum of each group's values, (many,), of those that are counted."""
        given = values if counted is None else np.where(counted, values, 0)
        return self._added(given, np.dtype(np.float64))

    def least(self, values: Times, counted: Mask) -> Times:
        """The least of each group's values (n,) that are counted, (many,); ``NEVER`` for none."""
        least = np.full(self.many, NEVER, dtype=np.int64)
        if len(self._some):
            given = np.where(counted, values, NEVER)
            ordered = given if self._order is None else given.take(self._order)
            least[self._some] = np.minimum.reduceat(ordered, self._starts)
        return least

    def each(self, values: NDArray[Any]) -> NDArray[Any]:
        """Its group's value for each row, (n,), of the groups' values (many,)."""
        return np.repeat(values, self._sizes) if self._order is None else values[self.of]

    def _added(self, values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        sums = np.zeros(self.many, dtype=dtype)
        if len(self._some):
            ordered = values if self._order is None else values.take(self._order)
            sums[self._some] = np.add.reduceat(ordered, self._starts, dtype=dtype)
        return sums
