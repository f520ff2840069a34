"""Which assets a figure, a schedule or a window is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np

from facility.assets import Asset, Cabinet
from facility.grid import Grid
from facility.measurements import Kind
from rules.fleet import Mask

Cells = Callable[[str], Iterable[str]]
"""A code of the grid → the codes and names of that cell and of those it lies in."""

Words = str | tuple[str, ...]


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Assets by what the inventory has of them: all that is named must hold, of each one word.

    ``street`` is the code or the name of any cell of the grid around the asset, ``tag`` one of its
    tags. ``subject`` is one of a case, such as ``segment:S7``: the assets that the case may be
    about.
    """

    id: Words = ()
    subject: Words = ()
    kind: Words = ()
    area: Words = ()
    street: Words = ()
    road: Words = ()
    road_class: Words = ()
    cover_type: Words = ()
    segment: Words = ()
    circuit: Words = ()
    cabinet: Words = ()
    gateway: Words = ()
    owner: Words = ()
    plan: Words = ()
    tag: Words = ()

    def rows(self, assets: Sequence[Asset], cells: Cells) -> Mask:
        """Which of the assets are meant, bool (n,)."""
        asked = {
            name: set(words)
            for name in self.__struct_fields__
            if (words := _listed(getattr(self, name)))
        }
        if not asked:
            return np.ones(len(assets), dtype=bool)
        return np.array([_is_meant(asset, asked, cells) for asset in assets], dtype=bool)

    def circuits(self) -> frozenset[str] | None:
        """The circuits that are named: of a cabinet only these are meant. None where none is."""
        named = [
            word.partition(":")[2] for word in _listed(self.subject) if word.startswith("circuit:")
        ]
        named += _listed(self.circuit)
        return frozenset(named) if named else None


EVERYWHERE = Where()


def cells_of(grid: Grid) -> Cells:
    """What a grid says of its codes; of one it does not know, the code itself."""

    def cells(code: str) -> Iterable[str]:
        cell = grid.cell(code)
        around = () if cell is None else (cell, *grid.ancestors(code))
        return [code, *(word for one in around for word in (one.code, one.name))]

    return cells


def _listed(words: Words) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


def _is_meant(asset: Asset, asked: dict[str, set[str]], cells: Cells) -> bool:
    for name, words in asked.items():
        match name:
            case "street":
                meant = asset.grid is not None and not words.isdisjoint(cells(asset.grid))
            case "tag":
                meant = not words.isdisjoint(asset.tags)
            case "subject":
                meant = any(_is_of(asset, *word.partition(":")[::2]) for word in words)
            case "circuit":
                meant = any(_is_of(asset, "circuit", word) for word in words)
            case _:
                meant = getattr(asset, name, None) in words
        if not meant:
            return False
    return True


def _is_of(asset: Asset, sort: str, name: str) -> bool:
    """Whether a case about ``sort:name`` may be about the asset."""
    if sort == asset.kind:
        return asset.id == name
    if sort == "circuit" and isinstance(asset, Cabinet):
        return name in asset.circuits
    return sort not in set(Kind) and getattr(asset, sort, None) == name
