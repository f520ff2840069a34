"""The state of everything now: of assets, of segments, and as the stream tells of it."""

from __future__ import annotations

from typing import Any, Literal

from api.shapes.cases import Event, ToldCase
from api.shapes.daybook import CoverageCounts, LightingNow, Warned
from api.shapes.shape import Shape, Time


class Geometry(Shape):
    type: Literal["LineString", "Point"]
    coordinates: list[Any]


class SegmentState(Shape):
    state: Literal["lit", "dark", "partly_dark", "off", "silent", "unknown"]
    lit: int
    dark: int
    off: int
    silent: int
    unknown: int


class Segment(SegmentState):
    id: str
    road: str | None
    lamps: int
    case: str | None


class SegmentFeature(Shape):
    type: Literal["Feature"]
    id: str
    geometry: Geometry
    properties: Segment


class Segments(Shape):
    type: Literal["FeatureCollection"]
    features: list[SegmentFeature]


class KindStates(Shape):
    ids: list[str]
    vocabulary: list[str]
    state: list[int]
    last_seen: list[int]


class LiveStates(Shape):
    now: Time
    kinds: dict[str, KindStates]


class StateTold(Shape):
    """Data of ``event: state`` of the stream."""

    now: Time
    counts: dict[str, dict[str, int]]
    cases: dict[str, int]
    lighting: LightingNow | None
    coverage: dict[str, CoverageCounts]
    warnings: list[Warned]
    segments: dict[str, SegmentState]


class CaseTold(Shape):
    """Data of ``event: case`` of the stream."""

    event: Event
    case: ToldCase
