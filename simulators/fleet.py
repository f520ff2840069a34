"""The fleet: everything that is installed in a simulated district, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.assets import Asset, Cabinet, CoverType, Station, Streetlight
from facility.assets import Cover as CoverAsset
from facility.clock import HOUR, MINUTE, SECOND
from facility.errors import UsageError
from facility.measurements import Kind
from facility.readings import Codes, Times
from simulators import models
from simulators.scenario import Scenario
from simulators.town import Cell, Ground, Road, cells, names, order_by_place, roads
from simulators.wiring import Wiring, wire

_TYPES = (
    (CoverType.STORM, 0.28, "雨水", "区市政养护中心"),
    (CoverType.SEWAGE, 0.24, "污水", "市污水净化公司"),
    (CoverType.WATER, 0.16, "给水", "市自来水公司"),
    (CoverType.TELECOM, 0.14, "通信", "市通信管线公司"),
    (CoverType.POWER, 0.1, "电力", "区供电公司"),
    (CoverType.HEAT, 0.05, "热力", "市热力公司"),
    (CoverType.GAS, 0.03, "燃气", "市燃气公司"),
)
_COVER_GATEWAY_DEVICES = 140
_CLEAR_BY = (24 * HOUR, 24 * HOUR, 23 * HOUR, 24 * HOUR, 22 * HOUR + 30 * MINUTE, 22 * HOUR)
PAVEMENT = "pavement"
"""Road class of small covers: they lie beside the wheels' way."""


@dataclass(frozen=True, slots=True, eq=False)
class Covers:
    """The covers as columns, road covers first. ``gateway`` is -1 where there is none."""

    assets: list[CoverAsset]
    model: Codes
    road: Codes
    gateway: Codes
    small: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Every device. Rows of a kind are positions in its list of assets.

    ``every`` and ``phase`` per kind, int64 (n,) ms: report interval, and where in it a device
    reports. ``gateways`` name → (kind, rows) behind it.
    """

    cells: list[Cell]
    roads: list[Road]
    wiring: Wiring
    streetlights: list[Streetlight]
    cabinets: list[Cabinet]
    covers: Covers
    stations: list[Station]
    lamp_model: Codes
    cabinet_model: Codes
    station_model: Codes
    every: dict[Kind, Times]
    phase: dict[Kind, Times]
    gateways: dict[str, tuple[Kind, Codes]]
    ground: Ground

    def of_kind(self, kind: Kind) -> Sequence[Asset]:
        """The assets of a kind; a row is a position in it."""
        lists: dict[Kind, Sequence[Asset]] = {
            Kind.STREETLIGHT: self.streetlights,
            Kind.CABINET: self.cabinets,
            Kind.COVER: self.covers.assets,
            Kind.STATION: self.stations,
        }
        return lists[kind]

    def assets(self) -> list[Asset]:
        """Everything, kind after kind."""
        return [asset for kind in Kind for asset in self.of_kind(kind)]

    def model(self, kind: Kind) -> Codes:
        """The model of each device of a kind, as a position in its list of :mod:`models`."""
        return {
            Kind.STREETLIGHT: self.lamp_model,
            Kind.CABINET: self.cabinet_model,
            Kind.COVER: self.covers.model,
            Kind.STATION: self.station_model,
        }[kind]

    def __len__(self) -> int:
        return sum(len(self.of_kind(kind)) for kind in Kind)


def build(scenario: Scenario) -> Fleet:
    """The fleet of a scenario."""
    ground = Ground(scenario.district)
    rng = np.random.default_rng([scenario.seed, 1])
    laid = roads(scenario.district, scenario.fleet, rng)
    wiring = wire(laid, scenario.fleet.lamp_spacing_m, rng)
    lamp_model = wiring.model_of[wiring.cabinet_of[wiring.circuit]]
    covers = _covers(scenario, laid, ground, rng)
    every = _every(scenario, len(wiring.x), len(wiring.cabinets), covers)
    stations = _stations(scenario, ground, rng)
    gateways = {
        name: (Kind.STREETLIGHT, np.flatnonzero(_gateway(wiring) == code).astype(np.int32))
        for code, name in enumerate(wiring.gateways)
    }
    for code, name in enumerate(_cover_gateways(covers)):
        gateways[name] = (Kind.COVER, np.flatnonzero(covers.gateway == code).astype(np.int32))
    fleet = Fleet(
        cells=cells(scenario.district),
        roads=laid,
        wiring=wiring,
        streetlights=_streetlights(scenario, laid, wiring, ground),
        cabinets=_cabinets(scenario, wiring, ground, every[Kind.CABINET]),
        covers=covers,
        stations=stations,
        lamp_model=lamp_model,
        cabinet_model=_in_turn(models.CABINETS_IN_TURN, len(wiring.cabinets)),
        station_model=_in_turn(models.STATIONS_IN_TURN, len(stations)),
        every=every,
        phase={kind: rng.integers(0, times) for kind, times in every.items()},
        gateways=gateways,
        ground=ground,
    )
    _tag(fleet, scenario)
    return fleet


def _tag(fleet: Fleet, scenario: Scenario) -> None:
    """Gives assets the tags that the scenario has for them. UsageError where there is no such."""
    tags: dict[str, list[str]] = {}
    for tag, ids in scenario.tags.items():
        for asset_id in ids:
            tags.setdefault(asset_id, []).append(tag)
    lists: tuple[list[Any], ...] = (
        fleet.streetlights,
        fleet.cabinets,
        fleet.covers.assets,
        fleet.stations,
    )
    for assets in lists:
        for row, asset in enumerate(assets):
            if asset.id in tags:
                assets[row] = replace(asset, tags=tuple(sorted(tags.pop(asset.id))))
    if tags:
        raise UsageError(f"{scenario.name}: tags: nothing is called {', '.join(sorted(tags))}")


def _in_turn(turns: Sequence[int], n: int) -> Codes:
    return np.resize(np.array(turns, dtype=np.int32), n)


def _gateway(wiring: Wiring) -> Codes:
    """The gateway code of each lamp, -1 for none."""
    return wiring.gateway_of[wiring.cabinet_of[wiring.circuit]]


def _every(scenario: Scenario, lamps: int, cabinets: int, covers: Covers) -> dict[Kind, Times]:
    given = scenario.report_every_s
    seconds = {
        Kind.STREETLIGHT: np.full(lamps, given.streetlight),
        Kind.CABINET: np.resize(np.array(given.cabinet), cabinets),
        Kind.COVER: np.where(covers.small, given.small_cover, given.road_cover),
        Kind.STATION: np.full(scenario.fleet.stations, given.station),
    }
    return {kind: values.astype(np.int64) * SECOND for kind, values in seconds.items()}


def _streetlights(
    scenario: Scenario, laid: list[Road], wiring: Wiring, ground: Ground
) -> list[Streetlight]:
    lon, lat = ground.lon_lat(wiring.x, wiring.y)
    gateway = _gateway(wiring)
    assets = []
    for row in range(len(wiring.x)):
        road, number = laid[wiring.road[row] - 1], int(wiring.number[row])
        assets.append(
            Streetlight(
                id=f"L{road.number:03}-{number:04}",
                area=scenario.district.area,
                name=f"{road.name}{number}号灯",
                lon=float(lon[row]),
                lat=float(lat[row]),
                owner=f"{scenario.district.name}照明管理中心",
                report_every_s=scenario.report_every_s.streetlight,
                gateway=wiring.gateways[gateway[row]] if gateway[row] >= 0 else None,
                road=road.name,
                segment=wiring.segments[wiring.segment[row]],
                seq=int(wiring.seq[row]),
                circuit=wiring.circuits[wiring.circuit[row]],
                cabinet=wiring.cabinets[wiring.cabinet_of[wiring.circuit[row]]],
                rated_w=float(wiring.rated_w[row]),
                plan="half-night" if wiring.half_night[row] else "all-night",
                road_class=road.road_class,
            )
        )
    return assets


def _cabinets(scenario: Scenario, wiring: Wiring, ground: Ground, every: Times) -> list[Cabinet]:
    cabinet = wiring.cabinet_of[wiring.circuit]
    # Beside the first lamp of the cabinet, across the pavement.
    first = np.unique(cabinet, return_index=True)[1]
    lon, lat = ground.lon_lat(wiring.x[first] + 0.004, wiring.y[first] + 0.004)
    outgoing: list[list[str]] = [[] for _ in wiring.cabinets]
    for circuit, name in enumerate(wiring.circuits):
        outgoing[wiring.cabinet_of[circuit]].append(name)
    return [
        Cabinet(
            id=name,
            area=scenario.district.area,
            name=f"{k + 1}号照明控制箱",
            lon=float(lon[k]),
            lat=float(lat[k]),
            owner=f"{scenario.district.name}照明管理中心",
            report_every_s=int(every[k]) // SECOND,
            circuits=tuple(sorted(outgoing[k])),
        )
        for k, name in enumerate(wiring.cabinets)
    ]


def _covers(
    scenario: Scenario, laid: list[Road], ground: Ground, rng: np.random.Generator
) -> Covers:
    size, every = scenario.fleet, scenario.report_every_s
    n = size.road_covers + size.small_covers
    small = np.arange(n) >= size.road_covers
    length = np.array([road.length_km for road in laid])
    road = rng.choice(len(laid), n, p=length / length.sum())
    x, y = np.zeros(n), np.zeros(n)
    aside = np.where(small, rng.uniform(9, 20, n), rng.uniform(-7, 7, n))
    along = rng.uniform(0.01, 0.99, n)
    for code, item in enumerate(laid):
        here = road == code
        x[here], y[here] = item.points(along[here], aside[here])
    lon, lat = ground.lon_lat(x, y)
    kind = rng.choice(len(_TYPES), n, p=[share for _, share, _, _ in _TYPES])
    model = np.where(
        small,
        np.resize(models.SMALL_COVERS_IN_TURN, n),
        np.resize(models.ROAD_COVERS_IN_TURN, n),
    ).astype(np.int32)
    direct = np.array([item.direct for item in models.COVERS])[model]
    gateway = np.full(n, -1, dtype=np.int32)
    shared = np.flatnonzero(~direct)
    shared = shared[order_by_place(x[shared], y[shared])]
    parts = np.array_split(shared, max(1, round(len(shared) / _COVER_GATEWAY_DEVICES)))
    for code, rows in enumerate(parts):
        gateway[rows] = code
    assets = [
        CoverAsset(
            id=f"SC-{row + 1 - size.road_covers:05}" if small[row] else f"MC-{row + 1:05}",
            area=scenario.district.area,
            name=laid[road[row]].name + _TYPES[kind[row]][2] + ("小井盖" if small[row] else "井盖"),
            lon=float(lon[row]),
            lat=float(lat[row]),
            owner=_TYPES[kind[row]][3],
            report_every_s=every.small_cover if small[row] else every.road_cover,
            gateway=_cover_gateway_name(int(gateway[row])) if gateway[row] >= 0 else None,
            road=laid[road[row]].name,
            cover_type=_TYPES[kind[row]][0],
            road_class=PAVEMENT if small[row] else laid[road[row]].road_class,
        )
        for row in range(n)
    ]
    return Covers(assets, model, (road + 1).astype(np.int32), gateway, small)


def _cover_gateway_name(code: int) -> str:
    return f"GC-{code + 1:04}"


def _cover_gateways(covers: Covers) -> list[str]:
    return [_cover_gateway_name(code) for code in range(int(covers.gateway.max(initial=-1)) + 1)]


def _stations(scenario: Scenario, ground: Ground, rng: np.random.Generator) -> list[Station]:
    n = scenario.fleet.stations
    district = scenario.district
    x = rng.uniform(-0.46, 0.46, n) * district.width_km
    y = rng.uniform(-0.46, 0.46, n) * district.height_km
    lon, lat = ground.lon_lat(x, y)
    share = rng.uniform(0.7, 1.3, n)
    tonnes = scenario.fleet.tonnes_per_day * share / share.sum()
    titles = names()["stations"]
    return [
        Station(
            id=f"ST-{k + 1:02}",
            area=district.area,
            name=f"{titles[k]}垃圾转运站" if k < len(titles) else f"{k + 1}号垃圾转运站",
            lon=float(lon[k]),
            lat=float(lat[k]),
            owner=f"{district.name}环卫中心",
            report_every_s=scenario.report_every_s.station,
            capacity_t_day=round(float(tonnes[k]) * 1.4 + 5),
            clear_by_ms=_CLEAR_BY[k % len(_CLEAR_BY)],
        )
        for k in range(n)
    ]
