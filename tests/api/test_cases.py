"""Cases over HTTP: lists, one with its history, and closing it."""

from __future__ import annotations

from typing import Any

import pytest

from api.shapes.cases import Case, CasePage, CaseWithEvents
from cases.events import CaseEvent
from facility.clock import SECOND
from tests.api.district import DUSK, District, dark_segment

CLOSE = {"action": "override", "reason": "已更换电缆"}


def ids(district: District, **query: Any) -> list[str]:
    return [one["id"] for one in district.answer(CasePage, "cases", **query)["items"]]


def test_one_case_with_its_events(district: District) -> None:
    joined = CaseEvent(
        DUSK + SECOND,
        "joined",
        "C-1",
        "streetlight.segment_unlit",
        "segment:S1",
        ("S1-3",),
    )
    district.desk.record([dark_segment(), joined])
    shown = district.answer(CaseWithEvents, "cases/C-1")
    events = shown.pop("events")
    assert shown == {
        "id": "C-1",
        "type": "streetlight.segment_unlit",
        "subject": "segment:S1",
        "source": "sensor",
        "state": "open",
        "stage": "filed",
        "how": None,
        "unit": None,
        "handler": None,
        "street": None,
        "cell": None,
        "previous": None,
        "extensions": 0,
        "reworks": 0,
        "supervision": 0,
        "reports": 0,
        "opened_at": "2026-06-21T12:00:00Z",
        "dispatched_at": None,
        "accepted_at": None,
        "handled_at": None,
        "recovered_at": None,
        "verified_at": None,
        "closed_at": None,
        "stopped_at": None,
        "changed_at": "2026-06-21T12:00:01Z",
        "paused_since": None,
        "suspended_until": None,
        "extension_asked_at": None,
        "pauses": [],
        "members": ["S1-0", "S1-1", "S1-2", "S1-3"],
        "cause": "cable",
        "evidence": {"dark": 3},
        "rule": {"name": "segment_unlit", "version": "1"},
        "filing": None,
        "lon": 113.602,
        "lat": 34.701,
        "version": 2,
        "proposed_unit": None,
        "possible": ["dispatch", "suspend", "override", "void", "supervise", "note"],
    }
    assert [(one["seq"], one["event"], one["members"]) for one in events] == [
        (1, "opened", ["S1-0", "S1-1", "S1-2"]),
        (2, "joined", ["S1-3"]),
    ]
    assert events[1]["at"] == "2026-06-21T12:00:01Z"


@pytest.mark.parametrize(
    ("subject", "members", "point"),
    [
        ("cover:M1", ("M1",), (113.7, 34.8)),
        ("segment:S3", (), (113.6, 34.703)),
        ("circuit:CAB-1/C1", (), (113.604, 34.701)),
        ("gateway:G1", (), (113.602, 34.702)),
        ("segment:gone", ("gone", "S1-1"), (113.601, 34.701)),
        ("cover:gone", (), (None, None)),
        ("nonsense", (), (None, None)),
    ],
)
def test_a_case_is_somewhere(
    district: District, subject: str, members: tuple[str, ...], point: tuple[float, float]
) -> None:
    district.desk.record([dark_segment(subject=subject, members=members)])
    shown = district.answer(CaseWithEvents, "cases/C-1")
    assert (shown["lon"], shown["lat"]) == point


def test_lists_and_pages(district: District) -> None:
    district.desk.record([dark_segment(f"C-{n}", DUSK + n) for n in range(5)])
    district.desk.record([dark_segment("R-1", DUSK - 1, type="cover.rattle", subject="cover:M1")])
    district.act("C-3", **CLOSE)
    assert ids(district) == ["C-4", "C-3", "C-2", "C-1", "C-0", "R-1"]
    assert ids(district, state=["closed", "recovered"]) == ["C-3"]
    assert ids(district, type="cover.rattle", state="open") == ["R-1"]
    assert ids(district, subject="segment:S1", limit=2) == ["C-4", "C-3"]
    page = district.answer(CasePage, "cases", limit=4)
    assert ids(district, limit=4, cursor=page["next"]) == ["C-0", "R-1"]


def test_a_person_closes_a_case_once(district: District) -> None:
    district.desk.record([dark_segment()])
    district.clock.ms += 5 * SECOND
    done = district.act("C-1", **CLOSE)
    assert done.status_code == 200
    closed = Case.model_validate_json(done.content)
    assert (closed.state, closed.closed_at) == ("closed", "2026-06-21T12:00:05Z")
    said, last = district.answer(CaseWithEvents, "cases/C-1")["events"][-2:]
    assert (said["author"], said["evidence"]) == ("a-admin", {"reason": "已更换电缆"})
    assert (last["event"], last["evidence"]["how"]) == ("closed", "overridden")
    again = district.act("C-1", **CLOSE)
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["possible"] == []
    assert "不能人工结案" in again.json()["detail_zh"]


def test_the_version_of_a_case_is_its_etag_and_guards_an_action(district: District) -> None:
    district.desk.record([dark_segment()])
    tag = district.get("cases/C-1").headers["etag"]
    assert tag == '"1"'
    note = {"action": "note", "reason": "电话已联系"}
    noted = district.act("C-1", if_match=tag, **note)
    assert (noted.status_code, noted.headers["etag"]) == (200, '"2"')
    stale = district.act("C-1", if_match=tag, **CLOSE)
    assert stale.status_code == 412
    assert "第 2 版" in stale.json()["detail_zh"]
    assert district.act("C-1", if_match="*", **note).status_code == 200
    wrong = district.act("C-1", if_match="3", **note)
    assert (wrong.status_code, wrong.json()["errors"][0]["name"]) == (422, "If-Match")


def test_what_a_person_may_not_do_is_forbidden(district: District) -> None:
    district.desk.record([dark_segment()])
    district.role = "handler"
    refused = district.act("C-1", action="dispatch", unit="unit-1")
    assert (refused.status_code, refused.json()["possible"]) == (403, [])
    assert district.answer(CaseWithEvents, "cases/C-1")["possible"] == []
    district.role = "dispatcher"
    assert district.act("C-1", action="dispatch", unit="unit-1").json()["unit"] == "unit-1"
    district.role = "handler"
    accepted = district.act("C-1", action="accept").json()
    assert (accepted["stage"], accepted["handler"]) == ("handling", "a-handler")
    assert accepted["possible"] == ["return", "handle", "note"], "no filing, so no extension"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"action": "explode", "reason": "x"}, "action"),
        ({"action": "void", "reason": " "}, "reason"),
        ({"action": "void"}, "reason"),
        ({"action": "void", "reason": "x" * 2_001}, "reason"),
        ({"action": "void", "reason": 7}, "reason"),
        ({"action": "void", "reason": "x", "author": "Li"}, "author"),
        ({"action": "dispatch"}, "unit"),
        ({"action": "suspend", "reason": "x"}, "until"),
        ({"action": "suspend", "reason": "x", "until": "tomorrow"}, "until"),
        ({"action": "suspend", "reason": "x", "until": "2026-06-21T12:00:00Z"}, "until"),
        ({"action": "suspend", "reason": "x", "until": "2027-06-23T12:00:00Z"}, "until"),
        ({"action": "supervise", "reason": "x", "level": 4}, "level"),
        ({"action": "void", "reason": "x", "at": 1}, "at"),
    ],
)
def test_a_wrong_body_is_named(district: District, body: dict[str, Any], name: str) -> None:
    district.desk.record([dark_segment()])
    response = district.act("C-1", **body)
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == [name]
    assert district.desk.counts()["open"] == 1


def test_a_body_that_is_no_json_is_refused(district: District) -> None:
    path = "/api/v1/cases/C-1/actions"
    for content, kind in ((b"{", "application/json"), (b"close", "text/plain")):
        response = district.call("POST", path, content=content, headers={"content-type": kind})
        assert (response.status_code, response.headers["content-type"]) == (
            422,
            "application/problem+json",
        )


def test_an_unknown_case_is_not_there(district: District) -> None:
    for response in (district.get("cases/C-9"), district.act("C-9", **CLOSE)):
        assert response.status_code == 404
        assert response.json()["detail_zh"] == "没有这个案件"


@pytest.mark.parametrize(
    ("query", "name"),
    [({"state": "asleep"}, "state.0"), ({"cursor": "!"}, "cursor"), ({"limit": 0}, "limit")],
)
def test_a_wrong_parameter_is_named(district: District, query: dict[str, Any], name: str) -> None:
    response = district.get("cases", **query)
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == [name]
