"""Readings as InfluxDB line protocol, written column by column.

A reading is ``TABLE,device=D[,circuit=C] FIELD=VALUE,…,n=1i TS``. The constant field ``n`` stands
in every reading, so that readings can be counted, and listed whatever fields they have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec
import numpy as np
from numpy.typing import NDArray

from facility.readings import Floats, ReadingBatch, Times, series_of, split_series
from facility.store.translation import Translation

COUNT_FIELD = "n"

_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
# Line protocol has no way to write a line break, nor a backslash before a delimiter.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\\%]")


def tag_value(text: str) -> str:
    """The value of a tag as the database holds it: control characters, ``\\`` and ``%`` as %XX."""
    return _UNWRITABLE.sub(lambda found: f"%{ord(found[0]):02X}", text)


def from_tag_value(value: str) -> str:
    """What :func:`tag_value` was given."""
    return unquote(value, errors="strict") if "%" in value else value


def series_key(table: str, series: str) -> str:
    """What stands before the fields of a line: the table and the tags."""
    device, circuit = split_series(series)
    key = f"{table},device={tag_value(device).translate(_ESCAPES)}"
    return f"{key},circuit={tag_value(circuit).translate(_ESCAPES)}" if circuit else key


def series_of_tags(tags: dict[str, str]) -> str:
    """The series that the database's tags name."""
    return series_of(
        from_tag_value(tags.get("device", "")), from_tag_value(tags.get("circuit", ""))
    )


class LineWriter:
    """Writes batches of one table as lines; remembers the keys of the series it met."""

    def __init__(self, table: str) -> None:
        self._keys = Translation(lambda series: series_key(table, series), object)

    def lines(self, batch: ReadingBatch) -> list[str]:
        """One line a row, without line ends. A row without any value has its count alone.

        An infinite value is written as ``null``, which the database refuses.
        """
        fields = [name for name, values in batch.columns.items() if not np.isnan(values).all()]
        texts = [_texts(batch.columns[name]) for name in fields]
        keys: list[str] = self._keys(batch.names, batch.series).tolist()
        stamps = _texts(batch.ts)
        lines = [""] * len(batch)
        for rows, present in _by_presence([batch.columns[name] for name in fields], len(batch)):
            values = "".join(f"{fields[i]}=%s," for i in present)
            template = f"%s {values}{COUNT_FIELD}=1i %s"
            columns = (keys, *(texts[i] for i in present), stamps)
            if len(rows) == len(batch):
                return [template % row for row in zip(*columns, strict=True)]
            for row in rows.tolist():
                lines[row] = template % tuple([column[row] for column in columns])
        return lines


def _texts(values: Floats | Times) -> list[str]:
    """The shortest text of each number that reads back as the same."""
    return msgspec.json.encode(values.tolist())[1:-1].decode().split(",")


def _by_presence(
    columns: list[Floats], rows: int
) -> Iterator[tuple[NDArray[np.intp], tuple[int, ...]]]:
    """The rows in groups that have the same columns, and which those are."""
    pattern = np.zeros(rows, dtype=np.int64)
    for i, values in enumerate(columns):
        pattern |= (~np.isnan(values)).astype(np.int64) << i
    if rows and (pattern == pattern[0]).all():
        groups = {int(pattern[0]): np.arange(rows)}
    else:
        groups = {int(p): np.flatnonzero(pattern == p) for p in np.unique(pattern)}
    for bits, group in groups.items():
        yield group, tuple(i for i in range(len(columns)) if bits >> i & 1)
