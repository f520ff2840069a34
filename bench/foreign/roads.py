"""Real roads with the lamps that stand on them: `--roads FILE` of `python -m bench.foreign`.

A GeoJSON of lamp posts, each with its ``StreetName``, as the city of Cambridge, Massachusetts,
publishes it. Real are how many lamps a road has, their spacing, and that they stand on both sides
of it; the whole city is moved to where the fleet is, so that the sun is its own.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facility.errors import UsageError
from facility.readings import Floats

_M_A_DEGREE = 111_320.0
_GAP_M = 200.0
"""Lamps that far apart are of different stretches of a road."""

_MOST = 60
"""Lamps of a stretch, at most: longer roads are several segments."""

_SEQ_M = 5.0
"""Metres along a road by which the order of a lamp goes up by one."""


@dataclass(frozen=True, slots=True)
class Road:
    """The lamps of a stretch of road in order, (n,) each: where they stand, and their ``seq``."""

    lon: Floats
    lat: Floats
    seq: Floats


def read_roads(path: Path, lon: float, lat: float) -> list[Road]:
    """The stretches, neighbours near each other, around a place. UsageError without any."""
    try:
        features = json.loads(path.read_text("utf-8"))["features"]
        posts = [(_name(f["properties"]), f["geometry"]["coordinates"]) for f in features]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no GeoJSON of lamp posts: {error}") from None
    by_name: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, (x, y) in posts:
        if name:
            by_name[name].append((x, y))
    if not by_name:
        raise UsageError(f"{path} has no lamp posts with a StreetName")
    middle = np.mean([xy for points in by_name.values() for xy in points], axis=0)
    narrower = np.cos(np.radians(middle[1]))
    stretches = [
        one
        for points in by_name.values()
        for one in _stretches((np.array(points) - middle) * [narrower, 1.0] * _M_A_DEGREE)
    ]
    # A kilometre's stripe after the other, there and back.
    stretches.sort(key=lambda xy: (row := xy[0, 1] // 1000, xy[0, 0] * (-1) ** int(row)))
    return [_road(xy, lon, lat) for xy in stretches]


def _name(properties: dict[str, str]) -> str:
    return " ".join(properties.get(key) or "" for key in ("StreetName", "StreetSuffix")).strip()


def _stretches(xy: Floats) -> list[Floats]:
    """The posts of one name, (n, 2) m, in order along it, divided where there are none."""
    off = xy - xy.mean(axis=0)
    along = off @ np.linalg.svd(off, full_matrices=False)[2][0]
    order = np.argsort(along, kind="stable")
    gaps = np.flatnonzero(np.diff(along[order]) > _GAP_M) + 1
    return [
        part
        for one in np.split(xy[order], gaps)
        for part in np.array_split(one, -(-len(one) // _MOST))
    ]


def _road(xy: Floats, lon: float, lat: float) -> Road:
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    # Two on either side of the road stand at one place, and still one comes first.
    seq = np.round(along / _SEQ_M) + np.arange(len(along))
    wider = np.cos(np.radians(lat))
    return Road(lon + xy[:, 0] / _M_A_DEGREE / wider, lat + xy[:, 1] / _M_A_DEGREE, seq)
