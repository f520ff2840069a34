"""A row and an asset, each made of the other: what is accepted, and in which words the rest."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.asset_rows import (
    CHECKS,
    Fault,
    from_own_feature,
    positioned,
    to_asset,
    to_feature,
)
from facility.assets import Asset, Cabinet, Cover, CoverType, Station, Streetlight
from facility.clock import HOUR
from facility.measurements import Kind
from facility.rowfile import Row, RowPlace
from tests.facility.asset_strategies import ASSETS, UNHURRIED

PLANS = {"all-night", "half-night"}
PLACE = RowPlace("a.geojson", 1)


def row_of(kind: Any = "streetlight", **cells: Any) -> dict[str, Any]:
    return {
        "id": "X-1",
        "kind": kind,
        "area": "410105",
        "lon": 113.69,
        "lat": 34.78,
    } | cells


def fault_of(cells: dict[str, Any]) -> str:
    with pytest.raises(Fault) as caught:
        to_asset(cells, PLANS)
    return str(caught.value)


def read_back(feature: dict[str, Any]) -> Asset:
    """Through the bytes of a file, as anyone would read it."""
    document = msgspec.json.decode(msgspec.json.encode(feature))
    asset, unknown = to_asset(
        positioned(Row(PLACE, document["properties"], document["geometry"])), PLANS
    )
    assert unknown == []
    return asset


@UNHURRIED
@given(ASSETS)
def test_an_asset_survives_its_feature(asset: Asset) -> None:
    assert read_back(to_feature(asset)) == asset


@UNHURRIED
@given(ASSETS, st.booleans())
def test_the_fast_way_back_is_the_same_way(asset: Asset, located: bool) -> None:
    feature = msgspec.json.decode(msgspec.json.encode(to_feature(asset, "G1" if located else None)))
    lon, lat = feature["geometry"]["coordinates"]
    assert from_own_feature(dict(feature["properties"]), lon, lat, cells=False) == asset
    whole = from_own_feature(dict(feature["properties"]), lon, lat, cells=True)
    assert whole.grid == (asset.grid or ("G1" if located else None))


@UNHURRIED
@given(ASSETS)
def test_a_code_that_was_worked_out_is_not_taken_for_a_given_one(asset: Asset) -> None:
    assert read_back(to_feature(asset, "G1")) == asset


def test_cells_of_text_are_as_good_as_typed_ones() -> None:
    cells = row_of(
        area=" 410105 ",
        lon="113.69",
        lat="3.478e1",
        seq="7",
        rated_w="120.5",
        report_every_s="300",
    )
    asset, _ = to_asset(cells, PLANS)
    assert asset == Streetlight(
        id="X-1",
        area="410105",
        name="X-1",
        lon=113.69,
        lat=34.78,
        seq=7,
        rated_w=120.5,
        report_every_s=300,
    )


def test_numbers_are_as_good_as_text_where_text_is_meant() -> None:
    asset, _ = to_asset(row_of(id=1234, area=410105, segment=12, seq=3.0), PLANS)
    assert isinstance(asset, Streetlight)
    assert (asset.id, asset.area, asset.segment, asset.seq) == ("1234", "410105", "12", 3)


def test_empty_cells_are_absent_ones() -> None:
    asset, unknown = to_asset(row_of(name=" ", seq="", plan=None, circuits=""), PLANS)
    assert isinstance(asset, Streetlight)
    assert (asset.name, asset.seq, asset.plan, unknown) == ("X-1", None, "all-night", [])


@pytest.mark.parametrize(
    ("cell", "circuits"),
    [
        (["C1", "C2"], ("C1", "C2")),
        ("C1;C2", ("C1", "C2")),
        (" C1 ; C2 ;", ("C1", "C2")),
        ([], ()),
        ([1, 2], ("1", "2")),
    ],
)
def test_circuits_are_a_list_or_text_with_semicolons(cell: Any, circuits: tuple[str, ...]) -> None:
    asset, _ = to_asset(row_of("cabinet", circuits=cell), PLANS)
    assert isinstance(asset, Cabinet)
    assert asset.circuits == circuits


@pytest.mark.parametrize(("cell", "hours"), [("24:00", 24), ("06:30", 6.5), ("6:30", 6.5)])
def test_clear_by_is_counted_from_midnight(cell: str, hours: float) -> None:
    asset, _ = to_asset(row_of("station", clear_by=cell), PLANS)
    assert isinstance(asset, Station)
    assert asset.clear_by_ms == hours * HOUR


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("易涝点", ("易涝点",)),
        ("b; a ;;a", ("a", "b")),
        (["学校", "易涝点"], ("学校", "易涝点")),
        ([], ()),
        ("", ()),
    ],
)
def test_tags_are_a_list_or_text_with_semicolons(cell: Any, tags: tuple[str, ...]) -> None:
    asset, unknown = to_asset(row_of("cover", tags=cell), PLANS)
    assert (asset.tags, unknown) == (tags, [])


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (7, "is not a list of tags"),
        ([7.5], "is not text"),
        (["a,b"], "has a tag with ; or , in it"),
        ("x" * 65, "is longer than 64 characters"),
        ([f"t{i}" for i in range(17)], "has more than 16 tags"),
        (["a\nb"], "cannot be printed"),
    ],
)
def test_tags_that_are_none_are_named(cell: Any, says: str) -> None:
    assert says in fault_of(row_of("cover", tags=cell))


def test_a_station_is_cleared_by_midnight_where_it_does_not_say() -> None:
    asset, _ = to_asset(row_of("station"), PLANS)
    assert isinstance(asset, Station)
    assert asset.clear_by_ms == 24 * HOUR


def test_a_cover_is_of_unknown_type_where_it_does_not_say() -> None:
    asset, _ = to_asset(row_of("cover"), PLANS)
    assert isinstance(asset, Cover)
    assert asset.cover_type is CoverType.UNKNOWN


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (row_of(id=""), "id is missing"),
        (row_of(id="a" * 65), "id"),
        (row_of(id="路灯-1"), "is not 1 to 64 characters of A-Z a-z 0-9 . _ -"),
        (row_of(id="974-5A/B"), "id '974-5A/B' is not 1 to 64"),
        (row_of(id=True), "id True is not text"),
        (row_of(id=1.5), "id 1.5 is not text"),
        (row_of(kind=""), "kind is missing"),
        (row_of(kind="lamp"), "kind 'lamp' is none of streetlight, cabinet, cover, station"),
        (row_of(kind=["cover"]), "kind ['cover'] is none of"),
        (row_of(area="41010"), "area '41010' is not six digits"),
        (row_of(area="４１０１０５"), "is not six digits"),
        (row_of(lon=None), "lon is missing"),
        (row_of(lon=180.1), "lon 180.1 is not between -180 and 180 degrees"),
        (row_of(lon=34.78, lat=113.69), "lat 113.69 is not between -90 and 90 degrees"),
        (row_of(lon=0, lat=0.0), "never filled in"),
        (row_of(lat=float("nan")), "lat nan is not between"),
        (row_of(lat="nan"), "lat 'nan' is not a number"),
        (row_of(lon="1_13"), "lon '1_13' is not a number"),
        (row_of(lon=True), "lon True is not a number"),
        (row_of(seq=1.5), "seq 1.5 is not a whole number"),
        (row_of(seq="M?"), "seq 'M?' is not a number"),
        (row_of(seq=2**40), "seq 1099511627776 is not between"),
        (row_of(seq=10**400), "is not between"),
        (row_of(rated_w=0), "rated_w 0 is not between 0.1 and 5000 W"),
        (row_of(rated_w=float("inf")), "rated_w inf is not between"),
        (row_of(rated_w="120 W"), "rated_w '120 W' is not a number"),
        (row_of(report_every_s=0), "report_every_s 0 is not between 1"),
        (row_of(plan="dusk"), "plan 'dusk' is none of all-night, half-night"),
        (row_of(cabinet="CAB 1"), "cabinet 'CAB 1' is not 1 to 64"),
        (row_of(road="a\nb"), "characters that cannot be printed"),
        (row_of(road="\ud800"), "characters that cannot be printed"),
        (row_of(name="x" * 201), "is longer than 200 characters"),
        (row_of(gateway={"id": 1}), "gateway {'id': 1} is not text"),
        (row_of("cover", cover_type="manhole"), "cover_type 'manhole' is none of water, sewage"),
        (row_of("cover", cover_type=["gas"]), "is none of"),
        (row_of("cabinet", circuits="C1;C1"), "names a circuit twice"),
        (row_of("cabinet", circuits=7), "circuits 7 is not a list of circuits"),
        (row_of("station", clear_by="24:01"), "is later than 24:00"),
        (row_of("station", clear_by="00:00"), "write 24:00"),
        (row_of("station", clear_by="12:60"), "clear_by '12:60' is not a time HH:MM"),
        (row_of("station", clear_by=22), "clear_by 22 is not a time HH:MM"),
        (row_of("station", capacity_t_day=-1), "capacity_t_day -1 is not between"),
    ],
)
def test_a_bad_cell_is_named_with_its_value(cells: dict[str, Any], says: str) -> None:
    assert says in fault_of(cells)


def test_a_bad_row_is_told_everything_that_is_wrong_with_it() -> None:
    assert fault_of(row_of(area="x", lon=None, seq="?")) == (
        "area 'x' is not six digits; seq '?' is not a number; lon is missing"
    )


def test_a_long_value_is_quoted_in_part() -> None:
    assert len(fault_of(row_of(id="x" * 10_000))) < 150


def test_properties_a_kind_does_not_have_are_named() -> None:
    asset, unknown = to_asset(row_of("cover", seq=1, circuit=None, colour="red"), PLANS)
    assert isinstance(asset, Cover)
    assert unknown == ["seq", "colour"]


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({"type": "LineString", "coordinates": [[0, 1], [1, 2]]}, "'LineString', not a Point"),
        ({"type": "Point", "coordinates": []}, "has no coordinates"),
        ({"type": "Point"}, "not a Point"),
        ([113, 34], "not a Point"),
    ],
)
def test_a_location_is_a_point(geometry: Any, says: str) -> None:
    with pytest.raises(Fault, match=says):
        positioned(Row(PLACE, {"id": "A"}, geometry))


def test_the_geometry_is_the_location_and_its_height_is_left_out() -> None:
    geometry = {"type": "Point", "coordinates": [113.69, 34.78, 99.0]}
    cells = positioned(Row(PLACE, {"lon": 1, "lat": 2}, geometry))
    assert (cells["lon"], cells["lat"]) == (113.69, 34.78)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "7", "-1e3", "M?", "water", "12:30", "half-night", "路", "\ud800", "a;b"]
    )
)
CELLS = SCALARS | st.lists(SCALARS, max_size=3) | st.just({"nested": 1})


@UNHURRIED
@given(
    st.sampled_from(Kind),
    st.dictionaries(st.sampled_from(sorted({"other"}.union(*CHECKS.values()))), CELLS, max_size=4),
)
def test_whatever_a_row_holds_it_is_an_asset_or_at_fault(kind: Kind, cells: dict[str, Any]) -> None:
    try:
        asset, _ = to_asset(row_of(kind, **cells), PLANS)
    except Fault:
        return
    assert read_back(to_feature(asset)) == asset
