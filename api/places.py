"""The inventory as the API needs it: rows, the segments' lines, and where a subject is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from cases.case import Case
from facility.assets import Asset
from facility.inventory import Inventory, Segment
from facility.measurements import Kind

_DECIMALS = 6
"""Of a degree: a tenth of a metre."""


class Places:
    """What follows from one inventory, worked out once.

    ``row`` is an asset's place in its kind's list, ``ids`` the ids of that list as JSON;
    ``segment_ids`` the segments in order, and ``segment_row`` int32 (lamps,) each lamp's place
    among them, -1 without; ``lines`` their GeoJSON geometries, encoded.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.row = {
            asset.id: row for kind in Kind for row, asset in enumerate(inventory.of_kind(kind))
        }
        self.ids = {
            kind: msgspec.Raw(msgspec.json.encode([one.id for one in inventory.of_kind(kind)]))
            for kind in Kind
        }
        self.segment_ids = tuple(inventory.segments)
        self.segments = tuple(inventory.segments.values())
        self.segment_place = {name: place for place, name in enumerate(self.segment_ids)}
        self.segment_row: NDArray[np.int32] = np.array(
            [self.segment_place.get(lamp.segment or "", -1) for lamp in inventory.streetlights],
            dtype=np.int32,
        )
        self.lines = tuple(msgspec.Raw(msgspec.json.encode(_line(s))) for s in self.segments)

    def segments_of(self, case: Case) -> frozenset[int]:
        """The places of the segments that a case of a segment or a circuit is about."""
        kind, _, name = case.subject.partition(":")
        if kind == "segment":
            return frozenset({self.segment_place[name]} if name in self.segment_place else ())
        if kind != "circuit":
            return frozenset()
        lamps: Sequence[Asset] = self._members(case) or self.inventory.circuits.get(name, ())
        places = {int(self.segment_row[self.row[lamp.id]]) for lamp in lamps if _is_lamp(lamp)}
        return frozenset(places - {-1})

    def point(self, case: Case) -> tuple[float, float] | None:
        """(lon, lat) of a case's subject: of the asset itself, or of the middle one of a group."""
        return self.point_of(case.subject) or _middle(self._members(case))

    def point_of(self, subject: str) -> tuple[float, float] | None:
        """(lon, lat) of a subject that the inventory knows."""
        kind, _, name = subject.partition(":")
        group: Sequence[Asset] = ()
        match kind:
            case "segment" if name in self.inventory.segments:
                group = self.inventory.segments[name].lamps
            case "circuit":
                group = self.inventory.circuits.get(name, ())
            case "gateway":
                group = self.inventory.gateways.get(name, ())
            case _ if name in self.inventory.assets:
                group = (self.inventory.assets[name],)
        return _middle(group)

    def _members(self, case: Case) -> list[Asset]:
        assets = self.inventory.assets
        return [assets[member] for member in case.members if member in assets]


class CurrentPlaces:
    """The places of the inventory as it is now; worked out again when it was replaced."""

    def __init__(self, inventory: Callable[[], Inventory]) -> None:
        self._inventory = inventory
        self._lock = threading.Lock()
        self._places: Places | None = None

    def now(self) -> Places:
        inventory = self._inventory()
        with self._lock:
            if self._places is None or self._places.inventory is not inventory:
                self._places = Places(inventory)
            return self._places


def _middle(group: Sequence[Asset]) -> tuple[float, float] | None:
    if not group:
        return None
    middle = group[len(group) // 2]
    return middle.lon, middle.lat


def _is_lamp(asset: Asset) -> bool:
    return asset.kind is Kind.STREETLIGHT


def _line(segment: Segment) -> dict[str, object]:
    points = [(round(lamp.lon, _DECIMALS), round(lamp.lat, _DECIMALS)) for lamp in segment.lamps]
    if len(points) == 1:
        return {"type": "Point", "coordinates": points[0]}
    return {"type": "LineString", "coordinates": points}
