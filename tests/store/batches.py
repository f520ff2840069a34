"""Small batches, written out by hand in tests."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facility.readings import Names, ReadingBatch
from facility.store.base import Series

T0 = 1_700_000_000_000

Row = tuple[str, int, dict[str, float]]


def batch_of(rows: Iterable[Row], table: str = "streetlight") -> ReadingBatch:
    """A batch of (series, ts, fields) rows."""
    names = Names()
    rows = list(rows)
    fields = dict.fromkeys(name for _, _, values in rows for name in values)
    ts = np.array([ts for _, ts, _ in rows], dtype=np.int64)
    return ReadingBatch(
        table,
        names,
        np.array([names.code(series) for series, _, _ in rows], dtype=np.int32),
        ts,
        ts,
        {f: np.array([values.get(f, np.nan) for _, _, values in rows]) for f in fields},
    )


def rows_of(batch: ReadingBatch) -> list[Row]:
    """The rows of a batch, without the fields that a row does not have."""
    return [
        (
            batch.name(i),
            int(batch.ts[i]),
            {f: float(v[i]) for f, v in batch.columns.items() if not np.isnan(v[i])},
        )
        for i in range(len(batch))
    ]


def points_of(series: Series) -> list[tuple[int, dict[str, float]]]:
    """The readings of a series, without the fields that a reading does not have."""
    return [
        (ts, {f: float(v[i]) for f, v in series.columns.items() if not np.isnan(v[i])})
        for i, ts in enumerate(series.ts.tolist())
    ]
