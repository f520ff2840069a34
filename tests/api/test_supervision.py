"""What is supervised, by the API."""

from __future__ import annotations

import pytest

from api.duties import SupervisionPage
from cases.notices.units import EXAMPLE, load
from cases.supervision.supervised import Ledger
from tests.api.conftest import EACH_DATABASE
from tests.api.district import District, dark_segment


@pytest.fixture
def watched(district: District) -> District:
    district.desk.hooks = (Ledger(load(EXAMPLE)).hook,)
    return district


def test_the_list_says_for_what_since_when_and_who_was_told(watched: District) -> None:
    watched.desk.record([dark_segment("C-1"), dark_segment("C-2", subject="segment:S2")])
    watched.act("C-1", action="supervise", level=1, reason="催办")
    watched.clock.ms += 1_000
    watched.act("C-2", action="supervise", level=3, reason="催办", term="2026-06-23T12:00:00Z")
    found = watched.answer(SupervisionPage, "supervision")
    assert [(one["case"]["id"], one["level"]) for one in found["items"]] == [("C-2", 3), ("C-1", 1)]
    assert found["items"][0]["causes"] == [
        {
            "cause": "by_hand",
            "level": 3,
            "since": "2026-06-21T12:00:01Z",
            "term": "2026-06-23T12:00:00Z",
            "told": "分管副区长",
            "author": "a-admin",
        }
    ]
    first = watched.answer(SupervisionPage, "supervision", limit=1)
    second = watched.answer(SupervisionPage, "supervision", limit=1, cursor=first["next"])
    assert [one["case"]["id"] for one in first["items"] + second["items"]] == ["C-2", "C-1"]
    assert second["next"] is None
    assert len(watched.get("supervision", level=2).json()["items"]) == 1
    assert watched.get("supervision", cause="late").json()["items"] == []
    watched.act("C-2", action="unsupervise")
    watched.act("C-1", action="void", reason="x")
    assert watched.get("supervision", level=0).json()["items"] == []


def test_a_handler_sees_the_own_units(watched: District) -> None:
    watched.desk.record([dark_segment("C-1"), dark_segment("C-2", subject="segment:S2")])
    watched.act("C-1", action="dispatch", unit="unit-1")
    for case in ("C-1", "C-2"):
        watched.act(case, action="supervise", level=1, reason="催办")
    watched.role = "handler"
    found = watched.get("supervision", unit="unit-2").json()
    assert [one["case"]["id"] for one in found["items"]] == ["C-1"]


@EACH_DATABASE
@pytest.mark.parametrize(
    ("sort", "expected"),
    [("level", ["C-2", "C-3", "C-1", "C-0"]), ("since", ["C-3", "C-0", "C-1", "C-2"])],
)
def test_pages_follow_each_other_without_a_gap(
    watched: District, sort: str, expected: list[str]
) -> None:
    watched.desk.record([dark_segment(f"C-{n}", subject=f"segment:S{n}") for n in range(5)])
    for case, level in (("C-3", 2), ("C-0", 1), ("C-1", 2), ("C-2", 3)):
        watched.clock.ms += 1_000
        watched.act(case, action="supervise", level=level, reason="催办")
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = watched.answer(SupervisionPage, "supervision", sort=sort, limit=1, **cursor)
        found += [one["case"]["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == expected
    other = "since" if sort == "level" else "level"
    assert watched.get("supervision", sort=other, **cursor).status_code == 422


@pytest.mark.parametrize(
    ("query", "name"),
    [({"level": "4"}, "level"), ({"cause": "x"}, "cause"), ({"cursor": "x"}, "cursor")],
)
def test_a_wrong_parameter_is_named(watched: District, query: dict[str, str], name: str) -> None:
    refused = watched.get("supervision", **query)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["name"] == name
