"""Messages of one plain reading each: what a device sent last is what it is expected to send.

So of most messages nothing is looked at before they are read by type. One that is not as expected
comes out again, goes the long way, and is what is expected next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from ingest.decoders.plain import PlainPart, PlainShape, PlainShapes


class Single:
    """Messages of one shape. ``waiting`` are those that are expected to be, by their position."""

    def __init__(self, shape: PlainShape) -> None:
        self._shape = shape
        self._decode = msgspec.json.Decoder(shape.type).decode
        self.waiting: list[int] = []
        self._readings: list[msgspec.Struct] = []
        self._messages: list[int] = []

    def read(self, payloads: Sequence[bytes | str]) -> list[int]:
        """Reads those that wait; the positions of those that are something else."""
        decode, take, others = self._decode, self._readings.append, []
        for at in self.waiting:
            try:
                take(decode(payloads[at]))
            except ValueError:
                others.append(at)
        if others:
            refused = set(others)
            self.waiting = [at for at in self.waiting if at not in refused]
        self._messages, self.waiting = self.waiting, []
        return others

    @property
    def is_empty(self) -> bool:
        return not self._readings

    def empty(self) -> PlainPart:
        """What was read, which is let go."""
        ts, values = self._shape.columns(self._shape.rows(self._readings))
        at = np.array(self._messages, dtype=np.int64)
        self._readings, self._messages = [], []
        return PlainPart(self._shape.table, at, np.zeros(len(at), dtype=np.int64), ts, values)


class Singles:
    """The messages of a decode that are expected to be plain readings."""

    def __init__(self, shapes: PlainShapes) -> None:
        self._shapes = shapes
        self._all: dict[PlainShape, Single] = {}

    def after(self, table: str, reading: Mapping[str, object]) -> Single | None:
        """What is expected after a reading; None where its next one will need a closer look."""
        shape = self._shapes.of(table, tuple(reading))
        if shape is None or type(reading["ts"]) is not int or None in reading.values():
            return None
        if shape not in self._all:
            self._all[shape] = Single(shape)
        return self._all[shape]

    def read(self, payloads: Sequence[bytes | str]) -> list[int]:
        """Reads those that wait; the positions of those that are something else, in order."""
        return sorted(at for single in self._all.values() for at in single.read(payloads))

    def empty(self) -> Iterator[PlainPart]:
        """What was read, which is let go."""
        return (single.empty() for single in self._all.values() if not single.is_empty)
