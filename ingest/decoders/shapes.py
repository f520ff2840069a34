"""Readings of one decode, grouped by their *shape* and judged as columns.

Devices of one firmware send the same keys in the same order. So readings are grouped by table and
keys: which keys are known is decided once a shape, and each key's cells become a column by one
transposition. Readings of too many shapes (a client that makes up keys) are brought into one
shape a table that has all its fields, so the cost stays with the number of cells.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TypeGuard

import msgspec
import numpy as np
from numpy.typing import NDArray

from facility.measurements import MEASUREMENTS, WAVEFORM, Kind, Measurement
from facility.readings import Codes, Names, ReadingBatch, concatenate, series_of
from ingest.decoders import bursts
from ingest.decoders.arrays import Arrays
from ingest.decoders.columns import BAD_TS, NO_TS, measured, reason_of, times
from ingest.decoders.plain import PlainPart, PlainShapes
from ingest.decoders.refused import Refused
from ingest.decoders.singles import Singles
from ingest.messages import Burst, Decoded, Messages

FUTURE_MS = 5 * 60_000
"""How far ahead of its arrival a ``ts`` may be (contract, section 1)."""

MESSAGE_BITS = 32
"""A reading's *place*: the low bits say which message it came in, the others what of it."""

ITEM = 1 << MESSAGE_BITS
"""Added to the place n times: the reading is item n of the message's array, counted from 1."""

MADE = -1 << MESSAGE_BITS
"""Added to the place: the reading was made of parts of the message."""

_MAX_SHAPES = 256
_MAX_CIRCUIT = 64
_NO_SERIES = -1
_BESIDE: dict[str, tuple[str, ...]] = {Kind.CABINET: ("circuit",), Kind.COVER: (WAVEFORM,)}
"""What a table's readings have beside its measurements."""

_REASONS = ("", "bad_ts", "future_ts", "bad_circuit", "nothing_left")
_MAX_DETAIL = 300


class Shape:
    """Readings of one table with the same keys, not judged yet."""

    __slots__ = ("keys", "places", "readings", "table")

    def __init__(self, table: str, keys: tuple[str, ...]) -> None:
        self.table = table
        self.keys = keys
        self.readings: list[Mapping[str, object]] = []
        self.places: list[int] = []


TableShapes = dict[tuple[str, ...], Shape]


class Shapes:
    """Takes readings in, then turns them into batches and starts afresh."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.tables: dict[str, TableShapes] = {table: {} for table in MEASUREMENTS}
        plain = PlainShapes()
        self.arrays = Arrays(plain)
        self.singles = Singles(plain)
        self.refused = Refused()

    def take(self, table: str, reading: dict[str, object], place: int, decoded: Decoded) -> None:
        """Takes one reading: field → cell as JSON has it, ``ts`` and ``circuit`` among them."""
        shapes = self.tables[table]
        keys = tuple(reading)
        shape = shapes.get(keys)
        if shape is None:
            if len(shapes) >= _MAX_SHAPES:
                reading = _ragged(table, reading, decoded.dropped)
                keys = tuple(reading)
            shape = shapes.setdefault(keys, Shape(table, keys))
        shape.readings.append(reading)
        shape.places.append(place)

    def finish(self, messages: Messages, series: Sequence[int], decoded: Decoded) -> None:
        """Adds a batch a table to ``decoded``, its rows in order of receipt.

        ``series`` has the code of each message's device.
        """
        codes = np.array(series, dtype=np.int32)
        items = _Items(messages)
        plain = [*self.singles.empty(), *self.arrays.empty()]
        for table, shapes in self.tables.items():
            judged = [
                self._judge(shape, messages, codes, items, decoded) for shape in shapes.values()
            ]
            judged += [
                self._judge_plain(part, messages, codes, items, decoded)
                for part in plain
                if part.table == table
            ]
            shapes.clear()
            parts = [part for part in judged if len(part[0])]
            if not parts:
                continue
            batch = concatenate([batch for batch, _ in parts])
            if len(parts) > 1:
                places = np.concatenate([places for _, places in parts])
                nth = places >> MESSAGE_BITS
                batch = batch.take(np.lexsort((nth, places & (ITEM - 1))))
            decoded.batches.append(batch)
        self.refused.finish(messages, decoded)

    def _judge(
        self, shape: Shape, messages: Messages, codes: Codes, items: _Items, decoded: Decoded
    ) -> tuple[ReadingBatch, NDArray[np.int64]]:
        """The shape's readings as a batch, and the place of each."""
        # A column is picked key by key: values() would make an object a reading for the garbage
        # collector to look at.
        columns: dict[str, Sequence[object]] = {
            key: list(map(itemgetter(key), shape.readings)) for key in shape.keys
        }
        count = len(shape.readings)
        places = np.array(shape.places, dtype=np.int64)
        at = places & (ITEM - 1)
        arrived = np.array(messages.arrived, dtype=np.int64)[at]
        stamps = columns.pop("ts", None)
        ts = np.full(count, NO_TS, np.int64) if stamps is None else times(stamps)
        untimed = ts == NO_TS
        decoded.without_ts += int(untimed.sum())
        ts = np.where(untimed, arrived, ts)

        series = codes[at]
        circuits = columns.pop("circuit", None) if shape.table == Kind.CABINET else None
        if circuits is not None:
            series = self._circuits(series, circuits)
        captured = columns.pop(WAVEFORM, None) if shape.table == Kind.COVER else None
        waves = _waves(captured or (), decoded.dropped)
        if waves:
            columns |= _features(waves)
        values = {}
        given = np.zeros(count, dtype=bool)
        for key, cells in columns.items():
            measurement = MEASUREMENTS[shape.table].get(key)
            if measurement is None:
                decoded.dropped[shape.table, key, "unknown"] += count
                continue
            values[key] = _measured(cells, measurement, shape.table, decoded.dropped)
            given |= ~np.isnan(values[key])

        batch = ReadingBatch(shape.table, self._names, series, ts, arrived, values)
        reasons = np.select(
            [ts == BAD_TS, ts > arrived + FUTURE_MS, series == _NO_SERIES, ~given],
            [1, 2, 3, 4],
            default=0,
        )
        decoded.bursts += [
            _kept(batch, row, wave) for row, wave in enumerate(waves) if wave and reasons[row] == 0
        ]
        refused = np.flatnonzero(reasons)
        if not len(refused):
            return batch, places
        for row in refused.tolist():
            reading, place = shape.readings[row], shape.places[row]
            reason = _REASONS[int(reasons[row])]
            of = place & (ITEM - 1)
            told = reason == "nothing_left" and self.refused.is_apart(of)
            detail = _why_nothing(shape.table, reading) if told else ""
            raw = items.of(place, reading)
            self.refused.take(messages, of, reason, decoded, raw, detail)
        kept = np.flatnonzero(reasons == 0)
        return batch.take(kept), places[kept]

    def _judge_plain(
        self, part: PlainPart, messages: Messages, codes: Codes, items: _Items, decoded: Decoded
    ) -> tuple[ReadingBatch, NDArray[np.int64]]:
        """As :meth:`_judge`, where only the time of arrival can still speak against a reading."""
        decoded.received += len(part.at)
        arrived = np.array(messages.arrived, dtype=np.int64)[part.at]
        batch = ReadingBatch(part.table, self._names, codes[part.at], part.ts, arrived, part.values)
        places = part.at + part.nth * ITEM
        early = part.ts > arrived + FUTURE_MS
        if not early.any():
            return batch, places
        for place in places[early].tolist():
            raw = items.of(place, {})
            self.refused.take(messages, place & (ITEM - 1), "future_ts", decoded, raw)
        return batch.take(~early), places[~early]

    def _circuits(self, devices: Codes, circuits: Sequence[object]) -> Codes:
        """The series of each reading of a cabinet."""
        names = self._names
        return np.array(
            [
                (names.code(series_of(names[device], circuit)) if circuit else device)
                if circuit is None or _is_circuit(circuit)
                else _NO_SERIES
                for device, circuit in zip(devices.tolist(), circuits, strict=True)
            ],
            dtype=np.int32,
        )


class _Items:
    """The bytes of a reading, as they stood in its message."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._items: dict[int, list[msgspec.Raw]] = {}

    def of(self, place: int, reading: Mapping[str, object]) -> bytes | None:
        """None where the reading is the whole message."""
        at, nth = place & (ITEM - 1), place >> MESSAGE_BITS
        if nth < 0:
            return json.dumps(reading, ensure_ascii=True).encode()
        if nth == 0:
            return None
        if at not in self._items:
            payload = self._messages.payloads[at]
            self._items[at] = msgspec.json.decode(payload, type=list[msgspec.Raw])
        return bytes(self._items[at][nth - 1])


def _ragged(
    table: str, reading: Mapping[str, object], dropped: Counter[tuple[str, str, str]]
) -> dict[str, object]:
    """The reading in the shape that has every field of its table; null is not given."""
    fields = MEASUREMENTS[table]
    known = dict.fromkeys(("ts", *_BESIDE.get(table, ()), *fields))
    for key, cell in reading.items():
        if key in known:
            known[key] = cell
        else:
            dropped[table, key, "unknown"] += 1
    return known


def _waves(
    captured: Sequence[object], dropped: Counter[tuple[str, str, str]]
) -> list[bursts.Waveform | None]:
    """The waveforms of a column of ``burst``, None where there is none to be used."""
    waves: list[bursts.Waveform | None] = []
    for cell in captured:
        try:
            waves.append(None if cell is None else bursts.read(cell))
        except bursts.BadBurst as error:
            dropped[Kind.COVER, WAVEFORM, str(error)] += 1
            waves.append(None)
    return waves


def _features(waves: Sequence[bursts.Waveform | None]) -> dict[str, tuple[object, ...]]:
    """The columns that waveforms give; what a device says of them itself does not count."""
    rows = [bursts.features(wave) if wave else {} for wave in waves]
    return {field: tuple(row.get(field) for row in rows) for field in bursts.FEATURES}


def _kept(batch: ReadingBatch, row: int, wave: bursts.Waveform) -> Burst:
    return Burst(
        batch.name(row),
        int(batch.ts[row]),
        int(batch.arrived[row]),
        wave.rate_hz,
        wave.scale_g,
        wave.samples.astype("<i2").tobytes(),
    )


def _measured(
    cells: Sequence[object],
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


def _why_nothing(table: str, reading: Mapping[str, object]) -> str:
    """``power_w: range, colour: unknown``: what each given field of a reading fell by."""
    fields = MEASUREMENTS[table]
    why = []
    for key, cell in reading.items():
        if cell is None or key == "ts" or (key == "circuit" and table == Kind.CABINET):
            continue
        if key == WAVEFORM and table == Kind.COVER:
            reason = bursts.reason_of(cell)
        else:
            reason = reason_of(cell, fields[key]) if key in fields else "unknown"
        why.append(f"{key:.40}: {reason}")
    return ", ".join(why)[:_MAX_DETAIL]


def _is_circuit(cell: object) -> TypeGuard[str]:
    return isinstance(cell, str) and len(cell) <= _MAX_CIRCUIT and cell.isprintable()
