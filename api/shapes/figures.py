"""Indicators of a span, 四个全覆盖, and places at fault again and again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.shapes.shape import Shape, Time
from cases.indicators.defined import By


class KpiRow(Shape):
    of: str | None
    name: str | None
    figures: dict[str, float | None]


class Kpi(Shape):
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    by: By
    items: list[KpiRow]
    total: dict[str, float | None]


class CoveragesOf(Shape):
    """Cells, assets, devices and cases, and which share of each is covered."""

    cells: int
    cells_responsible: int
    assets: int
    assets_in_cells: int
    installed: float
    reporting: float
    trusted: float
    assets_owned: int
    cases: int
    cases_with_unit: int
    organised: float | None
    gridded: float | None
    monitored: float | None
    owned: float | None
    handled: float | None


class CoveragesOfStreet(CoveragesOf):
    street: str | None
    name: str | None


class Coverages(Shape):
    first: str
    last: str
    items: list[CoveragesOfStreet]
    total: CoveragesOf


class Missing(Shape):
    of: Literal["cell", "asset", "case"]
    id: str
    kind: str
    name: str
    cell: str | None
    point: tuple[float, float] | None = Field(strict=False)
    last_seen: Time | None


class Uncovered(Shape):
    items: list[Missing]
    next: str | None
    many: int


class Recurrent(Shape):
    type: str
    subject: str
    street: str | None
    times: int
    hours: float
    highest_m: float | None
    last_at: Time
    cases: list[str]
    lon: float | None
    lat: float | None


class RecurrentPlaces(Shape):
    items: list[Recurrent]
