"""How lamps stand along the roads and hang together: segments, circuits, cabinets, gateways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facility.readings import Codes, Floats
from simulators import models
from simulators.town import Road, order_by_place

_SIDES_M = {"main": (-14.0, 14.0), "secondary": (8.0,), "branch": (4.0,)}
_RATED_W = {"main": (180.0, 150.0), "secondary": (120.0, 100.0), "branch": (60.0,)}
_SEGMENT_LAMPS = (15, 30)
_CIRCUIT_SEGMENTS, _CIRCUIT_SHARES = (1, 2, 3), (0.45, 0.4, 0.15)
_CABINET_CIRCUITS, _CABINET_LAMPS = (2, 6), 160
_GATEWAY_DEVICES = (80, 200)
_HALF_NIGHT_SHARE = 0.12
_ALTERNATE_SHARE = 0.06
_DIM_SHARES = (0.4, 0.35, 0.25)


@dataclass(slots=True, eq=False)
class Wiring:
    """Every lamp as columns, in order along its road; int32 codes into the lists of names.

    ``x``, ``y`` (n,) km; ``seq`` the order along the segment from 1; ``half_night`` bool;
    ``dim`` the dimming programme (0 none). ``cabinet_of`` (circuits,), ``gateway_of`` (cabinets,)
    with -1 where the lamps connect by themselves; ``model_of`` (cabinets,) the lamps' model.
    """

    road: Codes
    side: Codes
    number: Codes
    x: Floats
    y: Floats
    rated_w: Floats
    segment: Codes
    seq: Codes
    circuit: Codes
    half_night: NDArray[np.bool_]
    dim: Codes
    segments: list[str]
    circuits: list[str]
    cabinets: list[str]
    gateways: list[str]
    cabinet_of: Codes
    gateway_of: Codes
    model_of: Codes


def wire(roads: Sequence[Road], spacing_m: float, rng: np.random.Generator) -> Wiring:
    """Puts a lamp every ``spacing_m`` along the roads and connects them."""
    lines = [
        _line(road, side, spacing_m, rng) for road in roads for side in _SIDES_M[road.road_class]
    ]
    wiring = _segmented(roads, lines, rng)
    _circuits(wiring, rng)
    _cabinets(wiring, rng)
    _programmes(wiring, roads, rng)
    return wiring


@dataclass(slots=True, eq=False)
class _Line:
    """The lamps on one side of a road."""

    road: int
    x: Floats
    y: Floats
    rated_w: float


def _line(road: Road, side_m: float, spacing_m: float, rng: np.random.Generator) -> _Line:
    n = max(2, round(road.length_km * 1000 / spacing_m))
    along = (np.arange(n) + 0.5 + rng.uniform(-0.06, 0.06, n)) / n
    x, y = road.points(along, side_m + rng.normal(0, 0.4, n))
    return _Line(road.number, x, y, float(rng.choice(_RATED_W[road.road_class])))


def _segmented(roads: Sequence[Road], lines: Sequence[_Line], rng: np.random.Generator) -> Wiring:
    """The lamps in segments of 10 to 40; nothing connected yet."""
    counts = [len(line.x) for line in lines]
    segment: list[NDArray[np.int64]] = []
    seq: list[NDArray[np.int64]] = []
    segments: list[str] = []
    per_road = np.zeros(len(roads) + 1, dtype=np.int64)
    for line, n in zip(lines, counts, strict=True):
        pieces = max(1, round(n / rng.integers(*_SEGMENT_LAMPS)))
        for piece in np.array_split(np.arange(n), pieces):
            per_road[line.road] += 1
            segment.append(np.full(len(piece), len(segments)))
            seq.append(np.arange(1, len(piece) + 1))
            segments.append(f"S{line.road:03}-{per_road[line.road]:02}")
    road = np.repeat([line.road for line in lines], counts)
    first_of_road = np.searchsorted(road, road)
    total = len(road)
    empty = np.zeros(0, dtype=np.int32)
    return Wiring(
        road=road.astype(np.int32),
        side=np.repeat(_side_of(lines), counts).astype(np.int32),
        number=(np.arange(total) - first_of_road + 1).astype(np.int32),
        x=np.concatenate([line.x for line in lines]),
        y=np.concatenate([line.y for line in lines]),
        rated_w=np.repeat([line.rated_w for line in lines], counts),
        segment=np.concatenate(segment).astype(np.int32),
        seq=np.concatenate(seq).astype(np.int32),
        circuit=np.zeros(total, dtype=np.int32),
        half_night=np.zeros(total, dtype=np.bool_),
        dim=np.zeros(total, dtype=np.int32),
        segments=segments,
        circuits=[],
        cabinets=[],
        gateways=[],
        cabinet_of=empty,
        gateway_of=empty,
        model_of=empty,
    )


def _side_of(lines: Sequence[_Line]) -> list[int]:
    """0 for the first side of a road, 1 for the second."""
    return [int(k > 0 and lines[k - 1].road == line.road) for k, line in enumerate(lines)]


def _circuits(wiring: Wiring, rng: np.random.Generator) -> None:
    """Segments that follow each other on one side of a road share a circuit; not yet named."""
    starts = np.searchsorted(wiring.segment, np.arange(len(wiring.segments)))
    line = wiring.road[starts] * 2 + wiring.side[starts]
    circuit_of = np.zeros(len(starts), dtype=np.int32)
    circuit, left = -1, 0
    for k in range(len(starts)):
        if left == 0 or line[k] != line[k - 1]:
            circuit += 1
            left = int(rng.choice(_CIRCUIT_SEGMENTS, p=_CIRCUIT_SHARES))
        circuit_of[k] = circuit
        left -= 1
    wiring.circuit = circuit_of[wiring.segment]


def _cabinets(wiring: Wiring, rng: np.random.Generator) -> None:
    """Circuits that begin near each other share a cabinet, cabinets a gateway; names them all."""
    first = np.unique(wiring.circuit, return_index=True)[1]
    lamps = np.bincount(wiring.circuit)
    order = order_by_place(wiring.x[first], wiring.y[first])
    sizes = _cabinet_sizes(lamps[order].tolist(), rng)
    cabinet_of = np.zeros(len(order), dtype=np.int32)
    cabinet_of[order] = np.repeat(np.arange(len(sizes)), sizes)
    wiring.cabinet_of = cabinet_of
    wiring.cabinets = [f"CAB-{k + 1:04}" for k in range(len(sizes))]
    names = [""] * len(order)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    for position, circuit in enumerate(order.tolist()):
        names[circuit] = f"{wiring.cabinets[cabinet_of[circuit]]}-{place[position] + 1}"
    wiring.circuits = names
    turns = models.LAMPS_BY_CABINET
    wiring.model_of = np.array([turns[k % len(turns)] for k in range(len(sizes))], dtype=np.int32)
    _gateways(wiring, np.bincount(cabinet_of, weights=lamps).tolist())


def _cabinet_sizes(lamps: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Circuits of each cabinet, 2 to 6; a single one only where there is no other.

    ``lamps``: those of each circuit, in order.
    """
    low, high = _CABINET_CIRCUITS
    sizes: list[int] = []
    begin = 0
    while (left := len(lamps) - begin) > high:
        size = min(int(rng.integers(low, high + 1)), left - low)
        while size > low and sum(lamps[begin : begin + size]) > _CABINET_LAMPS:
            size -= 1
        sizes.append(size)
        begin += size
    return [*sizes, left]


def _gateways(wiring: Wiring, lamps: Sequence[float]) -> None:
    """Neighbouring cabinets share a gateway until it has enough lamps behind it."""
    low, high = _GATEWAY_DEVICES
    wiring.gateway_of = np.full(len(lamps), -1, dtype=np.int32)
    behind = float(high)
    for cabinet, count in enumerate(lamps):
        if models.LAMPS[wiring.model_of[cabinet]].direct:
            continue
        if behind >= low or behind + count > high:
            wiring.gateways.append(f"GW-{len(wiring.gateways) + 1:04}")
            behind = 0.0
        behind += count
        wiring.gateway_of[cabinet] = len(wiring.gateways) - 1


def _programmes(wiring: Wiring, roads: Sequence[Road], rng: np.random.Generator) -> None:
    """Lighting plans and dimming, segment by segment; main roads are lit all night."""
    n = len(wiring.segments)
    drawn = rng.random(n)
    main = np.array([road.road_class == "main" for road in roads])[wiring.road - 1]
    drawn_of = drawn[wiring.segment]
    whole = drawn_of < _HALF_NIGHT_SHARE
    alternate = (drawn_of > 1 - _ALTERNATE_SHARE) & (wiring.seq % 2 == 0)
    wiring.half_night = (whole & ~main) | alternate
    dim = rng.choice(len(_DIM_SHARES), n, p=_DIM_SHARES)[wiring.segment]
    relay = wiring.model_of[wiring.cabinet_of[wiring.circuit]] == models.RELAY
    wiring.dim = np.where(relay, 0, dim).astype(np.int32)
