"""What is installed, what it said last, and what reports without being installed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.shapes.cases import ToldCase
from api.shapes.shape import Shape, Time
from facility.assets import CoverType
from facility.measurements import Kind


class _Asset(Shape):
    id: str
    area: str
    name: str
    lon: float
    lat: float
    grid: str | None
    owner: str | None
    gateway: str | None
    tags: list[str]
    report_every_s: int | None
    state: str
    last_seen: Time | None


class Streetlight(_Asset):
    kind: Literal["streetlight"]
    road: str | None
    segment: str | None
    seq: int | None
    circuit: str | None
    cabinet: str | None
    rated_w: float | None
    plan: str
    road_class: str | None


class Cabinet(_Asset):
    kind: Literal["cabinet"]
    circuits: list[str]


class Cover(_Asset):
    kind: Literal["cover"]
    road: str | None
    cover_type: CoverType = Field(strict=False)
    road_class: str | None


class Station(_Asset):
    kind: Literal["station"]
    capacity_t_day: float | None
    clear_by: str


class Unregistered(Shape):
    id: str
    kind: Kind = Field(strict=False)
    last_seen: Time
    sends: list[str]
    installed_as: Kind | None = Field(strict=False)


class UnregisteredPage(Shape):
    items: list[Unregistered]
    more: int


class AssetPage(Shape):
    items: list[Streetlight | Cabinet | Cover | Station]
    next: str | None


Value = bool | float | str | list[str] | None


class Latest(Shape):
    at: Time
    values: dict[str, Value]


class _Details(Shape):
    latest: Latest | None
    latest_by_circuit: dict[str, Latest] | None = None
    cases: list[ToldCase]


class StreetlightDetails(Streetlight, _Details):
    pass


class CabinetDetails(Cabinet, _Details):
    pass


class CoverDetails(Cover, _Details):
    pass


class StationDetails(Station, _Details):
    pass


AssetDetails = StreetlightDetails | CabinetDetails | CoverDetails | StationDetails
