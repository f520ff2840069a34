"""Where a case lies in the grid, and which unit it is proposed for."""

from __future__ import annotations

from facility.assets import Asset
from facility.grid import Cell, Grid, Level


def street_of(cell: str | None, grid: Grid) -> str | None:
    """The code of the street that a cell is, or lies in; None where the grid has none."""
    return next((one.code for one in _upwards(cell, grid) if one.level is Level.STREET), None)


def cell_at(lon: float, lat: float, grid: Grid) -> str | None:
    """The code of the deepest cell around a point; None outside of all."""
    return grid.locate([lon], [lat])[0]


def responsible(
    asset: Asset | None,
    assigned: str | None,
    cell: str | None,
    grid: Grid,
    row_owner: str | None,
) -> str | None:
    """The unit to propose, from what is said of this very thing to what is said of all.

    The asset's owner; else the unit that the standard assigns (cases/filing/owners.py); else who is
    responsible for the cell, or the nearest one above it that has somebody; else the owner of the
    row's group.
    """
    if asset is not None and asset.owner:
        return asset.owner
    if assigned is not None:
        return assigned
    found = (one.responsible for one in _upwards(cell, grid) if one.responsible)
    return next(found, row_owner)


def _upwards(code: str | None, grid: Grid) -> tuple[Cell, ...]:
    """The cell and those above it; none for an unknown code."""
    cell = None if code is None else grid.cell(code)
    return () if cell is None else (cell, *grid.ancestors(cell.code))
