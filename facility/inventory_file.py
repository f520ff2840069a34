"""The inventory and the grid as they are kept: ``inventory.geojson`` and ``grid.geojson``.

Both are normalised GeoJSON in the data directory: one feature a line, sorted by id or code, so
the same content is the same bytes and a change is a line in a diff. The first line has the hash
of the others: while it is right, the file is our own and is read fast; where a person edited it,
every line is checked like an import. A file is replaced whole or not at all; whoever reads,
changes and writes holds :func:`locked` meanwhile.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from facility import asset_rows, grid
from facility.asset_rows import Fault, positioned, to_asset
from facility.assets import Asset
from facility.errors import Permanent, Retryable, UsageError
from facility.grid import Grid, read_grid
from facility.inventory import Inventory
from facility.rowfile import Row, RowIssue, read_bytes, read_features

INVENTORY = "inventory.geojson"
GRID = "grid.geojson"
_LOCK = "inventory.lock"
_HEAD = b'{"type":"FeatureCollection","sha256":"%s","features":[\n'
_TAIL = b"\n]}\n"


class _Point(msgspec.Struct, gc=False):
    coordinates: tuple[float, float]


class _OwnFeature(msgspec.Struct, gc=False):
    geometry: _Point
    properties: dict[str, Any]


class _OwnCollection(msgspec.Struct):
    features: list[_OwnFeature]


def load(data_dir: Path) -> Inventory:
    """The kept inventory, every asset in its cell of the grid; empty where none was imported.

    UsageError where a kept file was damaged, with its line.
    """
    content = _content(data_dir / INVENTORY)
    if _is_own(content):
        return Inventory.of(_own_assets(content, cells=True))
    return inventory_of(load_assets(data_dir).values(), load_grid(data_dir))


def load_assets(data_dir: Path) -> dict[str, Asset]:
    """The kept assets by id, as they were imported: ``grid`` only where the import gave it."""
    path = data_dir / INVENTORY
    content = _content(path)
    if _is_own(content):
        return {asset.id: asset for asset in _own_assets(content, cells=False)}
    assets: dict[str, Asset] = {}
    for row in _rows(path, content):
        try:
            asset, _ = to_asset(positioned(row), None)
        except Fault as fault:
            raise _damaged(path, RowIssue(row.place, str(fault))) from fault
        if asset.id in assets:
            raise _damaged(path, RowIssue(row.place, f"id {asset.id} is there twice"))
        assets[asset.id] = asset
    return assets


def load_grid(data_dir: Path) -> Grid:
    """The kept grid; one without cells where none was imported."""
    path = data_dir / GRID
    cells, wrong = read_grid(_rows(path, _content(path)))
    if wrong:
        raise _damaged(path, wrong[0])
    return cells


def inventory_of(assets: Iterable[Asset], cells: Grid) -> Inventory:
    """The inventory of these assets by id; those without a grid code get that of their cell."""
    ordered = sorted(assets, key=lambda asset: asset.id)
    codes = _located(ordered, cells)
    return Inventory.of(
        replace(asset, grid=codes[asset.id]) if codes.get(asset.id) else asset for asset in ordered
    )


def version(data_dir: Path) -> str:
    """A hash of what is kept: 16 hexadecimal digits, the same as long as nothing changed."""
    digest = hashlib.sha256()
    for name in (INVENTORY, GRID):
        content = _content(data_dir / name)
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:16]


def keep_assets(data_dir: Path, assets: Mapping[str, Asset], cells: Grid) -> None:
    """Replaces the kept assets by these; those without a grid code are kept with their cell's.

    Retryable where the disk is full, Permanent where the file may not be written.
    """
    codes = _located(assets.values(), cells)
    _keep(
        data_dir / INVENTORY,
        (asset_rows.to_feature(assets[name], codes.get(name)) for name in sorted(assets)),
    )


def keep_grid(data_dir: Path, cells: Grid) -> None:
    """Replaces the kept grid by this one."""
    _keep(data_dir / GRID, (grid.to_feature(cells.cells[code]) for code in sorted(cells.cells)))


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Holds the data directory's inventory for this process, the directory made where needed.

    Retryable where another one holds it.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / _LOCK).open("ab")
    except OSError as error:
        raise UsageError(f"{data_dir}: cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Retryable(
                f"{data_dir}: another import is at work there; try again when it is done"
            ) from error
        yield


def _located(assets: Iterable[Asset], cells: Grid) -> dict[str, str | None]:
    """id → code of the cell an asset without a code of its own lies in."""
    homeless = [asset for asset in assets if asset.grid is None] if len(cells) else []
    codes = cells.locate([asset.lon for asset in homeless], [asset.lat for asset in homeless])
    return {asset.id: code for asset, code in zip(homeless, codes, strict=True)}


def _content(path: Path) -> bytes:
    return read_bytes(path) if path.exists() else b""


def _is_own(content: bytes) -> bool:
    """Whether the file is as :func:`_keep` wrote it: the hash in its first line is that of it."""
    head, newline, body = content.partition(b"\n")
    digest = hashlib.sha256(body).hexdigest().encode()
    return head + newline == _HEAD % digest


def _own_assets(content: bytes, *, cells: bool) -> Iterator[Asset]:
    for feature in msgspec.json.decode(content, type=_OwnCollection).features:
        lon, lat = feature.geometry.coordinates
        yield asset_rows.from_own_feature(feature.properties, lon, lat, cells=cells)


def _rows(path: Path, content: bytes) -> list[Row]:
    if not content:
        return []
    file = read_features(path, content)
    if file.unreadable:
        raise _damaged(path, file.unreadable[0])
    return file.rows


def _damaged(path: Path, issue: RowIssue) -> UsageError:
    return UsageError(
        f"{path}: {issue.place}: {issue.reason}; "
        "mend that line, or remove the file and import again"
    )


def _keep(path: Path, features: Iterable[dict[str, Any]]) -> None:
    """Writes the file so that a reader, or a power cut, finds the old one or the new one."""
    body = b",\n".join(map(msgspec.json.Encoder().encode, features)) + _TAIL
    content = _HEAD % hashlib.sha256(body).hexdigest().encode() + body
    fresh = path.with_name(f".{path.name}.new")
    try:
        if path.exists() and path.read_bytes() == content:
            return
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        if not isinstance(error, OSError):  # Ctrl-C
            raise
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise (Retryable if full else Permanent)(
            f"{path}: cannot be written: {error.strerror}"
        ) from error
