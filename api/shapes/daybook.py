"""What is counted of nights and days, and what is foreseen."""

from __future__ import annotations

from typing import Any

from api.shapes.shape import Shape, Time


class LightingNow(Shape):
    lamps: int
    lit: int
    dark: int
    unknown: int
    rate: float | None


class LightingRate(Shape):
    night: str | None = None
    street: str | None = None
    road_class: str | None = None
    segment: str | None = None
    nights: int
    lamps: float
    lamps_lit: float
    lamps_dark: float
    lamps_unknown: float
    lit_min: float
    dark_min: float
    unknown_min: float
    rate: float | None
    coverage: float | None
    target: float | None = None


class Lighting(Shape):
    first: str
    last: str
    items: list[LightingRate]
    total: LightingRate | None
    now: LightingNow | None


class CoverageCounts(Shape):
    installed: int
    reporting: int
    trusted: int


class CoverageOf(Shape):
    day: str | None = None
    street: str | None = None
    kind: str
    days: int
    installed: float
    reporting: float
    trusted: float


class Coverage(Shape):
    first: str
    last: str
    items: list[CoverageOf]
    now: dict[str, CoverageCounts]


class StationDay(Shape):
    day: str
    station: str
    street: str
    in_t: float
    out_t: float
    left_t: float


class StationDays(Shape):
    first: str
    last: str
    items: list[StationDay]


class Warned(Shape):
    type: str
    subject: str
    since: Time
    due: Time
    evidence: dict[str, Any]
    lon: float | None
    lat: float | None


class Warnings(Shape):
    items: list[Warned]
