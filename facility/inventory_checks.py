"""What rows say against each other: each is good alone, and together they look like a mistake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

from facility.assets import Asset, Cabinet, Streetlight
from facility.grid import Grid
from facility.measurements import Kind

Remark = tuple[Asset, str]


def remarks_on(
    imported: Collection[Asset], inventory: Mapping[str, Asset], cells: Grid
) -> Iterator[Remark]:
    """What looks wrong about the imported assets, given the whole inventory and the grid."""
    yield from _same_location(imported)
    yield from _roads_of_segments(imported)
    yield from _unknown_cabinets(imported, inventory)
    if len(cells):
        yield from _unknown_cells(imported, cells)


def _same_location(imported: Collection[Asset]) -> Iterator[Remark]:
    """Often a location that stands for "somewhere here"."""
    first: dict[tuple[Kind, float, float], Asset] = {}
    for asset in imported:
        other = first.setdefault((asset.kind, asset.lon, asset.lat), asset)
        if other is not asset:
            yield asset, f"is exactly where {asset.kind} {other.id} is"


def _roads_of_segments(imported: Collection[Asset]) -> Iterator[Remark]:
    """A lamp whose road is not that of most of its segment: one of the two is mistyped."""
    segments: dict[str, list[Streetlight]] = defaultdict(list)
    for asset in imported:
        if isinstance(asset, Streetlight) and asset.segment and asset.road:
            segments[asset.segment].append(asset)
    for name, lamps in segments.items():
        roads = Counter(lamp.road for lamp in lamps)
        usual = min(roads, key=lambda road: (-roads[road], road or ""))
        for lamp in lamps:
            if lamp.road != usual:
                yield lamp, f"its road is {lamp.road}, but segment {name} is on {usual}"


def _unknown_cabinets(
    imported: Collection[Asset], inventory: Mapping[str, Asset]
) -> Iterator[Remark]:
    for asset in imported:
        if not isinstance(asset, Streetlight) or asset.cabinet is None:
            continue
        cabinet = inventory.get(asset.cabinet)
        if not isinstance(cabinet, Cabinet):
            yield asset, f"its cabinet {asset.cabinet} is not in the inventory"
        elif asset.circuit and cabinet.circuits and asset.circuit not in cabinet.circuits:
            yield asset, f"its circuit {asset.circuit} is not one of cabinet {cabinet.id}"


def _unknown_cells(imported: Collection[Asset], cells: Grid) -> Iterator[Remark]:
    homeless = [asset for asset in imported if asset.grid is None]
    codes = cells.locate([a.lon for a in homeless], [a.lat for a in homeless])
    for asset, code in zip(homeless, codes, strict=True):
        if code is None:
            yield asset, "lies in no cell of the grid"
    for asset in imported:
        if asset.grid is not None and cells.cell(asset.grid) is None:
            yield asset, f"its grid code {asset.grid} is not in the grid"
