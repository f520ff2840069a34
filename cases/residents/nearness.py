"""Whether what a resident reports is a case already: of its kind, not over, and near enough.

Near is by kind, for a resident on the pavement does not stand where the thing is: a lamp is seen
from afar and is one of a segment that is dark, a cover is one of many along the road, a station is
smelt across a neighbourhood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import cos, hypot, radians

from pydantic import BaseModel, Field

from cases.case import Case
from cases.filing.standard import Condition, Row
from facility.assets import Asset, Streetlight
from facility.inventory import Inventory
from facility.measurements import Kind

REPORTED = "reported"
"""The type of a case that a resident's report opened."""

_KINDS = frozenset(kind.value for kind in Kind)
_METRES_A_DEGREE = 111_320.0


class NearSettings(BaseModel, extra="forbid"):
    """How near a report must be to a case of its kind to be of it, in metres."""

    streetlight_m: float = Field(default=60, ge=0, le=5_000)
    cabinet_m: float = Field(default=60, ge=0, le=5_000)
    cover_m: float = Field(default=30, ge=0, le=5_000)
    station_m: float = Field(default=300, ge=0, le=5_000)
    other_m: float = Field(default=50, ge=0, le=5_000)

    def of(self, kind: Kind | None) -> float:
        """The distance for a kind of asset; for what is no asset where that is None."""
        metres: float = getattr(self, f"{kind or 'other'}_m")
        return metres


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is, and the asset that it is, where that was said."""

    lon: float
    lat: float
    asset: Asset | None = None


def nearest(
    row: Row, spot: Spot, cases: Iterable[Case], inventory: Inventory, near: NearSettings
) -> Case | None:
    """The case that a report under ``row`` at ``spot`` belongs to; None where it is a new one.

    Of several it is a sensor's before a resident's, then the nearest, then the oldest. ``cases``
    are those that are not over; see :func:`is_of`.
    """
    within = near.of(row.group.kind)
    found = []
    for case in cases:
        if not is_of(row, case):
            continue
        metres = _distance(spot, case, inventory)
        if metres is not None and metres <= within:
            found.append((case.type == REPORTED, metres, case.opened_at, case.id, case))
    return min(found)[-1] if found else None


def case_types(condition: Condition) -> frozenset[str]:
    """The types of the cases that a report under a condition can be of."""
    return frozenset({REPORTED, *condition.cases, *condition.causes})


def is_of(row: Row, case: Case) -> bool:
    """Whether a case is about what is reported under ``row``, wherever it is.

    A sensor that says it is over is not believed over a resident who sees that it is not: such a
    case is none to join.
    """
    filed = case.filed
    if filed is None or case.state != "open" or filed.code not in _codes(row, filed.code):
        return False
    if row.condition.anything:
        return False
    if case.type == REPORTED:
        return filed.condition == row.condition.key
    named = case.cause in row.condition.causes.get(case.type, ())
    return case.type in row.condition.cases or named


def _codes(row: Row, of_case: str) -> frozenset[str]:
    """The codes that are the same thing as the row's, as far as a resident can tell."""
    unsure = row.group.unsure
    if unsure is None:
        return frozenset({row.code.code})
    if unsure.code in (row.code.code, of_case):
        return frozenset(code.code for code in row.group.codes)
    return frozenset({row.code.code})


def _distance(spot: Spot, case: Case, inventory: Inventory) -> float | None:
    """Metres from the spot to the nearest of what a case is about; None where it is another thing.

    Where both name an asset it is that one or not; lamps of one segment are one thing.
    """
    assets = list(_assets(case, inventory))
    if spot.asset is not None and assets:
        return 0.0 if any(_is_same(spot.asset, one) for one in assets) else None
    places = [(one.lon, one.lat) for one in assets]
    if case.lon is not None and case.lat is not None:
        places.append((case.lon, case.lat))
    return min((metres(spot.lon, spot.lat, *place) for place in places), default=None)


def _assets(case: Case, inventory: Inventory) -> Iterator[Asset]:
    """What a case is about: its members, its subject, and of a dark segment every lamp."""
    kind, _, name = case.subject.partition(":")
    subject = (name,) if kind in _KINDS else ()
    for asset in (inventory.assets.get(one) for one in (*subject, *case.members)):
        if asset is not None:
            yield asset
    if kind == "segment" and name in inventory.segments:
        yield from inventory.segments[name].lamps


def _is_same(one: Asset, other: Asset) -> bool:
    if one.id == other.id:
        return True
    if not isinstance(one, Streetlight) or not isinstance(other, Streetlight):
        return False
    return one.segment is not None and one.segment == other.segment


def metres(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """The distance of two points a few kilometres apart at most: plane, to a part in a thousand."""
    east = (to_lon - lon) * cos(radians((lat + to_lat) / 2))
    return hypot(east, to_lat - lat) * _METRES_A_DEGREE
