"""Rulebooks over HTTP."""

from __future__ import annotations

from api.shapes.rules import Rulebook, RulebookPage
from rules.book.rulebook import load, parse
from rules.book.versions import FOLDER, keep
from tests.api.district import District

OWN = parse("[displaced]\ntilt_deg = 12.0", "own")


def test_the_one_in_use_is_what_the_rules_say_they_go_by(district: District) -> None:
    listed = district.answer(RulebookPage, "rulebooks")
    assert listed == {"in_use": load().version, "built_in": load().version, "items": []}
    keep(district.folder / FOLDER, OWN)
    district.tell("rules", rulebook=OWN.version)
    listed = district.answer(RulebookPage, "rulebooks")
    assert listed["in_use"] == OWN.version
    assert [one["version"] for one in listed["items"]] == [OWN.version]


def test_a_version_says_what_differs(district: District) -> None:
    keep(district.folder / FOLDER, OWN)
    found = district.answer(Rulebook, f"rulebooks/{OWN.version}")
    assert found["own"] == "[displaced]\ntilt_deg = 12.0\n"
    figures = {one["name"]: one["figures"] for one in found["sections"]}
    assert figures["displaced"][0] == {
        "name": "tilt_deg",
        "value": 12.0,
        "built_in": 15.0,
        "line": 2,
    }
    assert {one["line"] for one in figures["rattle"]} == {None}
    assert district.get("rulebooks/..%2Fsecret").status_code == 404
