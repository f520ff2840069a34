"""The ground of a district: cells of responsibility and roads, in local kilometres.

x runs from west to east and y from south to north, both from the district's centre. What a road
carries is worked out in :mod:`simulators.wiring`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.readings import Floats
from simulators.scenario import District, FleetSize

_NAMES = Path(__file__).with_name("names.toml")
_KM_PER_DEGREE = 111.32
_LEAN = 0.03
"""Streets of the city lean a little from due north."""

_Box = tuple[float, float, float, float]
"""West, south, east and north, km."""

_COMMUNITIES = 2
_GRIDS = 2
_COURTYARDS = 2
"""A street is 2 × 2 communities, a community 2 × 2 grids, and in a grid lie 2 × 2 courtyards."""

_BETWEEN = 0.3
"""The share of a courtyard's room, each way, that is street: 楼院 do not touch."""

_VACANT = 29
"""One courtyard in so many has nobody in charge."""

_LENGTH_KM = {"main": (5.5, 9.5), "secondary": (1.8, 3.4), "branch": (0.5, 1.1)}


@cache
def names() -> dict[str, Any]:
    """The lists of ``names.toml``."""
    return tomllib.loads(_NAMES.read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Ground:
    """Turns local kilometres into WGS 84 degrees."""

    district: District

    def lon_lat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Each (n,) degrees, to about a centimetre."""
        scale = _KM_PER_DEGREE * np.cos(np.radians(self.district.lat))
        lon = self.district.lon + (x + _LEAN * y) / scale
        lat = self.district.lat + y / _KM_PER_DEGREE
        return np.round(lon, 7), np.round(lat, 7)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid; ``responsible`` is None where nobody is in charge."""

    code: str
    name: str
    level: str
    parent: str | None
    responsible: str | None
    box: _Box


@dataclass(frozen=True, slots=True)
class Road:
    """A straight road. ``road_class`` is main, secondary or branch."""

    number: int
    name: str
    road_class: str
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def length_km(self) -> float:
        return float(np.hypot(self.x[1] - self.x[0], self.y[1] - self.y[0]))

    def points(self, along: Floats, aside_m: Floats) -> tuple[Floats, Floats]:
        """(x, y) of places ``along`` the road (0 to 1) and metres to its right."""
        dx, dy = self.x[1] - self.x[0], self.y[1] - self.y[0]
        right = aside_m / 1000 / self.length_km
        return self.x[0] + along * dx + right * dy, self.y[0] + along * dy - right * dx


def cells(district: District) -> list[Cell]:
    """District, streets, communities, grids and courtyards, from the top down.

    Each level covers the one above, but the courtyards, which lie apart in their grids.
    """
    width, height = district.width_km / 2, district.height_km / 2
    outer = (-width, -height, width, height)
    found = [
        Cell(district.area, district.name, "district", None, f"{district.name}城市管理局", outer)
    ]
    rows = names()["street_rows"]
    # Rows and columns of uneven size, always the same: a map that people recognise.
    shares = np.random.default_rng(len(rows)).uniform(0.8, 1.25, (len(rows), 8))
    number = 0
    for row, (south, north) in enumerate(pairwise(_breaks(shares[:, 7], -height, height))):
        columns = _breaks(shares[row, : len(rows[row])], -width, width)
        for name, (west, east) in zip(rows[row], pairwise(columns), strict=True):
            number += 1
            code = f"{district.area}{number:03}"
            box = (west, south, east, north)
            title = f"{name}街道"
            found.append(Cell(code, title, "street", district.area, f"{title}办事处", box))
            found.extend(_communities(code, number, box))
    return found


def _communities(street: str, number: int, box: _Box) -> list[Cell]:
    stems = names()["communities"]
    found: list[Cell] = []
    for k, quarter in enumerate(_quarters(box, _COMMUNITIES)):
        name = f"{stems[(number * 5 + k * 7) % len(stems)]}社区"
        code = f"{street}{k + 1:03}"
        found.append(Cell(code, name, "community", street, f"{name}居民委员会", quarter))
        for g, part in enumerate(_quarters(quarter, _GRIDS)):
            title, grid = f"{name}第{g + 1}网格", f"{code}{g + 1:02}"
            found.append(Cell(grid, title, "grid", code, f"{title}网格长", part))
            first = (number * _COMMUNITIES**2 + k) * _GRIDS**2 + g
            found.extend(_courtyards(grid, name, g, first, part))
    return found


def _courtyards(grid: str, community: str, g: int, before: int, box: _Box) -> list[Cell]:
    found = []
    for c, room in enumerate(_quarters(box, _COURTYARDS)):
        name = f"{community}{g * _COURTYARDS**2 + c + 1}号院"
        vacant = (before * _COURTYARDS**2 + c) % _VACANT == 0
        in_charge = None if vacant else f"{name}楼院长"
        code = f"{grid}{c + 1:02}"
        found.append(Cell(code, name, "courtyard", grid, in_charge, _within(room)))
    return found


def _within(box: _Box) -> _Box:
    """What is left of a box inside the streets around it."""
    west, south, east, north = box
    x, y = (east - west) * _BETWEEN / 2, (north - south) * _BETWEEN / 2
    return west + x, south + y, east - x, north - y


def _breaks(shares: Floats, low: float, high: float) -> list[float]:
    inner = low + (high - low) * np.cumsum(shares) / shares.sum()
    return [low, *(round(float(at), 4) for at in inner[:-1]), high]


def _quarters(box: _Box, parts: int) -> list[_Box]:
    west, south, east, north = box
    xs, ys = np.linspace(west, east, parts + 1), np.linspace(south, north, parts + 1)
    return [
        (float(w), float(s), float(e), float(n)) for s, n in pairwise(ys) for w, e in pairwise(xs)
    ]


def roads(district: District, size: FleetSize, rng: np.random.Generator) -> list[Road]:
    """The roads, main ones first. Every other one of a class runs from south to north."""
    wanted = {
        "main": size.main_roads,
        "secondary": size.secondary_roads,
        "branch": size.branch_roads,
    }
    found: list[Road] = []
    for road_class, count in wanted.items():
        titles = _titles(road_class, count)
        for k in range(count):
            across = _place_across(k // 2, (count + 1 - k % 2) // 2, road_class, rng)
            found.append(
                _road(len(found) + 1, titles[k], road_class, k % 2 == 0, across, district, rng)
            )
    return found


def _titles(road_class: str, count: int) -> list[str]:
    """``count`` names; where the list is too short, those of a town plan: 规划12号路."""
    known = names()
    if road_class == "branch":
        titles = [
            f"{stem}{end}" for end in known["branch_endings"] for stem in known["branch_stems"]
        ]
    else:
        titles = list(known[road_class])
    spare = {"main": "规划{}号大道", "secondary": "规划{}号路", "branch": "规划{}号街"}[road_class]
    titles += [spare.format(k + 1) for k in range(count - len(titles))]
    return titles[:count]


def _place_across(k: int, of: int, road_class: str, rng: np.random.Generator) -> float:
    """Where across the district a road lies, 0 to 1: main roads evenly, others anywhere."""
    if road_class == "main":
        return float((k + 0.5 + rng.uniform(-0.2, 0.2)) / max(of, 1))
    return float(rng.uniform(0.04, 0.96))


def _road(
    number: int,
    name: str,
    road_class: str,
    northward: bool,
    across: float,
    district: District,
    rng: np.random.Generator,
) -> Road:
    width, height = district.width_km, district.height_km
    room, other = (height, width) if northward else (width, height)
    length = min(float(rng.uniform(*_LENGTH_KM[road_class])), 0.92 * room)
    begin = float(rng.uniform(0.04, 0.96)) * (room - length) - room / 2
    lean = float(rng.uniform(-0.01, 0.01)) * length
    side = min(max((across - 0.5) * other, -0.48 * other), 0.48 * other - abs(lean))
    span, offset = (begin, begin + length), (side, side + lean)
    return (
        Road(number, name, road_class, offset, span)
        if northward
        else Road(number, name, road_class, span, offset)
    )


def order_by_place(x: Floats, y: Floats, strip_km: float = 1.5) -> NDArray[np.intp]:
    """An order in which neighbours follow each other: strips from south to north, to and fro."""
    strip = np.floor(y / strip_km).astype(np.int64)
    return np.lexsort((np.where(strip % 2 == 0, x, -x), strip))
