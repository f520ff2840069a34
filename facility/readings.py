"""Readings as columns: the one form in which readings travel from the door to the rules.

A *series* is what a reading is of: a device, or one circuit of a cabinet (``CAB-7/C2``; ``/``
cannot occur in a device id). A reading is identified by (series, ts).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Codes = NDArray[np.signedinteger[Any]]


def series_of(device: str, circuit: str | None) -> str:
    """The series of a cabinet's circuit, or of the whole device."""
    return f"{device}/{circuit}" if circuit else device


def split_series(series: str) -> tuple[str, str | None]:
    """(device, circuit) of a series."""
    device, slash, circuit = series.partition("/")
    return device, circuit if slash else None


class Names:
    """Series names and their codes: a dictionary that batches share and that only grows."""

    __slots__ = ("_codes", "names")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: list[str] = []
        self._codes: dict[str, int] = {}
        for name in names:
            self.code(name)

    def code(self, name: str) -> int:
        """The code of ``name``, given now where it had none."""
        code = self._codes.get(name)
        if code is None:
            code = self._codes[name] = len(self.names)
            self.names.append(name)
        return code

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, code: int) -> str:
        return self.names[code]


@dataclass(frozen=True, slots=True, eq=False)
class ReadingBatch:
    """``n`` readings of one table.

    ``series`` int32 (n,) codes into ``names``; ``ts`` int64 (n,) ms, by the device;
    ``arrived`` int64 (n,) ms, here; ``columns`` field → float64 (n,), NaN where not given
    (see :mod:`facility.measurements`). A field that no reading of the batch has is left out.
    """

    table: str
    names: Names
    series: Codes
    ts: Times
    arrived: Times
    columns: dict[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ts)

    def name(self, row: int) -> str:
        return self.names[int(self.series[row])]

    def column(self, name: str) -> Floats:
        """The field's values, all NaN where the batch has none of it."""
        values = self.columns.get(name)
        return np.full(len(self), np.nan) if values is None else values

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> ReadingBatch:
        """The given rows, in the given order; of a slice without copying them."""
        if not isinstance(rows, slice) and rows.dtype != np.bool_:
            # By positions ``take`` is a third faster than an index.
            columns = {name: values.take(rows) for name, values in self.columns.items()}
        else:
            columns = {name: values[rows] for name, values in self.columns.items()}
        series, ts, arrived = self.series[rows], self.ts[rows], self.arrived[rows]
        return ReadingBatch(self.table, self.names, series, ts, arrived, columns)

    def split(self, size: int) -> Iterable[ReadingBatch]:
        """The batch in pieces of at most ``size`` rows."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))

    def merged(self) -> ReadingBatch:
        """One row a (series, ts), ordered by them; a field keeps its last given value."""
        order = np.lexsort((self.ts, self.series))
        batch = self.take(order)
        first = np.ones(len(batch), dtype=bool)
        first[1:] = (np.diff(batch.series) != 0) | (np.diff(batch.ts) != 0)
        if first.all():
            return batch
        starts = np.flatnonzero(first)
        group = np.cumsum(first) - 1
        columns = {}
        for name, values in batch.columns.items():
            # lexsort is stable, so within a group rows stand in order of receipt: the highest
            # row that has a value is the last given one.
            given = np.where(np.isnan(values), -1, np.arange(len(values)))
            last = np.maximum.reduceat(given, starts)
            columns[name] = np.where(last >= 0, values[last], np.nan)
        ends = np.append(starts[1:], len(group)) - 1
        return ReadingBatch(
            batch.table,
            batch.names,
            batch.series[starts],
            batch.ts[starts],
            batch.arrived[ends],
            columns,
        )


def concatenate(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """One batch of several of the same table and names, in the given order."""
    first = batches[0]
    if len(batches) == 1:
        return first
    fields = dict.fromkeys(name for batch in batches for name in batch.columns)
    return ReadingBatch(
        first.table,
        first.names,
        np.concatenate([b.series for b in batches]),
        np.concatenate([b.ts for b in batches]),
        np.concatenate([b.arrived for b in batches]),
        {name: np.concatenate([b.column(name) for b in batches]) for name in fields},
    )
