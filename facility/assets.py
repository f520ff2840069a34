"""What is installed: the properties of each kind of facility, as in the contract."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from facility.clock import MINUTE
from facility.measurements import Kind


class CoverType(StrEnum):
    """What runs under a manhole cover."""

    WATER = "water"
    SEWAGE = "sewage"
    STORM = "storm"
    POWER = "power"
    TELECOM = "telecom"
    GAS = "gas"
    HEAT = "heat"
    LIGHTING = "lighting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What every facility has. ``report_every_s`` is None where it is to be learned; ``tags`` are
    words of whoever keeps the inventory, sorted."""

    kind: ClassVar[Kind]
    id: str
    area: str
    name: str
    lon: float
    lat: float
    grid: str | None = None
    owner: str | None = None
    report_every_s: int | None = None
    gateway: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Streetlight(Asset):
    """A lamp; ``seq`` orders the lamps along their segment."""

    kind: ClassVar[Kind] = Kind.STREETLIGHT
    road: str | None = None
    segment: str | None = None
    seq: int | None = None
    circuit: str | None = None
    cabinet: str | None = None
    rated_w: float | None = None
    plan: str = "all-night"
    road_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabinet(Asset):
    """A lighting cabinet and its outgoing circuits."""

    kind: ClassVar[Kind] = Kind.CABINET
    circuits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover(Asset):
    """A manhole cover."""

    kind: ClassVar[Kind] = Kind.COVER
    road: str | None = None
    cover_type: CoverType = CoverType.UNKNOWN
    road_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Station(Asset):
    """A waste transfer station; ``clear_by_ms`` is counted from local midnight."""

    kind: ClassVar[Kind] = Kind.STATION
    capacity_t_day: float | None = None
    clear_by_ms: int = 24 * 60 * MINUTE


ASSET_CLASSES: dict[Kind, type[Asset]] = {
    Kind.STREETLIGHT: Streetlight,
    Kind.CABINET: Cabinet,
    Kind.COVER: Cover,
    Kind.STATION: Station,
}
