"""Filing (立案): a case that opens gets a row of the standard, a place in the grid, and a deadline.

The clock starts when the case is handed over to a unit (GB/T 30428); until then the deadline counts
provisionally from its opening.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cases.case import Case
from cases.events import CaseEvent, Opening
from cases.filing.calendar import Calendar
from cases.filing.filed import Filed
from cases.filing.owners import owner_of
from cases.filing.responsibility import cell_at, responsible, street_of
from cases.filing.standard import Edition, Row, Standard
from cases.filing.working_clock import deadline, length
from facility.assets import Asset, Cover, CoverType
from facility.grid import Grid
from facility.measurements import Kind

_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Filing:
    """What cases are filed by: the standard, the calendar, and where things are.

    ``asset_of`` answers the asset of an id, None where unknown; ``grid`` the cells as they are now.
    """

    standard: Standard
    calendar: Calendar
    asset_of: Callable[[str], Asset | None]
    grid: Callable[[], Grid] = Grid

    def filed(self, opened: CaseEvent) -> Filed | None:
        """What the event that opens a sensor's case files it under; None where no row is for it."""
        asset = subject_asset(opened, self.asset_of)
        return file(opened, asset, self.standard, self.calendar)

    def filed_under(self, code: str, condition: str, at: int) -> Filed | None:
        """The row of a code and a condition for a case opened at ``at`` (ms); None without it."""
        edition = self.standard.on(self.calendar.day_of(at))
        row = edition and edition.row(code, condition)
        return _filed(edition, row, at, self.calendar) if edition and row else None

    def row_of(self, filed: Filed) -> Row | None:
        """The row that a case was filed under; None where its edition is not here any more."""
        return self.standard.row(filed.standard, filed.version, filed.code, filed.condition)

    def located(self, opened: CaseEvent) -> Opening:
        """Where a sensor's case is, of the asset that it is about."""
        asset = subject_asset(opened, self.asset_of)
        cell = asset.grid if asset else None
        return Opening(cell=cell, street=street_of(cell, self.grid()))

    def located_at(self, lon: float, lat: float) -> tuple[str | None, str | None]:
        """The street and the cell around a point."""
        grid = self.grid()
        cell = cell_at(lon, lat, grid)
        return street_of(cell, grid), cell

    def proposed_unit(self, case: Case) -> str | None:
        """The unit to hand a case over to: see :func:`cases.filing.responsibility.responsible`."""
        asset = subject_asset(case, self.asset_of)
        row = self.row_of(case.filed) if case.filed else None
        assigned = self._assigned(case, asset, row) if row else None
        row_owner = row.group.owner.zh if row else None
        return responsible(asset, assigned, case.cell, self.grid(), row_owner)

    def _assigned(self, case: Case, asset: Asset | None, row: Row) -> str | None:
        """The unit that the case's edition assigns it to, by row, kind and street; or None."""
        filed = case.filed
        edition = self.standard.edition(filed.standard, filed.version) if filed else None
        if edition is None:
            return None
        kind = asset.kind if asset else row.group.kind
        return owner_of(edition.owners, row.code.code, row.condition.key, kind, case.street)


def subject_asset(
    opened: CaseEvent | Case, asset_of: Callable[[str], Asset | None]
) -> Asset | None:
    """The asset that a case is about; of a segment, circuit or gateway the first one behind it."""
    kind, _, name = opened.subject.partition(":")
    names = (name, *opened.members) if kind in _KINDS else opened.members
    return next((asset for one in names if (asset := asset_of(one)) is not None), None)


def file(
    opened: CaseEvent, asset: Asset | None, standard: Standard, calendar: Calendar
) -> Filed | None:
    """What a case is filed under by the edition that held on the day it was opened.

    The kind is that of the case's type, or of its asset where the type is of every kind
    (``device.silent``). A cover that is not in the inventory is one of an unknown type.
    """
    kind = _kind(opened, asset)
    edition = standard.on(calendar.day_of(opened.at))
    if kind is None or edition is None:
        return None
    cover_type = None
    if kind is Kind.COVER:
        cover_type = asset.cover_type if isinstance(asset, Cover) else CoverType.UNKNOWN
    row = edition.row_for(opened.type, kind, cover_type, opened.cause)
    if row is None:
        return None
    return _filed(edition, row, opened.at, calendar)


def _filed(edition: Edition, row: Row, at: int, calendar: Calendar) -> Filed:
    condition = row.condition
    run = length(condition.limit, condition.clock, calendar)
    return Filed(
        standard=edition.id,
        version=edition.version,
        code=row.code.code,
        condition=condition.key,
        limit=condition.limit,
        clock=condition.clock,
        deadline=deadline(at, run, condition.clock, calendar),
    )


def _kind(opened: CaseEvent, asset: Asset | None) -> Kind | None:
    of_type = opened.type.partition(".")[0]
    of_subject = opened.subject.partition(":")[0]
    if of_type in _KINDS:
        return Kind(of_type)
    if asset is not None:
        return asset.kind
    return Kind(of_subject) if of_subject in _KINDS else None
