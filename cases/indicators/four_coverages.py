"""The four full coverages (四个全覆盖), by street: 组织, 网格, 监测, 管护. Pure counting.

组织: cells of the grid that name somebody responsible. 网格: assets that lie in a cell. 监测:
devices that are installed, report, and can be trusted. 管护: assets that have an owner, and open
cases that a unit has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from cases.case import Case
from cases.filing.responsibility import street_of
from cases.tallies import Total
from facility.assets import Asset
from facility.grid import Grid


@dataclass(slots=True)
class Coverages:
    """The counts of a street; devices are means of the days."""

    cells: int = 0
    cells_responsible: int = 0
    assets: int = 0
    assets_in_cells: int = 0
    installed: float = 0.0
    reporting: float = 0.0
    trusted: float = 0.0
    assets_owned: int = 0
    cases: int = 0
    cases_with_unit: int = 0

    def add(self, other: Coverages) -> None:
        """Counts another one in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def shown(self) -> dict[str, float | None]:
        """The counts, and each coverage as a share; None of nothing."""
        counts = {each.name: round(getattr(self, each.name), 2) for each in fields(self)}
        return {
            **counts,
            "organised": _share(self.cells_responsible, self.cells),
            "gridded": _share(self.assets_in_cells, self.assets),
            "monitored": _share(self.trusted, self.installed),
            "owned": _share(self.assets_owned, self.assets),
            "handled": _share(self.cases_with_unit, self.cases),
        }


def coverages(
    grid: Grid, assets: Iterable[Asset], unclosed: Iterable[Case], devices: Iterable[Total]
) -> tuple[dict[str | None, Coverages], Coverages]:
    """The coverages of each street, by code, and of the whole.

    None is what lies in no street; the district's own cell is among it. ``devices`` are totals of
    the measure ``coverage`` by street.
    """
    found: dict[str | None, Coverages] = {}
    streets = {code: street_of(code, grid) for code in grid.cells}

    def of(street: str | None) -> Coverages:
        return found.setdefault(street or None, Coverages())

    for cell in grid.cells.values():
        one = of(streets[cell.code])
        one.cells += 1
        one.cells_responsible += cell.responsible is not None
    for asset in assets:
        one = of(streets.get(asset.grid or ""))
        one.assets += 1
        one.assets_in_cells += asset.grid in streets
        one.assets_owned += asset.owner is not None
    for case in unclosed:
        one = of(case.street)
        one.cases += 1
        one.cases_with_unit += case.unit is not None
    for total in devices:
        one = of(total.of["street"])
        one.installed += total.numbers["installed"] / total.days
        one.reporting += total.numbers["reporting"] / total.days
        one.trusted += total.numbers["trusted"] / total.days
    whole = Coverages()
    for one in found.values():
        whole.add(one)
    in_order = sorted(found.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return dict(in_order), whole


def _share(part: float, of: float) -> float | None:
    return round(part / of, 4) if of else None
