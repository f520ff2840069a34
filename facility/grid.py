"""The grid of responsibility: district, street, community, grid, courtyard, as polygons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely.geometry import mapping

from facility.asset_rows import Fault, checked_code, checked_name
from facility.rowfile import Row, RowIssue, RowPlace, is_missing


class Level(StrEnum):
    """The levels, from the top down."""

    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    COURTYARD = "courtyard"


DEPTH = {level: depth for depth, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; ``geometry`` is a shapely Polygon or MultiPolygon in WGS 84."""

    code: str
    name: str
    level: Level
    parent: str | None
    responsible: str | None
    geometry: Any


class Grid:
    """The cells, and which of them a location lies in."""

    def __init__(self, cells: Iterable[Cell] = ()) -> None:
        # In order of depth, so that the deepest cell around a point is the one of highest index.
        ordered = sorted(cells, key=lambda cell: (DEPTH[cell.level], cell.code))
        self.cells: dict[str, Cell] = {cell.code: cell for cell in ordered}
        self._codes = list(self.cells)
        self._shapes = np.array([cell.geometry for cell in self.cells.values()], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)

    def __len__(self) -> int:
        return len(self.cells)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> list[str | None]:
        """The code of the deepest cell that holds each point, borders included; None outside.

        ``lon``, ``lat``: (n,) degrees. Of two cells of one level the one of higher code is taken.
        """
        x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        points, cells = self._tree.query(shapely.points(x, y))
        inside = shapely.intersects_xy(self._shapes[cells], x[points], y[points])
        deepest = np.full(len(x), -1, dtype=np.intp)
        np.maximum.at(deepest, points[inside], cells[inside])
        return [self._codes[cell] if cell >= 0 else None for cell in deepest]

    def cell(self, code: str) -> Cell | None:
        """The cell of this code, None where there is none."""
        return self.cells.get(code)

    def ancestors(self, code: str) -> tuple[Cell, ...]:
        """The cells above, the nearest first; none for an unknown code."""
        chain: list[Cell] = []
        cell = self.cells.get(code)
        while cell is not None and cell.parent is not None:
            cell = self.cells[cell.parent]
            chain.append(cell)
        return tuple(chain)


def read_grid(rows: Iterable[Row]) -> tuple[Grid, list[RowIssue]]:
    """The grid the good rows make up, and what is wrong with the others.

    A cell is refused where its own row is wrong, its code is taken, or its parent is not there or
    not of a higher level; so are, in turn, the cells below it. What is left has no cycle.
    """
    cells: dict[str, tuple[Cell, RowPlace]] = {}
    rejected: list[RowIssue] = []
    for row in rows:
        subject = str(row.values.get("code") or "")
        try:
            cell = _cell(row)
        except Fault as fault:
            rejected.append(RowIssue(row.place, str(fault), subject))
            continue
        if cell.code in cells:
            reason = f"code {cell.code} is taken by {cells[cell.code][1]}"
            rejected.append(RowIssue(row.place, reason, subject))
        else:
            cells[cell.code] = (cell, row.place)
    rejected.extend(_refuse_orphans(cells))
    return Grid(cell for cell, _ in cells.values()), rejected


def _refuse_orphans(cells: dict[str, tuple[Cell, RowPlace]]) -> list[RowIssue]:
    """Takes out of ``cells`` those whose parent is wrong, from the top down."""
    rejected = []
    # A parent stands above its child, so by the time a cell is looked at, its parent was.
    for cell, place in sorted(cells.values(), key=lambda item: DEPTH[item[0].level]):
        if cell.parent is None:
            continue
        parent = cells.get(cell.parent)
        if parent is None:
            reason = f"parent {cell.parent} is not among the cells that could be read"
        elif DEPTH[parent[0].level] >= DEPTH[cell.level]:
            reason = f"parent {cell.parent} is a {parent[0].level}, not above a {cell.level}"
        else:
            continue
        del cells[cell.code]
        rejected.append(RowIssue(place, reason, cell.code))
    return rejected


def _cell(row: Row) -> Cell:
    """The cell of a row. Fault with everything that is wrong with it."""
    values, wrong = row.values, []
    found: dict[str, Any] = {}
    checks = {"code": checked_code, "name": checked_name, "parent": checked_code}
    for name, check in {**checks, "responsible": checked_name, "level": _level}.items():
        cell = values.get(name)
        if is_missing(cell):
            if name in {"code", "level"}:
                wrong.append(f"{name} is missing")
            continue
        try:
            found[name] = check(cell)
        except Fault as fault:
            wrong.append(f"{name} {cell!r:.60} {fault}")
    try:
        geometry = _polygon(row.geometry)
    except Fault as fault:
        wrong.append(str(fault))
    if wrong:
        raise Fault("; ".join(wrong))
    return Cell(
        code=found["code"],
        name=found.get("name", found["code"]),
        level=found["level"],
        parent=found.get("parent"),
        responsible=found.get("responsible"),
        geometry=geometry,
    )


def _level(cell: Any) -> Level:
    try:
        return Level(cell)
    except ValueError:
        raise Fault(f"is none of {', '.join(Level)}") from None


def _polygon(geometry: Any) -> Any:
    """The shapely geometry of a GeoJSON one. Fault where it is no valid polygon in WGS 84."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise Fault(f"its geometry is a {kind!r:.40}, not a Polygon or MultiPolygon")
    try:
        shape = shapely.from_geojson(msgspec.json.encode(geometry))
    except shapely.errors.GEOSException as error:
        raise Fault(f"its geometry cannot be read: {error}") from error
    if shape.is_empty:
        raise Fault("its geometry is empty")
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Fault("its geometry lies outside of WGS 84 degrees")
    if not shape.is_valid:
        raise Fault(f"its geometry is not valid: {shapely.is_valid_reason(shape)}; repair it")
    return shape


def to_feature(cell: Cell) -> dict[str, Any]:
    """The cell as a GeoJSON feature; properties it does not have are left out."""
    properties = {
        "code": cell.code,
        "name": cell.name,
        "level": cell.level,
        "parent": cell.parent,
        "responsible": cell.responsible,
    }
    return {
        "type": "Feature",
        "geometry": mapping(cell.geometry),
        "properties": {name: value for name, value in properties.items() if value is not None},
    }
