"""Assets: lists, one of them, and the segments."""

from __future__ import annotations

from typing import Any

import pytest

from api.shapes.assets import AssetDetails, AssetPage
from api.shapes.live import Segments
from cases.events import CaseEvent
from facility.clock import MINUTE
from facility.inventory import Inventory
from facility.measurements import Kind
from tests.api.district import DUSK, District, dark_segment, lamp


def ids(district: District, **query: Any) -> list[str]:
    return [one["id"] for one in district.answer(AssetPage, "assets", **query)["items"]]


def test_assets_are_shown_whole(district: District) -> None:
    district.lamps_are({"S1-0": "dark"})
    first, *_, station = district.answer(AssetPage, "assets")["items"]
    assert first == {
        "id": "S1-0",
        "kind": "streetlight",
        "area": "410105",
        "name": "S1 第0盏",
        "lon": 113.6,
        "lat": 34.701,
        "grid": None,
        "owner": None,
        "gateway": None,
        "tags": [],
        "report_every_s": None,
        "state": "dark",
        "last_seen": "2026-06-21T12:00:00Z",
        "road": "花园路1",
        "segment": "S1",
        "seq": 0,
        "circuit": "CAB-1/C1",
        "cabinet": "CAB-1",
        "rated_w": 60,
        "plan": "all-night",
        "road_class": None,
    }
    assert (station["clear_by"], station["state"], station["last_seen"]) == (
        "22:00",
        "unknown",
        None,
    )


def test_assets_by_kind_state_segment_and_text(district: District) -> None:
    district.lamps_are({"S1-0": "dark", "S2-3": "dark"})
    assert ids(district, kind="cover") == ["M1"]
    assert ids(district, state="dark") == ["S1-0", "S2-3"]
    assert ids(district, segment="S2", state="dark") == ["S2-3"]
    assert ids(district, segment="S2", kind="cover") == ids(district, segment="S9") == []
    assert ids(district, q="第4") == ["S1-4"]
    assert ids(district, q="花园路3") == ["S3-0"]
    assert ids(district, q="cab") == ["CAB-1"]
    assert ids(district, q="100 %_") == []


def test_assets_by_tag(district: District) -> None:
    assert ids(district, tag="易涝点") == ["M1"]
    assert ids(district, tag="易涝点", kind="station") == ids(district, tag="易涝") == []


def test_pages_follow_one_another(district: District) -> None:
    whole = ids(district)
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = district.answer(AssetPage, "assets", **query)
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == whole
    assert len(whole) == 13
    assert district.answer(AssetPage, "assets", limit=13)["next"] is None


def test_one_asset_with_its_latest_reading_and_its_cases(district: District) -> None:
    district.measured(
        Kind.STREETLIGHT, "S1-1", [DUSK, DUSK + MINUTE], power_w=[44, float("nan")], faults=[0, 3]
    )
    district.measured(Kind.STREETLIGHT, "S1-1", [DUSK - MINUTE], on=[1])
    alone = CaseEvent(DUSK, "opened", "C-2", "streetlight.unlit", "streetlight:S1-1", ("S1-1",))
    district.desk.record([dark_segment(), alone, dark_segment("C-3", DUSK + 1, members=("S1-4",))])
    shown = district.answer(AssetDetails, "assets/S1-1")
    assert shown["latest"] == {
        "at": "2026-06-21T12:01:00Z",
        "values": {"power_w": 44, "faults": ["lamp_failure", "gear_failure"], "on": True},
    }
    assert [case["id"] for case in shown["cases"]] == ["C-1", "C-2"]
    district.act("C-1", action="override", reason="repaired")
    assert [case["id"] for case in district.answer(AssetDetails, "assets/S1-1")["cases"]] == ["C-2"]
    assert district.answer(AssetDetails, "assets/M1")["latest"] is None


def test_a_cabinet_with_its_circuits(district: District) -> None:
    district.measured(Kind.CABINET, "CAB-1/C2", [DUSK], power_w=[900])
    shown = district.answer(AssetDetails, "assets/CAB-1")
    assert shown["latest"] is None
    assert shown["latest_by_circuit"] == {
        "C2": {"at": "2026-06-21T12:00:00Z", "values": {"power_w": 900}}
    }


def test_another_inventory_is_seen_at_once(district: District) -> None:
    assert district.get("assets/S7-0").status_code == 404
    district.inventory = Inventory.of([lamp("S7", 0)])
    assert ids(district) == ["S7-0"]
    assert district.answer(AssetDetails, "assets/S7-0")["state"] == "unknown"


def test_segments_on_the_map(district: District) -> None:
    district.lamps_are({"S2-0": "dark"})
    district.desk.record([dark_segment()])
    first, second, third = district.answer(Segments, "segments")["features"]
    assert first["properties"] == {
        "id": "S1",
        "road": "花园路1",
        "lamps": 5,
        "lit": 5,
        "dark": 0,
        "off": 0,
        "silent": 0,
        "unknown": 0,
        "state": "dark",
        "case": "C-1",
    }
    assert first["geometry"]["coordinates"][:2] == [[113.6, 34.701], [113.601, 34.701]]
    assert (second["properties"]["state"], second["properties"]["case"]) == ("partly_dark", None)
    assert third["geometry"] == {"type": "Point", "coordinates": [113.6, 34.703]}


def segment_states(district: District) -> dict[str, tuple[str, str | None]]:
    return {
        one["id"]: (one["properties"]["state"], one["properties"]["case"])
        for one in district.answer(Segments, "segments")["features"]
    }


def test_a_circuit_case_darkens_the_segments_of_its_lamps_until_they_are_lit(
    district: District,
) -> None:
    district.lamps_are({})
    dark = dark_segment("C-1", subject="circuit:CAB-1/C1", members=("S1-0", "S2-0"))
    district.desk.record([dark])
    assert segment_states(district) == {
        "S1": ("dark", "C-1"),
        "S2": ("dark", "C-1"),
        "S3": ("lit", None),
    }
    recovered = CaseEvent(
        DUSK + 1, "recovered", "C-1", "streetlight.segment_unlit", "circuit:CAB-1/C1", ()
    )
    district.desk.record([recovered])
    assert segment_states(district)["S1"] == ("lit", "C-1")
    district.act("C-1", action="override", reason="repaired")
    assert segment_states(district)["S1"] == ("lit", None)


def test_a_silent_circuit_is_not_a_dark_one(district: District) -> None:
    district.lamps_are({})
    silent = dark_segment("C-1", subject="circuit:CAB-1/C1", type="device.silent")
    district.desk.record([silent])
    assert segment_states(district)["S1"] == ("lit", "C-1")
    district.desk.record([dark_segment("C-2", DUSK + 1)])
    assert segment_states(district)["S1"] == ("dark", "C-2"), "what is dark is shown first"


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1_001}, {"limit": "x"}, {"limt": 5}])
def test_a_wrong_parameter_is_named(district: District, query: dict[str, Any]) -> None:
    response = district.get("assets", **query)
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == list(query)


@pytest.mark.parametrize("query", [{"kind": "tree"}, {"q": "x" * 201}, {"cursor": "nowhere"}])
def test_a_parameter_that_cannot_be_meant_is_named(
    district: District, query: dict[str, Any]
) -> None:
    response = district.get("assets", **query)
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == list(query)
