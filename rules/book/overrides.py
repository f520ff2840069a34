"""Figures that differ between assets, worked out once as columns.

A section of the rulebook is a value whose figures are numbers. Over an inventory those that an
override changes become columns, one row an asset that the section judges; :func:`at` takes the rows
that a detector is busy with. Where nothing is scoped a figure stays a number and costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from facility.assets import Asset
from facility.grid import Grid
from facility.inventory import Inventory
from facility.measurements import Kind
from rules.book.rulebook import Rulebook
from rules.book.scope import Cells, cells_of

S = TypeVar("S", bound=msgspec.Struct)

_JUDGED: dict[str, tuple[Kind, ...]] = {
    **dict.fromkeys(("lamps", "degraded", "segments"), (Kind.STREETLIGHT,)),
    "lamps_lost": (Kind.CABINET,),
    "silence": tuple(Kind),
    **dict.fromkeys(("displaced", "rattle", "flooding"), (Kind.COVER,)),
    **dict.fromkeys(("backlog", "odour", "gas_hazard", "leachate", "equipment"), (Kind.STATION,)),
}
"""Section → the kinds whose assets, in order of the inventory, are the rows of its columns."""


def judged_by(section: str, inventory: Inventory) -> list[Asset]:
    """The assets that a section is about, in the order of its columns."""
    return [asset for kind in _JUDGED[section] for asset in inventory.of_kind(kind)]


def over(book: Rulebook, inventory: Inventory, cells: Cells) -> Rulebook:
    """The book with the figures that overrides change as columns. A later override wins."""
    changed: dict[str, dict[str, NDArray[Any]]] = {}
    for override in book.override:
        for section, figures in override.figures.items():
            assets = judged_by(section, inventory)
            meant = override.where.rows(assets, cells)
            if not meant.any():
                continue
            columns = changed.setdefault(section, {})
            for name, value in figures.items():
                if name not in columns:
                    columns[name] = np.full(len(assets), getattr(getattr(book, section), name))
                columns[name][meant] = value
    sections = {
        section: msgspec.structs.replace(getattr(book, section), **columns)
        for section, columns in changed.items()
    }
    return msgspec.structs.replace(book, **sections)


def at(section: S, rows: Any) -> S:
    """The section's figures at the given rows: an index, or an array of them."""
    columns = {
        name: figure[rows]
        for name in section.__struct_fields__
        if isinstance(figure := getattr(section, name), np.ndarray)
    }
    return msgspec.structs.replace(section, **columns) if columns else section


def figure_at(figure: Any, row: int) -> int:
    """One figure in whole numbers at a row."""
    return int(figure[row] if isinstance(figure, np.ndarray) else figure)


def reach(book: Rulebook, inventory: Inventory, grid: Grid) -> Iterator[str]:
    """How many assets each override, and each time without cases, is about, a line each."""
    cells = cells_of(grid)
    assets = list(inventory.assets.values())
    for number, override in enumerate(book.override, 1):
        for section, figures in override.figures.items():
            meant = override.where.rows(judged_by(section, inventory), cells)
            names = ", ".join(figures)
            yield f"override {number}: [{section}] {names} for {meant.sum():,} of {len(meant):,}"
    for table in ("off", "schedule", "window"):
        for number, one in enumerate(getattr(book, table), 1):
            meant = one.where.rows(assets, cells)
            yield f"{table} {number}: {meant.sum():,} of {len(meant):,} assets"
