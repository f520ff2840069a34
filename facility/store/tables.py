"""Which tables and fields a store has: those of the measurements, and no others."""

from __future__ import annotations

from collections.abc import Iterable

from facility.errors import Permanent
from facility.measurements import MEASUREMENTS


def fields_of(table: str, asked: Iterable[str] = ()) -> tuple[str, ...]:
    """Every field of ``table``. Permanent where there is no such table or no field ``asked``."""
    known = MEASUREMENTS.get(table)
    if known is None:
        raise Permanent(f"no table {table!r}: one of {', '.join(MEASUREMENTS)}")
    for field in asked:
        if field not in known:
            raise Permanent(f"no field {field!r} in {table}: one of {', '.join(known)}")
    return tuple(known)
