"""The inventory in memory: assets by id and by kind, and the groups that faults come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.measurements import Kind


@dataclass(frozen=True, slots=True)
class Segment:
    """The lamps of one stretch of road, in order along it."""

    id: str
    road: str | None
    lamps: tuple[Streetlight, ...]


@dataclass(slots=True)
class Inventory:
    """Every asset, and the segments, circuits and gateways they make up.

    Ids are unique across kinds. Lists keep the order of the import; rules use the position
    of an asset in its kind's list as its row.
    """

    assets: dict[str, Asset] = field(default_factory=dict)
    streetlights: list[Streetlight] = field(default_factory=list)
    cabinets: list[Cabinet] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    stations: list[Station] = field(default_factory=list)
    segments: dict[str, Segment] = field(default_factory=dict)
    circuits: dict[str, list[Streetlight]] = field(default_factory=dict)
    gateways: dict[str, list[Asset]] = field(default_factory=dict)

    @classmethod
    def of(cls, assets: Iterable[Asset]) -> Inventory:
        """Builds the inventory; a later asset of the same id takes the earlier one's place."""
        by_id = {asset.id: asset for asset in assets}
        inventory = cls(assets=by_id)
        segments: dict[str, list[Streetlight]] = defaultdict(list)
        circuits: dict[str, list[Streetlight]] = defaultdict(list)
        gateways: dict[str, list[Asset]] = defaultdict(list)
        for asset in by_id.values():
            inventory.of_kind(asset.kind).append(asset)
            if asset.gateway:
                gateways[asset.gateway].append(asset)
            if isinstance(asset, Streetlight):
                if asset.segment:
                    segments[asset.segment].append(asset)
                if asset.circuit:
                    circuits[asset.circuit].append(asset)
        for name, lamps in segments.items():
            lamps.sort(key=lambda lamp: (lamp.seq is None, lamp.seq or 0, lamp.id))
            inventory.segments[name] = Segment(name, lamps[0].road, tuple(lamps))
        inventory.circuits = dict(circuits)
        inventory.gateways = dict(gateways)
        return inventory

    def of_kind(self, kind: Kind) -> list[Asset]:
        """The assets of a kind, in order of import."""
        lists: dict[Kind, list[Asset]] = {
            Kind.STREETLIGHT: cast(list[Asset], self.streetlights),
            Kind.CABINET: cast(list[Asset], self.cabinets),
            Kind.COVER: cast(list[Asset], self.covers),
            Kind.STATION: cast(list[Asset], self.stations),
        }
        return lists[kind]

    def __len__(self) -> int:
        return len(self.assets)
