"""The native format: JSON objects, or arrays of them, decoded straight into columns.

Devices of one firmware send the same keys in the same order, so readings are grouped by that
*shape*: which keys are known is decided once a shape, and each key's cells become a column by
one transposition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeGuard

import msgspec
import numpy as np
from numpy.typing import NDArray

from facility.measurements import MEASUREMENTS, Kind, Measurement
from facility.readings import Codes, Names, ReadingBatch, concatenate, series_of
from ingest.decoders.columns import BAD_TS, NO_TS, measured, times
from ingest.messages import Decoded, Messages, Quarantined

FUTURE_MS = 5 * 60_000
"""How far ahead of its arrival a ``ts`` may be (contract, section 1)."""

_MAX_CIRCUIT = 64
_NO_SERIES = -1
_REASONS = ("", "bad_ts", "future_ts", "bad_circuit", "nothing_left")


@dataclass(slots=True)
class _Shape:
    """Readings of one table with the same keys, not judged yet."""

    table: str
    keys: tuple[str, ...]
    cells: list[Iterable[object]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)


class NativeDecoder:
    """Collects the payloads of some messages, then turns them into batches.

    ``add`` takes one payload after the other; ``finish`` judges them all and starts afresh.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._loads = msgspec.json.Decoder().decode

    def add(self, messages: Messages, at: int, table: str, device: str, decoded: Decoded) -> None:
        """Takes the payload of message ``at``; what cannot be read goes to quarantine."""
        try:
            value = self._loads(messages.payloads[at])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            decoded.received += 1
            decoded.quarantined.append(Quarantined.of(messages, at, "unreadable", str(error)))
            return
        if type(value) is dict:
            decoded.received += 1
            self._collect(value, at, table, device)
            return
        readings = value if isinstance(value, list) and value else [value]
        decoded.received += len(readings)
        for reading in readings:
            if isinstance(reading, dict):
                self._collect(reading, at, table, device)
            else:
                raw = msgspec.json.encode(reading)
                decoded.quarantined.append(Quarantined.of(messages, at, "not_an_object", raw=raw))

    def _collect(self, reading: dict[str, object], at: int, table: str, device: str) -> None:
        key = (table, *reading)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = _Shape(table, tuple(reading))
        shape.cells.append(reading.values())
        shape.devices.append(device)
        shape.messages.append(at)

    def finish(self, messages: Messages, decoded: Decoded) -> None:
        """Adds a batch a table to ``decoded``, its rows in order of receipt."""
        tables: dict[str, list[tuple[ReadingBatch, NDArray[np.intp]]]] = {}
        for shape in self._shapes.values():
            part = self._judge(shape, messages, decoded)
            if len(part[0]):
                tables.setdefault(shape.table, []).append(part)
        self._shapes = {}
        for parts in tables.values():
            batch = concatenate([batch for batch, _ in parts])
            if len(parts) > 1:
                order = np.argsort(np.concatenate([at for _, at in parts]), kind="stable")
                batch = batch.take(order)
            decoded.batches.append(batch)

    def _judge(
        self, shape: _Shape, messages: Messages, decoded: Decoded
    ) -> tuple[ReadingBatch, NDArray[np.intp]]:
        """The shape's readings as a batch, and the message each came in."""
        columns = dict(zip(shape.keys, zip(*shape.cells, strict=True), strict=True))
        count = len(shape.messages)
        at = np.array(shape.messages, dtype=np.intp)
        arrived = np.array(messages.arrived, dtype=np.int64)[at]
        stamps = columns.pop("ts", None)
        ts = np.full(count, NO_TS, np.int64) if stamps is None else times(stamps)
        untimed = ts == NO_TS
        decoded.without_ts += int(untimed.sum())
        ts = np.where(untimed, arrived, ts)

        series = self._series(shape, columns)
        values = {}
        given = np.zeros(count, dtype=bool)
        for key, cells in columns.items():
            measurement = MEASUREMENTS[shape.table].get(key)
            if measurement is None:
                decoded.dropped[shape.table, key, "unknown"] += count
                continue
            values[key] = self._measured(cells, measurement, shape.table, decoded.dropped)
            given |= ~np.isnan(values[key])

        batch = ReadingBatch(shape.table, self._names, series, ts, arrived, values)
        reasons = np.select(
            [ts == BAD_TS, ts > arrived + FUTURE_MS, series == _NO_SERIES, ~given],
            [1, 2, 3, 4],
            default=0,
        )
        refused = np.flatnonzero(reasons)
        if not len(refused):
            return batch, at
        for row in refused.tolist():
            raw = msgspec.json.encode(dict(zip(shape.keys, shape.cells[row], strict=True)))
            reason = _REASONS[int(reasons[row])]
            decoded.quarantined.append(Quarantined.of(messages, int(at[row]), reason, raw=raw))
        kept = np.flatnonzero(reasons == 0)
        return batch.take(kept), at[kept]

    @staticmethod
    def _measured(
        cells: tuple[object, ...],
        measurement: Measurement,
        table: str,
        dropped: Counter[tuple[str, str, str]],
    ) -> NDArray[np.float64]:
        drops: Counter[str] = Counter()
        column = measured(cells, measurement, drops)
        for reason, count in drops.items():
            if count:
                dropped[table, measurement.name, reason] += count
        return column

    def _series(self, shape: _Shape, columns: dict[str, tuple[object, ...]]) -> Codes:
        """The series of each reading; takes ``circuit`` out of a cabinet's columns."""
        code = self._names.code
        circuits = columns.pop("circuit", None) if shape.table == Kind.CABINET else None
        if circuits is None:
            return np.array([code(device) for device in shape.devices], dtype=np.int32)
        return np.array(
            [
                code(series_of(device, circuit))
                if circuit is None or _is_circuit(circuit)
                else _NO_SERIES
                for device, circuit in zip(shape.devices, circuits, strict=True)
            ],
            dtype=np.int32,
        )


def _is_circuit(cell: object) -> TypeGuard[str]:
    return isinstance(cell, str) and len(cell) <= _MAX_CIRCUIT and cell.isprintable()
