"""What a store takes: the tables and fields of the measurements, and finite values."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facility.errors import Permanent
from facility.measurements import MEASUREMENTS
from facility.readings import ReadingBatch

LIMIT_MS = (2**63 - 1) // 1_000_000 - 1
"""InfluxDB counts time in int64 nanoseconds; no store takes a reading outside of that."""


def fields_of(table: str, asked: Iterable[str] = ()) -> tuple[str, ...]:
    """Every field of ``table``. Permanent where there is no such table or no field ``asked``."""
    known = MEASUREMENTS.get(table)
    if known is None:
        raise Permanent(f"no table {table!r}: one of {', '.join(MEASUREMENTS)}")
    for field in asked:
        if field not in known:
            raise Permanent(f"no field {field!r} in {table}: one of {', '.join(known)}")
    return tuple(known)


def unstorable(batch: ReadingBatch) -> dict[int, str]:
    """row → why no store takes it: an infinite value, or a time beyond the years 1677 to 2262."""
    reasons: dict[int, str] = {}
    for field, values in batch.columns.items():
        infinite = np.isinf(values)
        if infinite.any():
            for row in np.flatnonzero(infinite).tolist():
                reasons[row] = f"{field} is {values[row]}: a value is finite"
    far = (batch.ts > LIMIT_MS) | (batch.ts < -LIMIT_MS)
    if far.any():
        for row in np.flatnonzero(far).tolist():
            reasons[row] = f"time {batch.ts[row]} ms is outside of the years 1677 to 2262"
    return reasons
