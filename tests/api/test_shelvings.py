"""Shelving through the API: who, for how long, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from api.shapes.rules import ShelvingPage
from facility.clock import HOUR
from tests.api.district import District

BODY: dict[str, Any] = {
    "types": ["cover.rattle"],
    "where": {"road": ["花园路"], "kind": "cover"},
    "until": "2026-06-21T14:00:00Z",
    "reason": "road works",
}


def test_faults_are_put_aside_and_taken_up_again(district: District) -> None:
    made = district.call("POST", "/api/v1/shelvings", json=BODY)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["author"], shown["where"], shown["until"]) == (
        "a-admin",
        BODY["where"],
        BODY["until"],
    )
    assert district.answer(ShelvingPage, "shelvings")["items"] == [shown]
    ended = district.call("DELETE", f"/api/v1/shelvings/{shown['id']}")
    assert (ended.status_code, ended.json()["ended_by"]) == (200, "a-admin")
    assert district.answer(ShelvingPage, "shelvings")["items"] == []
    assert district.call("DELETE", "/api/v1/shelvings/none").status_code == 404


def test_one_ends_by_itself(district: District) -> None:
    district.call("POST", "/api/v1/shelvings", json=BODY)
    district.clock.ms += 2 * HOUR
    assert district.answer(ShelvingPage, "shelvings")["items"] == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"types": ["cover.ratle"]}, "there is no case type"),
        ({"where": {"stret": "x"}}, "unknown field `stret`"),
        ({"until": "2026-09-21T14:00:00Z"}, "within 30 days"),
        ({"types": [], "where": {}}, "everything everywhere"),
        ({"reason": " "}, "reason"),
        ({"until": "tomorrow"}, "RFC 3339"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    district: District, change: dict[str, Any], told: str
) -> None:
    refused = district.call("POST", "/api/v1/shelvings", json={**BODY, **change})
    assert refused.status_code == 422
    assert told in refused.json()["detail"]


def test_a_viewer_may_look_and_not_touch(district: District) -> None:
    district.role = "viewer"
    assert district.get("shelvings").status_code == 200
    assert district.call("POST", "/api/v1/shelvings", json=BODY).status_code == 403
