"""What each of the four full coverages lacks now: the cells, assets and cases themselves.

What counts as covered is said in cases/indicators/four_coverages.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from api.live import UNKNOWN
from api.parts import Parts
from api.places import Places
from cases.case import Case
from cases.filing.responsibility import street_of
from facility.assets import Asset
from facility.grid import Cell, Grid

Covered = Literal["organised", "gridded", "monitored", "owned", "handled"]

_NOT_HEARD = ("silent", UNKNOWN)


class Lacking(NamedTuple):
    """A cell, an asset or a case. ``kind`` is its level, kind or type; ``cell`` the one it lies in,
    of a cell the one above; ``last_seen`` (ms) an asset's, None where it never was."""

    of: Literal["cell", "asset", "case"]
    id: str
    kind: str
    name: str
    cell: str | None
    point: tuple[float, float] | None
    last_seen: int | None = None


def lacking(parts: Parts, what: Covered, within: Callable[[str | None], bool]) -> Iterator[Lacking]:
    """What is not covered, of those whose street (its code, None of what lies in none) fits."""
    grid, places = parts.grid(), parts.places.now()
    match what:
        case "organised":
            for cell in grid.cells.values():
                if cell.responsible is None and within(street_of(cell.code, grid)):
                    yield _of_cell(cell)
        case "handled":
            for case in parts.desk.unclosed():
                if case.unit is None and within(case.street or None):
                    yield _of_case(case, places)
        case _:
            for asset in places.inventory.assets.values():
                if within(street_of(asset.grid, grid)):
                    state, seen = parts.live.kind(asset.kind, places).of(places.row[asset.id])
                    if _lacks(asset, what, grid, state):
                        yield _of_asset(asset, seen)


def _lacks(asset: Asset, what: Covered, grid: Grid, state: str) -> bool:
    match what:
        case "gridded":
            return asset.grid not in grid.cells
        case "owned":
            return asset.owner is None
    return state in _NOT_HEARD


def _of_cell(cell: Cell) -> Lacking:
    inside = cell.geometry.representative_point()
    return Lacking("cell", cell.code, cell.level, cell.name, cell.parent, (inside.x, inside.y))


def _of_asset(asset: Asset, seen: int | None) -> Lacking:
    at = (asset.lon, asset.lat)
    return Lacking("asset", asset.id, asset.kind, asset.name, asset.grid, at, seen)


def _of_case(case: Case, places: Places) -> Lacking:
    own = None if case.lon is None or case.lat is None else (case.lon, case.lat)
    at = own or places.point(case)
    return Lacking("case", case.id, case.type, case.subject, case.cell or case.street, at)
