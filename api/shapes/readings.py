"""Readings of an asset, one by one or summed up, and captured waveforms."""

from __future__ import annotations

from api.shapes.assets import Value
from api.shapes.shape import Shape, Time


class Burst(Shape):
    at: Time
    rate_hz: float
    scale_g: float
    samples: str


class BurstPage(Shape):
    items: list[Burst]


class Readings(Shape):
    asset: str
    units: dict[str, str]
    ts: list[int]
    columns: dict[str, list[Value]]


class Spread(Shape):
    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]


class History(Shape):
    asset: str
    every_s: int
    units: dict[str, str]
    ts: list[int]
    count: list[int]
    columns: dict[str, Spread]
