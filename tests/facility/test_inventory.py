"""The inventory in memory: kinds, segments in order, circuits and gateways."""

import random

from hypothesis import given
from hypothesis import strategies as st

from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.inventory import Inventory
from facility.measurements import Kind
from tests.facility.asset_strategies import ASSETS, UNHURRIED


def lamp(
    id_: str,
    *,
    segment: str | None = None,
    seq: int | None = None,
    circuit: str | None = None,
    gateway: str | None = None,
    road: str | None = None,
) -> Streetlight:
    return Streetlight(
        id=id_,
        name=id_,
        area="410105",
        lon=113.69,
        lat=34.78,
        segment=segment,
        seq=seq,
        circuit=circuit,
        gateway=gateway,
        road=road,
    )


def test_an_empty_inventory_is_one() -> None:
    inventory = Inventory.of([])
    assert len(inventory) == 0
    assert [inventory.of_kind(kind) for kind in Kind] == [[], [], [], []]


def test_each_kind_has_its_list_in_the_order_given() -> None:
    cabinet = Cabinet(id="C", name="C", area="410105", lon=1, lat=2)
    cover = Cover(id="M", name="M", area="410105", lon=1, lat=2)
    station = Station(id="S", name="S", area="410105", lon=1, lat=2)
    inventory = Inventory.of([lamp("B"), station, cover, lamp("A"), cabinet])
    assert [asset.id for asset in inventory.streetlights] == ["B", "A"]
    assert inventory.cabinets == [cabinet]
    assert inventory.covers == [cover]
    assert inventory.stations == [station]
    assert inventory.of_kind(Kind.COVER) == [cover]
    assert list(inventory.assets) == ["B", "S", "M", "A", "C"]


def test_the_lamps_of_a_segment_stand_in_order_along_it() -> None:
    lamps = [
        lamp("E", segment="S", seq=None),
        lamp("D", segment="S", seq=10),
        lamp("C", segment="S", seq=2),
        lamp("B", segment="S", seq=10),
        lamp("A", segment="S", seq=None),
        lamp("F", segment="S", seq=-1),
        lamp("Z"),
    ]
    for seed in range(5):
        random.Random(seed).shuffle(lamps)
        inventory = Inventory.of(lamps)
        assert list(inventory.segments) == ["S"]
        assert [x.id for x in inventory.segments["S"].lamps] == ["F", "C", "B", "D", "A", "E"]


def test_a_segment_lies_on_the_road_of_its_first_lamp() -> None:
    inventory = Inventory.of([lamp("B", segment="S", seq=2, road="b"), lamp("A", segment="S")])
    assert inventory.segments["S"].road == "b"


def test_circuits_are_of_lamps_and_gateways_of_all() -> None:
    cover = Cover(id="M", name="M", area="410105", lon=1, lat=2, gateway="G")
    one, two = lamp("A", circuit="C1", gateway="G"), lamp("B", circuit="C1")
    inventory = Inventory.of([cover, one, two])
    assert inventory.circuits == {"C1": [one, two]}
    assert inventory.gateways == {"G": [cover, one]}


def test_of_two_assets_of_an_id_the_later_is_the_one() -> None:
    older, newer = lamp("A", segment="old"), lamp("A", segment="new")
    inventory = Inventory.of([older, lamp("B"), newer])
    assert inventory.assets["A"] is newer
    assert [asset.id for asset in inventory.streetlights] == ["A", "B"]
    assert list(inventory.segments) == ["new"]


@UNHURRIED
@given(st.lists(ASSETS, max_size=12))
def test_every_asset_is_in_each_group_it_names_once(assets: list[Asset]) -> None:
    inventory = Inventory.of(assets)
    held = list(inventory.assets.values())
    assert len(inventory) == len({asset.id for asset in assets})
    assert sorted(a.id for kind in Kind for a in inventory.of_kind(kind)) == sorted(
        inventory.assets
    )
    for kind in Kind:
        assert all(asset.kind is kind for asset in inventory.of_kind(kind))
    lamps = [asset for asset in held if isinstance(asset, Streetlight)]
    assert sum(len(s.lamps) for s in inventory.segments.values()) == sum(
        bool(x.segment) for x in lamps
    )
    assert sum(map(len, inventory.circuits.values())) == sum(bool(x.circuit) for x in lamps)
    assert sum(map(len, inventory.gateways.values())) == sum(bool(x.gateway) for x in held)
