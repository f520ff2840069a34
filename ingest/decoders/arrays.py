"""Arrays of plain readings, decoded by type: no dict a reading, and nothing left to judge in it.

A concentrator sends a hundred readings of the same keys, nearly always faultless. Where they are
``ts`` and numbers and bools of their declared types, none of them null, msgspec checks types and
ranges as it reads, and a reading goes into its row of bytes at once. An array with anything else in
it is not taken here, and goes the long way (:mod:`ingest.decoders.shapes`), which says what is
wrong: what becomes of a reading is the same either way.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
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
_first_object = msgspec.json.Decoder(dict[str, Any]).decode


class ArrayShape:
    """Arrays of one table whose readings all have ``fields`` and ``ts``, as rows of bytes."""

    def __init__(self, table: str, fields: tuple[str, ...]) -> None:
        reading = msgspec.defstruct(
            "Reading",
            [("ts", _TS), *((field, _type(MEASUREMENTS[table][field])) for field in fields)],
            forbid_unknown_fields=True,
            gc=False,
        )
        self.table = table
        self.fields = fields
        self._decode = msgspec.json.Decoder(list[reading]).decode  # type: ignore[valid-type]
        self._pack = struct.Struct(f"<q{len(fields)}d").pack
        self._row = np.dtype([("ts", "<i8"), *((field, "<f8") for field in fields)])
        self._arrays: list[bytes] = []
        self._counts: list[int] = []
        self._messages: list[int] = []

    def take(self, payload: bytes | str, at: int) -> int:
        """Takes the array of message ``at``; how many readings, 0 where it was not taken."""
        try:
            readings: list[msgspec.Struct] = self._decode(payload)
        except ValueError:
            return 0
        pack = self._pack
        self._arrays.append(b"".join([pack(*astuple(reading)) for reading in readings]))
        self._counts.append(len(readings))
        self._messages.append(at)
        return len(readings)

    @property
    def is_empty(self) -> bool:
        return not self._arrays

    def empty(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Times, dict[str, Floats]]:
        """What was taken, which is let go: of each reading its message, which item of the array it
        is, counted from 1, its ``ts``, and its values by field."""
        rows = np.frombuffer(b"".join(self._arrays), self._row)
        counts = np.array(self._counts, dtype=np.int64)
        at = np.repeat(np.array(self._messages, dtype=np.int64), counts)
        item = np.arange(1, len(rows) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        self._arrays, self._counts, self._messages = [], [], []
        values = {field: rows[field].astype(np.float64) for field in self.fields}
        return at, item, rows["ts"].astype(np.int64), values


class Arrays:
    """The shapes of the arrays that came, told by the keys of an array's first reading."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[tuple[str, ...], ArrayShape | None]] = {
            table: {} for table in MEASUREMENTS
        }

    def take(self, table: str, payload: bytes | str, at: int) -> int:
        """Takes the array of message ``at``; how many readings, 0 where it has to go the long
        way."""
        end = payload.find("}") if isinstance(payload, str) else payload.find(b"}")
        try:
            keys = tuple(_first_object(payload[1 : end + 1]))
        except (ValueError, RecursionError):
            return 0
        shapes = self._tables[table]
        if keys not in shapes and len(shapes) < _MAX_SHAPES:
            shapes[keys] = _shape(table, keys)
        shape = shapes.get(keys)
        return 0 if shape is None else shape.take(payload, at)

    def filled(self, table: str) -> list[ArrayShape]:
        """The shapes of a table that arrays were taken into."""
        return [
            shape
            for shape in self._tables[table].values()
            if shape is not None and not shape.is_empty
        ]


def _shape(table: str, keys: tuple[str, ...]) -> ArrayShape | None:
    """The shape of readings with these keys; None where there may be more to judge in them."""
    measurements = MEASUREMENTS[table]
    fields = tuple(key for key in keys if key != "ts")
    if "ts" not in keys or not fields or not all(_is_plain(measurements, key) for key in fields):
        return None
    return ArrayShape(table, fields)


def _is_plain(measurements: Mapping[str, Measurement], key: str) -> bool:
    return key in measurements and measurements[key].type in ("number", "bool")


def _type(measurement: Measurement) -> Any:
    """The type that msgspec holds a value to."""
    if measurement.type == "bool":
        return bool
    low = measurement.low if math.isfinite(measurement.low) else None
    high = measurement.high if math.isfinite(measurement.high) else None
    return Annotated[float, msgspec.Meta(ge=low, le=high)]
