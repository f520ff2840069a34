"""Real and dirty: the street lights of Cambridge, and rows made by hand with the same dirt."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from facility.assets import Streetlight
from facility.importing import ImportedAssets, import_files, read_assets
from facility.inventory_file import INVENTORY, load

REPO = Path(__file__).parents[2]
MAP = REPO / "deploy" / "maps" / "cambridge.toml"
REAL = REPO.parent / "shared" / "data" / "cambridge_streetlights.geojson"

real_data = pytest.mark.skipif(not REAL.exists(), reason=f"the real poles are not here: {REAL}")

FIXTURES = {"Description": "Cobrahead", "FixtureType": "A3", "NumLamps": 1, "LEDchk": "Yes"}


def pole(street: str, number: str, name: str | None, **properties: Any) -> dict[str, Any]:
    identity = {"PoleID": f"{street}-{number}", "Street_ID": street, "Pole_Num": number}
    lamp = {"Lamp1": f"{street}-{number}", "StreetName": name, "StreetSuffix": "AVE"}
    return {**identity, **lamp, **FIXTURES, "Owner": "City", **properties}


SAMPLE = [
    pole("471", "12", "MASSACHUSETTS"),
    pole("471", "13", "MASSACHUSETTS"),
    pole("471", "12.5", "MASSACHUSETTS", FixtureType="A2 / A3", NumLamps=2),
    pole("471", "M7", "MASSACHUSETTS", Lamp1="471-M?", Owner=None),
    pole("471", "M8", "VASSAR", FixtureType="`"),
    pole("974", "5A/B", "CAMBRIDGEPARK", StreetSuffix=None, FixtureType=None),
    pole("902", "M", "ELIOT STREET PLAZA", NumLamps=0, FixtureType=None),
    {"PoleID": "462-M40", "Street_ID": "462", "Pole_Num": "M40"},
    {"PoleID": "1"},
    pole("471", "12", "MASSACHUSETTS"),
]


@pytest.fixture
def sample(tmp_path: Path) -> ImportedAssets:
    features = [
        {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "Point", "coordinates": [-71.1 + number / 1000, 42.4]},
            "properties": properties,
        }
        for number, properties in enumerate(SAMPLE, 1)
    ]
    path = tmp_path / "poles.geojson"
    # On one line, as the city publishes them.
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return read_assets(path, map_file=MAP)


def lamp(imported: ImportedAssets, id_: str) -> Streetlight:
    asset = imported.assets[id_]
    assert isinstance(asset, Streetlight)
    return asset


def test_poles_get_their_place_along_their_street(sample: ImportedAssets) -> None:
    assert [(x.segment, x.seq) for x in map(lamp, [sample] * 9, sample.assets)] == [
        ("471", 120),
        ("471", 130),
        ("471", 125),
        ("471-M", 70),
        ("471-M", 80),
        ("974", 50),
        ("902-M", None),
        ("462-M", 400),
        (None, None),
    ]


def test_names_roads_and_watts_are_what_the_source_allows(sample: ImportedAssets) -> None:
    full, plaza, bare = lamp(sample, "471-12.5"), lamp(sample, "974-5A_B"), lamp(sample, "1")
    assert (full.name, full.road) == ("MASSACHUSETTS AVE 12.5", "MASSACHUSETTS AVE")
    assert (full.rated_w, full.owner, full.area, full.plan) == (160, "City", "025017", "all-night")
    assert (plaza.name, plaza.road, plaza.rated_w) == ("CAMBRIDGEPARK 5A/B", "CAMBRIDGEPARK", 60)
    assert (bare.name, bare.road, bare.owner, bare.rated_w) == ("1", None, None, 60)


def test_each_piece_of_dirt_is_told_with_its_row(sample: ImportedAssets) -> None:
    told: dict[int, list[str]] = {}
    for issue in sample.warnings:
        assert issue.place.line == 1
        assert issue.place.feature is not None
        told.setdefault(issue.place.feature, []).append(issue.reason)
    assert told == {
        4: [
            "no Owner: without an owner",
            "the lamp id (Lamp1) has a question mark",
        ],
        5: ["lamps '` x1' has no translation: rated_w taken as 60"],
        6: ["PoleID has a slash: in the id it is written _", "no FixtureType: rated_w taken as 60"],
        7: [
            "no FixtureType: rated_w taken as 60",
            "NumLamps is 0: imported as a lamp",
            "Pole_Num 'M' has nothing that matches [0-9]+(?:[.][0-9]+)?: seq left out",
        ],
        8: [
            "no StreetName: without a road",
            "no Owner: without an owner",
            "no FixtureType: rated_w taken as 60",
            "no lamp id (Lamp1)",
        ],
        9: [
            "no Street_ID: in no segment",
            "no Pole_Num: without its place in the segment",
            "no StreetName: without a road",
            "no Owner: without an owner",
            "no FixtureType: rated_w taken as 60",
            "no lamp id (Lamp1)",
        ],
    }
    assert [(issue.place.feature, issue.reason) for issue in sample.rejected] == [
        (10, "id 471-12 is taken by line 1, feature 1 of this file")
    ]


@real_data
def test_every_real_pole_gets_in_and_all_its_dirt_is_accounted_for(tmp_path: Path) -> None:
    report = import_files(tmp_path, REAL, MAP)
    assert (report.rows, report.added, report.rejected) == (6_117, 6_117, ())
    reasons = Counter(issue.reason for issue in report.warnings)
    roads = [reason for reason in reasons if reason.startswith("its road is")]
    assert sum(reasons.pop(road) for road in roads) == 73
    assert reasons == {
        "PoleID has a slash: in the id it is written _": 9,
        "no Street_ID: in no segment": 1,
        "no Pole_Num: without its place in the segment": 1,
        "Pole_Num 'M' has nothing that matches [0-9]+(?:[.][0-9]+)?: seq left out": 1,
        "no StreetName: without a road": 94,
        "no Owner: without an owner": 1_027,
        "no lamp id (Lamp1)": 98,
        "the lamp id (Lamp1) has a question mark": 93,
        "no FixtureType: rated_w taken as 60": 1_278,
        "lamps '` x1' has no translation: rated_w taken as 60": 24,
        "lamps '` x2' has no translation: rated_w taken as 60": 2,
        "lamps '? x1' has no translation: rated_w taken as 60": 1,
        "NumLamps is 0: imported as a lamp": 4,
        "is exactly where streetlight 99-3 is": 1,
    }
    inventory = load(tmp_path)
    assert len(inventory.streetlights) == 6_117
    assert len({x.road for x in inventory.streetlights}) > 500
    numbered = [x.seq for x in inventory.segments["471"].lamps]
    assert numbered == sorted(n for n in numbered if n is not None)


@real_data
def test_the_real_poles_imported_again_change_nothing(tmp_path: Path) -> None:
    import_files(tmp_path, REAL, MAP)
    content = (tmp_path / INVENTORY).read_bytes()
    report = import_files(tmp_path, REAL, MAP)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 6_117)
    assert (tmp_path / INVENTORY).read_bytes() == content
