"""Filing (立案): a case that opens gets a row of the standard, and a deadline.

The clock of a case starts when it is opened: cases are not handed over to a unit yet, which is
where GB/T 30428 starts it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cases.calendar import Calendar
from cases.events import CaseEvent
from cases.filed import Filed
from cases.standard import Standard
from cases.working_clock import deadline, length
from facility.assets import Asset, Cover, CoverType
from facility.measurements import Kind

_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Filing:
    """What cases are filed by; ``asset_of`` answers the asset of an id, None where unknown."""

    standard: Standard
    calendar: Calendar
    asset_of: Callable[[str], Asset | None]

    def filed(self, opened: CaseEvent) -> Filed | None:
        """What the event that opens a case files it under; None where no row is for it."""
        asset = subject_asset(opened, self.asset_of)
        return file(opened, asset, self.standard, self.calendar)


def subject_asset(opened: CaseEvent, asset_of: Callable[[str], Asset | None]) -> Asset | None:
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
    condition = row.condition
    run = length(condition.limit, condition.clock, calendar)
    return Filed(
        standard=edition.id,
        version=edition.version,
        code=row.code.code,
        condition=condition.key,
        limit=condition.limit,
        clock=condition.clock,
        deadline=deadline(opened.at, run, condition.clock, calendar),
    )


def _kind(opened: CaseEvent, asset: Asset | None) -> Kind | None:
    of_type = opened.type.partition(".")[0]
    of_subject = opened.subject.partition(":")[0]
    if of_type in _KINDS:
        return Kind(of_type)
    if asset is not None:
        return asset.kind
    return Kind(of_subject) if of_subject in _KINDS else None
