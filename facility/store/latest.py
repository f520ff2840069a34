"""The last given value of each field of each series, kept in memory as columns."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from facility.readings import Floats, Times

Ids = NDArray[np.int32] | NDArray[np.int64]
_T = TypeVar("_T", np.float64, np.int64)

NEVER = int(np.iinfo(np.int64).min)
"""The time of a value that was never given."""


class LatestValues:
    """What each series said last: rows are series ids, dense from 0. Safe between threads.

    A field keeps its value until a reading at the same time or later gives another, so readings
    may come late and in any order.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = tuple(fields)
        self._lock = threading.Lock()
        self._size = 0
        self._ts = np.empty(0, dtype=np.int64)
        self._values = {name: np.empty(0) for name in self.fields}
        self._given_at = {name: np.empty(0, dtype=np.int64) for name in self.fields}

    def __len__(self) -> int:
        return self._size

    def grow(self, size: int) -> None:
        """Makes room for series ids below ``size``."""
        with self._lock:
            if size > len(self._ts):
                room = max(size, 2 * len(self._ts), 1024)
                self._ts = _extended(self._ts, room, NEVER)
                for name in self.fields:
                    self._values[name] = _extended(self._values[name], room, np.nan)
                    self._given_at[name] = _extended(self._given_at[name], room, NEVER)
            self._size = max(self._size, size)

    @property
    def newest_of_all(self) -> int:
        """The newest reading's time, NEVER where there is none."""
        with self._lock:
            return int(self._ts[: self._size].max(initial=NEVER))

    def newest(self, ids: Ids) -> Times:
        """The newest reading's time of each of ``ids``, NEVER where it has none."""
        with self._lock:
            newest: Times = self._ts[ids]
            return newest

    def update(self, ids: Ids, ts: Times, columns: dict[str, Floats]) -> None:
        """Takes in readings; those of one series stand in order of time."""
        self.absorb(ids, ts, columns, dict.fromkeys(columns, ts))

    def absorb(
        self,
        ids: Ids,
        ts: Times,
        columns: dict[str, Floats],
        given_at: dict[str, Times],
    ) -> None:
        """Takes in readings whose fields were each given at a time of its own.

        Where an id comes more than once its rows stand in order of time.
        """
        with self._lock:
            later = ts > self._ts[ids]
            # Of several assignments to one place numpy keeps the last, here the newest.
            self._ts[ids[later]] = ts[later]
            for name, values in columns.items():
                at = given_at[name]
                given = ~np.isnan(values) & (at >= self._given_at[name][ids])
                rows = ids[given]
                self._values[name][rows] = values[given]
                self._given_at[name][rows] = at[given]

    def rows(
        self, ids: Ids | None = None
    ) -> tuple[Ids, Times, dict[str, Floats], dict[str, Times]]:
        """Copies of (ids, ts, values, times given) of the series that have a reading."""
        with self._lock:
            asked = np.arange(self._size) if ids is None else np.asarray(ids, dtype=np.int64)
            known = asked[self._ts[asked] != NEVER]
            return (
                known,
                self._ts[known],
                {name: self._values[name][known] for name in self.fields},
                {name: self._given_at[name][known] for name in self.fields},
            )


def _extended(values: NDArray[_T], size: int, fill: float) -> NDArray[_T]:
    longer = np.full(size, fill, dtype=values.dtype)
    longer[: len(values)] = values
    return longer
