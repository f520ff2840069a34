"""The fleet as files: the inventory and the grid, GeoJSON as the contract's section 2 has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.clock import HOUR, MINUTE
from simulators.fleet import Fleet
from simulators.town import Cell, Ground

_COMMON = ("id", "area", "name", "owner", "report_every_s", "gateway", "tags")
_OF_KIND: dict[type[Asset], tuple[str, ...]] = {
    Streetlight: ("road", "segment", "seq", "circuit", "cabinet", "rated_w", "plan", "road_class"),
    Cabinet: ("circuits",),
    Cover: ("road", "cover_type", "road_class"),
    Station: ("capacity_t_day",),
}


def inventory(fleet: Fleet) -> bytes:
    """Every asset as a Point; its grid is left to be worked out from the location."""
    return _collection(_asset_feature(asset) for asset in fleet.assets())


def grid(fleet: Fleet) -> bytes:
    """Every cell as a Polygon, from the district down."""
    return _collection(_cell_feature(cell, fleet.ground) for cell in fleet.cells)


def _asset_feature(asset: Asset) -> dict[str, Any]:
    properties: dict[str, Any] = {"kind": asset.kind}
    for name in _COMMON + _OF_KIND[type(asset)]:
        value = getattr(asset, name)
        if value is not None and value != ():
            properties[name] = value
    if isinstance(asset, Station):
        hours, rest = divmod(asset.clear_by_ms, HOUR)
        properties["clear_by"] = f"{hours:02}:{rest // MINUTE:02}"
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [asset.lon, asset.lat]},
        "properties": properties,
    }


def _cell_feature(cell: Cell, ground: Ground) -> dict[str, Any]:
    west, south, east, north = cell.box
    # Counter-clockwise and closed, as RFC 7946 asks of an outer ring.
    lon, lat = ground.lon_lat(
        np.array([west, east, east, west, west]), np.array([south, south, north, north, south])
    )
    properties = {
        "code": cell.code,
        "name": cell.name,
        "level": cell.level,
        "parent": cell.parent,
        "responsible": cell.responsible,
    }
    ring = np.column_stack([lon, lat]).tolist()
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


def _collection(features: Iterable[dict[str, Any]]) -> bytes:
    lines = b",\n".join(map(msgspec.json.Encoder().encode, features))
    return b'{"type":"FeatureCollection","features":[\n' + lines + b"\n]}\n"
