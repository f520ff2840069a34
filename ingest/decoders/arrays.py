"""Arrays of plain readings: a concentrator sends a hundred of the same keys in a message.

An array with one reading in it that is not plain goes the long way as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from ingest.decoders.plain import PlainPart, PlainShape, PlainShapes

_first_object = msgspec.json.Decoder(dict[str, Any]).decode


class _Taken:
    """Arrays of one shape."""

    def __init__(self, shape: PlainShape) -> None:
        self._shape = shape
        self._decode = msgspec.json.Decoder(list[shape.type]).decode  # type: ignore[name-defined]
        self._arrays: list[bytes] = []
        self._counts: list[int] = []
        self._messages: list[int] = []

    def take(self, payload: bytes | str, at: int) -> int:
        """Takes the array of message ``at``; how many readings, 0 where it was not taken."""
        try:
            readings: list[msgspec.Struct] = self._decode(payload)
        except ValueError:
            return 0
        self._arrays.append(self._shape.rows(readings))
        self._counts.append(len(readings))
        self._messages.append(at)
        return len(readings)

    @property
    def is_empty(self) -> bool:
        return not self._arrays

    def empty(self) -> PlainPart:
        """What was taken, which is let go."""
        ts, values = self._shape.columns(b"".join(self._arrays))
        counts = np.array(self._counts, dtype=np.int64)
        at = np.repeat(np.array(self._messages, dtype=np.int64), counts)
        nth = np.arange(1, len(ts) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        self._arrays, self._counts, self._messages = [], [], []
        return PlainPart(self._shape.table, at, nth, ts, values)


class Arrays:
    """The arrays of a decode, by the shape that their first reading's keys tell."""

    def __init__(self, shapes: PlainShapes) -> None:
        self._shapes = shapes
        self._taken: dict[PlainShape, _Taken] = {}

    def take(self, table: str, payload: bytes | str, at: int) -> int:
        """Takes the array of message ``at``; how many readings, 0 where it has to go the long
        way."""
        end = payload.find("}") if isinstance(payload, str) else payload.find(b"}")
        try:
            keys = tuple(_first_object(payload[1 : end + 1]))
        except (ValueError, RecursionError):
            return 0
        shape = self._shapes.of(table, keys)
        if shape is None:
            return 0
        if shape not in self._taken:
            self._taken[shape] = _Taken(shape)
        return self._taken[shape].take(payload, at)

    def empty(self) -> Iterator[PlainPart]:
        """What was taken, which is let go."""
        return (taken.empty() for taken in self._taken.values() if not taken.is_empty)
