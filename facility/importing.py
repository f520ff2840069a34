"""Importing: from a file a person hands in to assets, what was refused and why, and the keeping."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facility import inventory_file
from facility.asset_rows import Fault, positioned, to_asset
from facility.assets import Asset
from facility.errors import UsageError
from facility.grid import Grid, read_grid
from facility.import_report import ImportReport
from facility.importmap import ImportMap, load_map
from facility.inventory import Inventory
from facility.inventory_checks import remarks_on
from facility.plans import OWN, load_plans
from facility.rowfile import Row, RowFile, RowIssue, RowPlace, read_rows


@dataclass(frozen=True, slots=True)
class ImportedAssets:
    """What a file held: its good rows as assets by id, the others with what is wrong with them."""

    source: str
    rows: int
    assets: dict[str, Asset]
    places: dict[str, RowPlace]
    rejected: tuple[RowIssue, ...]
    warnings: tuple[RowIssue, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """The assets after an import, and what the import changed among them."""

    assets: dict[str, Asset]
    added: int
    changed: int
    rejected: tuple[RowIssue, ...]


@dataclass(slots=True)
class _Reader:
    """Takes the rows of one file, one after another."""

    source: str
    plans: Collection[str]
    mapped: ImportMap | None
    assets: dict[str, Asset] = field(default_factory=dict)
    places: dict[str, RowPlace] = field(default_factory=dict)
    rejected: list[RowIssue] = field(default_factory=list)
    warnings: list[RowIssue] = field(default_factory=list)

    def take(self, row: Row) -> None:
        subject = _subject(row.values.get("id"))
        try:
            values, remarks = self._mapped(positioned(row))
            subject = _subject(values.get("id")) or subject
            asset, unknown = to_asset(values, self.plans)
        except Fault as fault:
            self.rejected.append(RowIssue(row.place, str(fault), subject))
            return
        if asset.id in self.assets:
            reason = f"id {asset.id} is taken by {self.places[asset.id]} of this file"
            self.rejected.append(RowIssue(row.place, reason, subject))
            return
        self.assets[asset.id] = asset
        self.places[asset.id] = row.place
        remarks.extend(f"{name} is no property of a {asset.kind}: ignored" for name in unknown)
        self.warnings.extend(RowIssue(row.place, remark, subject) for remark in remarks)

    def _mapped(self, cells: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        if self.mapped is None:
            return cells, []
        answer = self.mapped.apply(cells)
        if isinstance(answer, str):
            raise Fault(answer)
        values, remarks = answer
        # Where the map does not say otherwise, the location is that of the file.
        return {"lon": cells.get("lon"), "lat": cells.get("lat")} | values, remarks


def read_assets(
    path: Path, *, plans: Collection[str] | None = None, map_file: Path | None = None
) -> ImportedAssets:
    """The assets of a GeoJSON or CSV file, the contract's or, through a map, a foreign one.

    ``plans`` are the lighting plans there are, the built-in ones where None. UsageError where the
    file or the map cannot be read at all.
    """
    mapped = None if map_file is None else load_map(map_file)
    file = read_rows(path)
    reader = _Reader(file.name, load_plans() if plans is None else plans, mapped)
    if mapped is None:
        _expect_contract(path, file)
    else:
        reader.warnings.extend(_unknown_columns(mapped, file))
    for row in file.rows:
        reader.take(row)
    return ImportedAssets(
        file.name,
        len(file.rows) + len(file.unreadable),
        reader.assets,
        reader.places,
        tuple(sorted([*file.unreadable, *reader.rejected], key=_by_place)),
        tuple(reader.warnings),
    )


def read_inventory(
    path: Path,
    *,
    plans: Collection[str] | None = None,
    map_file: Path | None = None,
    grid_file: Path | None = None,
    on_report: Callable[[ImportReport], object] | None = None,
) -> Inventory:
    """The inventory of a file, without keeping it; ``on_report`` is told of bad rows.

    UsageError where not one row is good.
    """
    imported = read_assets(path, plans=plans, map_file=map_file)
    cells, refused = _read_grid_file(grid_file)
    if not imported.assets:
        first = imported.rejected[0]
        raise UsageError(f"{path}: not one row is good; {first.place}: {first.reason}")
    if on_report is not None:
        on_report(_report(imported, merge({}, imported), cells or Grid(), refused))
    return inventory_file.inventory_of(imported.assets.values(), cells or Grid())


def import_files(
    data_dir: Path,
    file: Path,
    map_file: Path | None = None,
    grid_file: Path | None = None,
    *,
    plans: Collection[str] | None = None,
) -> ImportReport:
    """Adds a file's assets to the inventory kept in ``data_dir``; a grid file replaces the grid.

    Assets the file does not name stay as they are; importing the same again changes nothing.
    UsageError where a file cannot be read at all, Retryable while another import is at work: in
    both cases nothing was changed.
    """
    plans = load_plans(data_dir / OWN) if plans is None else plans
    imported = read_assets(file, plans=plans, map_file=map_file)
    cells, refused = _read_grid_file(grid_file)
    with inventory_file.locked(data_dir):
        merged = merge(inventory_file.load_assets(data_dir), imported)
        if cells is not None and len(cells):
            inventory_file.keep_grid(data_dir, cells)
        kept_cells = inventory_file.load_grid(data_dir)
        if merged.assets:
            inventory_file.keep_assets(data_dir, merged.assets, kept_cells)
    return _report(imported, merged, kept_cells, refused, None if cells is None else len(cells))


def merge(kept: Mapping[str, Asset], imported: ImportedAssets) -> Merge:
    """Each imported asset takes the place of the kept one of its id; the kind must not change."""
    assets, added, changed = dict(kept), 0, 0
    rejected = []
    for name, asset in imported.assets.items():
        before = kept.get(name)
        if before is None:
            added += 1
        elif before.kind is not asset.kind:
            reason = f"id {name} is a {before.kind} in the inventory, not a {asset.kind}"
            rejected.append(RowIssue(imported.places[name], reason, name))
            continue
        elif before != asset:
            changed += 1
        assets[name] = asset
    return Merge(assets, added, changed, tuple(rejected))


def _report(
    imported: ImportedAssets,
    merged: Merge,
    cells: Grid,
    grid_issues: list[RowIssue],
    cell_count: int | None = None,
) -> ImportReport:
    refused = {issue.subject for issue in merged.rejected}
    good = [asset for name, asset in imported.assets.items() if name not in refused]
    remarks = (
        RowIssue(imported.places[asset.id], remark, asset.id)
        for asset, remark in remarks_on(good, merged.assets, cells)
    )
    return ImportReport(
        source=imported.source,
        rows=imported.rows,
        added=merged.added,
        changed=merged.changed,
        unchanged=len(good) - merged.added - merged.changed,
        rejected=(*sorted([*imported.rejected, *merged.rejected], key=_by_place), *grid_issues),
        warnings=tuple(sorted([*imported.warnings, *remarks], key=_by_place)),
        cells=cell_count,
    )


def _read_grid_file(path: Path | None) -> tuple[Grid | None, list[RowIssue]]:
    if path is None:
        return None, []
    file = read_rows(path)
    cells, rejected = read_grid(file.rows)
    return cells, sorted([*file.unreadable, *rejected], key=_by_place)


def _expect_contract(path: Path, file: RowFile) -> None:
    if file.rows and not {"id", "kind", "area"} & file.columns:
        named = ", ".join(sorted(file.columns)[:12])
        raise UsageError(
            f"{path}: has no columns id, kind, area but {named}; "
            "say with --map MAP.toml which column is which property"
        )


def _unknown_columns(mapped: ImportMap, file: RowFile) -> list[RowIssue]:
    place = RowPlace(file.name, 0)
    return [
        RowIssue(place, f"{mapped.name} speaks of column {column}, which no row has")
        for column in sorted(mapped.columns)
        if column.split(".")[0] not in file.columns and column not in file.columns | {"lon", "lat"}
    ]


def _subject(cell: object) -> str:
    return "" if cell is None else f"{cell:.64}" if isinstance(cell, str) else str(cell)[:64]


def _by_place(issue: RowIssue) -> tuple[int, int]:
    return issue.place.line, issue.place.feature or 0
