"""Plain readings: ``ts``, numbers and bools, each of its type and in its range.

Nearly every reading is one, and there is nothing to judge in it. So it is read by type: msgspec
checks types and ranges as it reads, no dict is made, and its values go into a row of bytes at once.
What is not plain is refused here and goes the long way (:mod:`ingest.decoders.shapes`), which says
what is wrong with it: what becomes of a reading is the same either way.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray

from facility.measurements import MEASUREMENTS, Measurement
from facility.readings import Floats, Times
from ingest.decoders.columns import EARLIEST, LATEST

_MAX_SHAPES = 64
"""Of a table; a client that makes up orders of keys gets no further decoders made."""

_TS = Annotated[int, msgspec.Meta(ge=EARLIEST, lt=LATEST)]


class PlainShape:
    """Plain readings of one table that all have ``fields`` and ``ts``, as rows of bytes."""

    def __init__(self, table: str, fields: tuple[str, ...]) -> None:
        self.table = table
        self.fields = fields
        self.type = msgspec.defstruct(
            "Reading",
            [("ts", _TS), *((field, _type(MEASUREMENTS[table][field])) for field in fields)],
            forbid_unknown_fields=True,
            gc=False,
        )
        self._pack = struct.Struct(f"<q{len(fields)}d").pack
        self._row = np.dtype([("ts", "<i8"), *((field, "<f8") for field in fields)])

    def rows(self, readings: Iterable[msgspec.Struct]) -> bytes:
        """Readings of ``type``, one row after the other."""
        pack = self._pack
        return b"".join([pack(*astuple(reading)) for reading in readings])

    def columns(self, rows: bytes) -> tuple[Times, dict[str, Floats]]:
        """The ``ts`` of rows, and their values by field."""
        table = np.frombuffer(rows, self._row)
        values = {field: table[field].astype(np.float64) for field in self.fields}
        return table["ts"].astype(np.int64), values


@dataclass(frozen=True, slots=True)
class PlainPart:
    """What was read of one shape: of each reading (n,) its message, which item of that message's
    array it is, counted from 1, or 0 where it is the whole message, its ``ts`` and its values."""

    table: str
    at: NDArray[np.int64]
    nth: NDArray[np.int64]
    ts: Times
    values: dict[str, Floats]


class PlainShapes:
    """The shapes that came, told by a reading's keys."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[tuple[str, ...], PlainShape | None]] = {
            table: {} for table in MEASUREMENTS
        }

    def of(self, table: str, keys: tuple[str, ...]) -> PlainShape | None:
        """The shape of readings with these keys; None where there may be more to judge in them."""
        shapes = self._tables[table]
        if keys not in shapes and len(shapes) < _MAX_SHAPES:
            shapes[keys] = _shape(table, keys)
        return shapes.get(keys)


def _shape(table: str, keys: tuple[str, ...]) -> PlainShape | None:
    measurements = MEASUREMENTS[table]
    fields = tuple(key for key in keys if key != "ts")
    if "ts" not in keys or not fields or not all(_is_plain(measurements, key) for key in fields):
        return None
    return PlainShape(table, fields)


def _is_plain(measurements: Mapping[str, Measurement], key: str) -> bool:
    return key in measurements and measurements[key].type in ("number", "bool")


def _type(measurement: Measurement) -> Any:
    """The type that msgspec holds a value to."""
    if measurement.type == "bool":
        return bool
    low = measurement.low if math.isfinite(measurement.low) else None
    high = measurement.high if math.isfinite(measurement.high) else None
    return Annotated[float, msgspec.Meta(ge=low, le=high)]
