"""A batch of readings as bytes: in the spool and on the bus. Columns go as they stand in memory."""

from __future__ import annotations

import msgspec
import numpy as np

from facility.measurements import MEASUREMENTS
from facility.readings import Names, ReadingBatch


class _Packed(msgspec.Struct, array_like=True, gc=False):
    table: str
    names: list[str]
    series: bytes
    ts: bytes
    arrived: bytes
    columns: dict[str, bytes]


_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack(batch: ReadingBatch) -> bytes:
    """The batch, with only those of its names that it uses."""
    used, series = np.unique(batch.series, return_inverse=True)
    names = batch.names.names
    return msgspec.msgpack.encode(
        _Packed(
            batch.table,
            [names[code] for code in used.tolist()],
            series.astype("<i4").tobytes(),
            batch.ts.astype("<i8").tobytes(),
            batch.arrived.astype("<i8").tobytes(),
            {name: column.astype("<f8").tobytes() for name, column in batch.columns.items()},
        )
    )


def unpack(data: bytes, names: Names) -> ReadingBatch:
    """The batch, its series named by ``names``. ValueError where the bytes are none."""
    try:
        packed = _decode(data)
        codes = np.array([names.code(name) for name in packed.names], dtype=np.int32)
        batch = ReadingBatch(
            packed.table,
            names,
            codes[np.frombuffer(packed.series, "<i4")],
            np.frombuffer(packed.ts, "<i8").astype(np.int64),
            np.frombuffer(packed.arrived, "<i8").astype(np.int64),
            {name: np.frombuffer(c, "<f8").astype(float) for name, c in packed.columns.items()},
        )
    except (msgspec.DecodeError, IndexError) as error:
        raise ValueError(f"not a packed batch: {error}") from None
    lengths = {len(batch.series), len(batch.arrived), *map(len, batch.columns.values())}
    if lengths != {len(batch)} or batch.table not in MEASUREMENTS:
        raise ValueError("not a packed batch: its columns do not fit together")
    return batch
