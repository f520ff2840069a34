"""A file of rows as a person hands it in: GeoJSON features or CSV records, each with its line.

Nothing here knows what the rows mean. What makes the whole file unreadable is a UsageError; what
is wrong with one row is a :class:`RowIssue`, and the others are read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from facility.errors import UsageError

MAX_BYTES = 512 * 2**20
_BOM = b"\xef\xbb\xbf"
# CGCS2000 (EPSG:4490), China's datum, is WGS 84 to within centimetres.
_WGS84 = re.compile(r"CRS:?84|EPSG:+(\d+(\.\d+)*:+)?(4326|4490)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands: its line, and its number as a feature where a line holds several."""

    source: str
    line: int
    feature: int | None = None

    def __str__(self) -> str:
        return f"line {self.line}" + (f", feature {self.feature}" if self.feature else "")


@dataclass(frozen=True, slots=True)
class RowIssue:
    """What is to be said of a row, in words; ``subject`` is its id where it has one.

    ``place.line`` is 0 where the whole file is meant.
    """

    place: RowPlace
    reason: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One feature or record. ``geometry`` is the GeoJSON geometry, None for CSV."""

    place: RowPlace
    values: dict[str, Any]
    geometry: Any = None


@dataclass(frozen=True, slots=True)
class RowFile:
    """The rows of a file in its order, the unreadable ones apart, and the names of its columns."""

    name: str
    rows: list[Row]
    unreadable: list[RowIssue]
    columns: frozenset[str]


class _Feature(msgspec.Struct):
    type: Any = None
    geometry: Any = None
    properties: Any = None


class _Collection(msgspec.Struct):
    type: Any = None
    features: list[msgspec.Raw] | None = None
    crs: Any = None


def is_missing(value: object) -> bool:
    """Whether a cell says nothing: null, or only white space."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_bytes(path: Path) -> bytes:
    """The file's bytes without a byte order mark. UsageError where there are none to be had."""
    try:
        if not path.exists():
            raise UsageError(f"{path}: no such file")
        if not path.is_file():
            raise UsageError(f"{path}: is not a file")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                f"{path}: {size / 2**20:.0f} MB is more than the {MAX_BYTES // 2**20} MB "
                "that are read at once; split it"
            )
        return path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


def read_rows(path: Path) -> RowFile:
    """The rows of a GeoJSON FeatureCollection or a CSV file with a header.

    The name's ending says which (``.csv``, ``.geojson``, ``.json``), else the first character.
    UsageError where the file is missing, too large, empty, not UTF-8, or neither of the two.
    """
    content = read_bytes(path)
    if not content.strip():
        raise UsageError(f"{path}: is empty")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from error
    suffix = path.suffix.lower()
    is_json = suffix in {".json", ".geojson"} or text.lstrip()[:1] in {"{", "["}
    if suffix != ".csv" and is_json:
        file = read_features(path, content)
    else:
        file = _read_records(path, text)
    if not file.rows and not file.unreadable:
        raise UsageError(f"{path}: holds no rows")
    return file


def read_features(path: Path, content: bytes) -> RowFile:
    """The features of a FeatureCollection. UsageError where ``content`` is none in WGS 84."""
    rows: list[Row] = []
    unreadable: list[RowIssue] = []
    decoder = msgspec.json.Decoder(_Feature)
    raws = _collection(path, content)
    starts = list(_starts(content, raws))
    # A feature's number is worth telling only where lines do not tell features apart.
    alone = len(set(starts)) == len(starts)
    for number, (raw, line) in enumerate(zip(raws, starts, strict=True), 1):
        place = RowPlace(path.name, line, None if alone else number)
        try:
            feature = decoder.decode(raw)
        except (msgspec.MsgspecError, RecursionError) as error:
            unreadable.append(RowIssue(place, f"is no feature: {error}"))
            continue
        if feature.type != "Feature":
            unreadable.append(RowIssue(place, f"is no feature: its type is {feature.type!r:.40}"))
        elif not isinstance(feature.properties, dict):
            unreadable.append(RowIssue(place, "has no properties"))
        else:
            rows.append(Row(place, feature.properties, feature.geometry))
    columns = frozenset(name for row in rows for name in row.values)
    return RowFile(path.name, rows, unreadable, columns)


def _collection(path: Path, content: bytes) -> list[msgspec.Raw]:
    try:
        collection = msgspec.json.decode(content, type=_Collection)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: is no GeoJSON FeatureCollection: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        at = re.search(r"\(byte (\d+)\)", str(error))
        line = content.count(b"\n", 0, int(at[1]) if at else len(content)) + 1
        raise UsageError(f"{path}: is not JSON: line {line}: {error}") from error
    if collection.type != "FeatureCollection" or collection.features is None:
        raise UsageError(
            f"{path}: is no GeoJSON FeatureCollection: its type is {collection.type!r:.40}"
        )
    if collection.crs is not None and not _WGS84.search(str(collection.crs)):
        raise UsageError(
            f"{path}: its coordinates are not WGS 84 (crs {collection.crs!s:.120}); "
            "convert it, for instance with ogr2ogr -t_srs EPSG:4326"
        )
    return collection.features


def _starts(content: bytes, raws: list[msgspec.Raw]) -> Iterator[int]:
    """The line each feature begins on. A raw is a verbatim slice, so each is found at once."""
    line, end = 1, 0
    for raw in raws:
        start = content.find(raw, end)
        line += content.count(b"\n", end, start)
        yield line
        length = len(memoryview(raw))
        line += content.count(b"\n", start, start + length)
        end = start + length


def _read_records(path: Path, text: str) -> RowFile:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except csv.Error as error:
        raise UsageError(f"{path}: line 1 is no CSV header: {error}") from error
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise UsageError(f"{path}: its columns are not separated by commas; save it with commas")
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise UsageError(f"{path}: the header has {', '.join(sorted(twice))} twice; rename one")
    rows: list[Row] = []
    unreadable: list[RowIssue] = []
    while True:
        place = RowPlace(path.name, reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            unreadable.append(RowIssue(place, f"is no CSV record: {error}"))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            reason = f"has {len(cells)} cells where the header has {len(header)}"
            unreadable.append(RowIssue(place, reason))
            continue
        rows.append(Row(place, dict(zip(header, cells, strict=True))))
    return RowFile(path.name, rows, unreadable, frozenset(header))
