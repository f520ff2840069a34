"""Which case a report belongs to, by kind and distance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.case import Case
from cases.filing.filed import Filed
from cases.filing.standard import Row, load
from cases.residents.nearness import NearSettings, Spot, metres, nearest
from facility.assets import Cover, CoverType, Station, Streetlight
from facility.inventory import Inventory

EDITION = load().editions[0]
LON, LAT = 113.69, 34.78
NEAR = NearSettings()


def east(of_metres: float) -> float:
    """The longitude so many metres to the east of the middle."""
    return LON + of_metres / 91_440


def placed(kind: type[Any], name: str, at: float, **more: Any) -> Any:
    return kind(id=name, area="410105", name=name, lon=east(at), lat=LAT, **more)


INVENTORY = Inventory.of(
    [
        *(placed(Streetlight, f"L{n}", 30 * n, segment="S1", seq=n) for n in range(10)),
        placed(Streetlight, "L20", 30, segment="S2", seq=0),
        placed(Cover, "M1", 0, cover_type=CoverType.STORM),
        placed(Cover, "M2", 20, cover_type=CoverType.SEWAGE),
        placed(Station, "T1", 0),
        placed(Station, "7", 0),
    ]
)


def row(code: str, condition: str) -> Row:
    found = EDITION.row(code, condition)
    assert found is not None
    return found


def filed(code: str, condition: str) -> Filed:
    return Filed("yuncheng", "2024-01-01", code, condition, 2, "working_day", 1)


def case(
    type_: str, subject: str, under: Filed, *members: str, name: str = "C", **more: Any
) -> Case:
    return Case(name, type_, subject, "open", 1, members, filed=under, **more)


def found(under: Row, at: float, *cases: Case, asset: str | None = None) -> str | None:
    spot = Spot(east(at), LAT, INVENTORY.assets[asset] if asset else None)
    joined = nearest(under, spot, cases, INVENTORY, NEAR)
    return joined.id if joined else None


OUT, DARK = row("0137", "out"), filed("0137", "out")
COVER, RATTLE = row("0123", "rattle"), filed("0103", "rattle")


@pytest.mark.parametrize(("at", "joins"), [(0, True), (59, True), (61, False)])
def test_a_lamp_is_near_to_sixty_metres(at: float, joins: bool) -> None:
    one = case("streetlight.unlit", "streetlight:L0", DARK, "L0")
    assert (found(OUT, at, one) == "C") is joins


def test_of_a_dark_segment_every_lamp_is_near() -> None:
    one = case("streetlight.segment_unlit", "segment:S1", DARK, "L0", "L1", "L2")
    assert found(OUT, 270 + 59, one) == "C", "its last lamp is at 270 m"
    assert found(OUT, 270 + 61, one) is None


def test_a_named_lamp_is_of_its_segment_and_of_no_other() -> None:
    one = case("streetlight.unlit", "streetlight:L0", DARK, "L0")
    assert found(OUT, 270, one, asset="L9") == "C"
    assert found(OUT, 30, one, asset="L20") is None


@pytest.mark.parametrize(("at", "joins"), [(29, True), (31, False)])
def test_a_cover_is_near_to_thirty_metres(at: float, joins: bool) -> None:
    one = case("cover.rattle", "cover:M1", RATTLE, "M1")
    assert (found(COVER, at, one) == "C") is joins


def test_a_named_cover_is_that_one() -> None:
    one = case("cover.rattle", "cover:M1", RATTLE, "M1")
    assert found(COVER, 20, one, asset="M2") is None
    assert found(COVER, 0, one, asset="M1") == "C"


def test_a_cover_whose_lid_was_read_is_of_that_kind() -> None:
    one = case("cover.rattle", "cover:M1", RATTLE, "M1")
    assert found(row("0103", "rattle"), 5, one) == "C"
    assert found(row("0102", "rattle"), 5, one) is None


def test_a_station_is_smelt_from_afar() -> None:
    one = case("station.odour", "station:T1", filed("0304", "dirty"), "T1")
    assert found(row("0304", "dirty"), 299, one) == "C"
    assert found(row("0304", "not_cleared"), 10, one) is None, "another matter"


@pytest.mark.parametrize(
    ("under", "joins"), [(COVER, True), (row("0123", "dangerous"), False), (OUT, False)]
)
def test_the_matter_must_be_the_same(under: Row, joins: bool) -> None:
    one = case("cover.rattle", "cover:M1", RATTLE, "M1")
    assert (found(under, 0, one) == "C") is joins


def test_a_cause_that_the_row_names_is_the_matter() -> None:
    under = row("0137", "not_switched")
    switched = filed("0137", "not_switched")
    dark = case("streetlight.segment_unlit", "segment:S1", switched, "L0", cause="not_switched")
    assert found(under, 0, dark) == "C"
    assert found(OUT, 0, dark) == "C", "a resident sees a dark road, whatever the cause"
    other = case("streetlight.segment_unlit", "segment:S1", DARK, "L0", cause="circuit")
    assert found(under, 0, other) is None


def test_what_the_sensors_say_is_over_is_not_joined() -> None:
    recovered = Case(
        "C", "cover.rattle", "cover:M1", "recovered", 1, ("M1",), recovered_at=2, filed=RATTLE
    )
    assert found(COVER, 0, recovered) is None


def reported(name: str, at: float, under: Filed, *members: str, opened: int = 1) -> Case:
    return Case(
        name,
        "reported",
        "report:7",
        "open",
        opened,
        members,
        filed=under,
        lon=east(at),
        lat=LAT,
    )


def test_a_second_report_joins_the_first() -> None:
    under, first = row("L201", "damaged"), filed("L201", "damaged")
    assert found(under, 49, reported("R", 0, first)) == "R"
    assert found(under, 51, reported("R", 0, first)) is None
    assert found(row("L201", "collapsed"), 0, reported("R", 0, first)) is None


def test_what_fits_nowhere_is_not_one_thing_for_being_near() -> None:
    assert found(row("L399", "found"), 0, reported("R", 0, filed("L399", "found"))) is None


def test_a_sensors_case_goes_before_a_nearer_residents() -> None:
    sensed = case("cover.rattle", "cover:M2", filed("0102", "rattle"), "M2", name="S")
    assert found(COVER, 0, reported("R", 0, filed("0123", "rattle")), sensed) == "S"


def test_of_residents_cases_the_nearest_then_the_oldest() -> None:
    under, first = row("L201", "damaged"), filed("L201", "damaged")
    far, near = reported("A", 40, first), reported("B", 10, first, opened=5)
    older = reported("Z", 10, first, opened=2)
    assert found(under, 0, far, near) == "B"
    assert found(under, 0, far, near, older) == "Z"


@given(st.floats(-2_000, 2_000))
def test_metres_are_metres(at: float) -> None:
    assert metres(LON, LAT, east(at), LAT) == pytest.approx(abs(at), rel=2e-3, abs=0.01)
    assert metres(LON, LAT, LON, LAT + at / 111_195) == pytest.approx(abs(at), rel=2e-3, abs=0.01)


def test_distances_are_settings() -> None:
    near = NearSettings(cover_m=5)
    one = case("cover.rattle", "cover:M1", RATTLE, "M1")
    assert nearest(COVER, Spot(east(10), LAT), [one], INVENTORY, near) is None
