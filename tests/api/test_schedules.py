"""Schedules by the API: made, changed, removed by who may, refused by the field that is wrong."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from api.duties import (
    OccurrencePage,
    PeriodicSchedule,
    ProposalPage,
    SchedulePage,
    SchedulePreview,
)
from cases.filing.basis import Filing
from cases.opening import Periodic
from facility.clock import DAY, HOUR
from tests.api.district import DUSK, District, dark_segment

PLAN: dict[str, Any] = {
    "name": "路灯巡查",
    "purpose": "inspection",
    "rule": "FREQ=WEEKLY;BYDAY=MO",
    "start": "2026-06-22T08:00",
    "assets": {"kind": "streetlight", "roads": ["花园路1"]},
    "per": "road",
    "code": "0137",
    "condition": "out",
    "form": [
        {
            "key": "lit",
            "label": {"zh": "亮灯数", "en": "lamps lit"},
            "kind": "number",
            "unit": "盏",
            "least": 0,
            "most": 500,
        }
    ],
}


def post(district: District, **changed: Any) -> httpx.Response:
    return district.call("POST", "/api/v1/schedules", json=PLAN | changed)


DRAFT = {name: PLAN[name] for name in ("rule", "start", "assets", "per")}


def preview(district: District, **changed: Any) -> httpx.Response:
    return district.call("POST", "/api/v1/schedules/preview", json=DRAFT | changed)


def test_a_draft_tells_what_it_would_open_and_when(district: District) -> None:
    told = preview(district, assets={"kind": "streetlight"})
    SchedulePreview.model_validate_json(told.content)
    assert told.json()["times"][:2] == ["2026-06-22T00:00:00Z", "2026-06-29T00:00:00Z"]
    assert (len(told.json()["times"]), told.json()["cases"], told.json()["assets"]) == (5, 3, 10)
    assert preview(district, assets={}).json()["cases"] == 0
    assert preview(district, rule="FREQ=DAILY;COUNT=2").json()["times"][1:] == [
        "2026-06-23T00:00:00Z"
    ]
    assert district.answer(SchedulePage, "schedules") == {"items": []}


@pytest.mark.parametrize(
    ("changed", "field", "zh"),
    [
        ({"rule": "FREQ=HOURLY"}, "rule", "FREQ 须为"),
        ({"rule": "FREQ=DAILY;COUNT=0"}, "rule", "COUNT 须为"),
        ({"rule": "FREQ=DAILY;UNTIL=20200101"}, "rule", "截止早于开始"),
        ({"start": "tomorrow"}, "start", "不是本地时间"),
        ({"rule": "FREQ=\u0000"}, "rule", "含有控制字符"),
    ],
)
def test_a_rule_is_refused_in_both_languages(
    district: District, changed: dict[str, str], field: str, zh: str
) -> None:
    refused = preview(district, **changed)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["name"] == field
    assert error["detail"].isascii()
    assert refused.json()["detail_zh"].startswith(zh)


@pytest.mark.usefixtures("filing")
def test_a_schedule_is_made_changed_and_removed(district: District) -> None:
    made = post(district)
    assert made.status_code == 201, made.text
    PeriodicSchedule.model_validate_json(made.content)
    assert made.headers["etag"] == '"1"'
    id_ = made.json()["id"]
    assert made.json()["next_at"] == "2026-06-22T00:00:00Z"
    assert made.json()["changed_by"] == "a-admin"
    listed = district.answer(SchedulePage, "schedules")
    assert listed == {"items": [made.json()]}
    path = f"/api/v1/schedules/{id_}"
    changed = district.call(
        "PUT", path, json=PLAN | {"active": False}, headers={"If-Match": made.headers["etag"]}
    )
    assert (changed.status_code, changed.json()["next_at"]) == (200, None)
    stale = district.call("PUT", path, json=PLAN, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    assert district.answer(PeriodicSchedule, f"schedules/{id_}") == changed.json()
    assert district.answer(OccurrencePage, f"schedules/{id_}/occurrences") == {"items": []}
    assert district.call("DELETE", path).status_code == 204
    assert district.get(f"schedules/{id_}").status_code == 404
    assert district.get(f"schedules/{id_}/occurrences").status_code == 404
    trail = [one["what"] for one in district.get("audit").json()["items"]]
    assert trail == ["schedule.removed", "schedule.changed", "schedule.added"]


@pytest.mark.usefixtures("filing")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"rule": "FREQ=SECONDLY"}, "rule"),
        ({"rule": "FREQ=DAILY;COUNT=99999"}, "rule"),
        ({"start": "2026-02-30T08:00"}, "start"),
        ({"code": "9999"}, "code"),
        ({"assets": {"kind": "streetlight", "roads": ["nowhere"]}}, "assets"),
        ({"assets": {}}, "assets"),
        ({"assets": {"kind": "lamp"}}, "assets.kind"),
        ({"per": "house"}, "per"),
        ({"form": [PLAN["form"][0], PLAN["form"][0]]}, "form.lit"),
        ({"form": [PLAN["form"][0] | {"kind": "choice"}]}, "form.lit"),
        ({"more": 1}, "more"),
        ({"form": [PLAN["form"][0] | {"label": {"zh": "", "en": "x"}}]}, "form.0.label.zh"),
        ({"name": "a\0b"}, "name"),
        ({"form": [PLAN["form"][0] | {"label": {"zh": "\0", "en": "x"}}]}, "form"),
    ],
)
def test_a_plan_that_is_wrong_names_the_field(
    district: District, changed: dict[str, Any], field: str
) -> None:
    refused = post(district, **changed)
    assert refused.status_code == 422, refused.text
    assert [one["name"] for one in refused.json()["errors"]] == [field]
    assert district.get("schedules").json() == {"items": []}


def test_where_cases_are_not_filed_nothing_can_be_scheduled(district: District) -> None:
    assert post(district).status_code == 422


@pytest.mark.usefixtures("filing")
@pytest.mark.parametrize("role", ["viewer", "operator", "dispatcher", "handler"])
def test_schedules_are_for_supervisors(district: District, role: Any) -> None:
    id_ = post(district).json()["id"]
    district.role = role
    assert post(district).status_code == 403
    assert district.call("PUT", f"/api/v1/schedules/{id_}", json=PLAN).status_code == 403
    assert district.call("DELETE", f"/api/v1/schedules/{id_}").status_code == 403
    assert district.get("schedules").status_code == 200


def test_places_at_fault_again_and_again_are_proposed_until_there_is_a_schedule(
    district: District, filing: Filing
) -> None:
    assert filing
    for number in range(3):
        district.desk.record([dark_segment(f"C-{number}", DUSK - number * DAY)])
        district.act(f"C-{number}", action="override", reason="x")
    district.desk.record([dark_segment("C-9", DUSK - HOUR, subject="segment:S2")])
    (found,) = district.answer(ProposalPage, "schedules/proposals", times=3)["items"]
    plan = found.pop("plan")
    assert found == {
        "type": "streetlight.segment_unlit",
        "subject": "segment:S1",
        "street": None,
        "times": 3,
        "last_at": "2026-06-21T12:00:00Z",
    }
    assert (plan["rule"], plan["start"]) == ("FREQ=DAILY;INTERVAL=5", "2026-06-22T08:00")
    assert plan["assets"]["ids"] == ["S1-0", "S1-1", "S1-2"]
    assert district.get("schedules/proposals", days=1, times=3).json() == {"items": []}
    assert district.call("POST", "/api/v1/schedules", json=plan).status_code == 201
    assert district.get("schedules/proposals", times=3).json() == {"items": []}


def test_a_photo_that_is_answered_is_one_of_the_cases(district: District, filing: Filing) -> None:
    assert filing
    field = {"key": "shot", "label": {"zh": "照片", "en": "photo"}, "kind": "photo"}
    case = district.desk.open_periodic(
        Periodic("s1", "0137", "out", ("S1-0",), "unit-1", evidence={"form": [field]}), DUSK
    )
    district.act(case.id, action="accept")
    refused = district.act(case.id, action="handle", result="好了", form={"shot": "0" * 32})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["name"] == "form.shot"
    image = io.BytesIO()
    Image.new("RGB", (8, 8)).save(image, "JPEG")
    added = district.call(
        "POST", f"/api/v1/cases/{case.id}/photos", files={"photo": ("x.jpg", image.getvalue())}
    )
    assert added.status_code == 201, added.text
    shot = added.json()["items"][0]["id"]
    done = district.act(case.id, action="handle", result="好了", form={"shot": shot})
    assert done.status_code == 200, done.text
