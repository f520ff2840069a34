"""A resident's case from the call to the hotline to its end, and once more, over HTTP alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cases.people.who import Role
from facility.clock import DAY, HOUR, MINUTE, from_rfc3339
from tests.api.conftest import EACH_DATABASE
from tests.api.district import District
from tests.cases.photos import photo

pytestmark = [pytest.mark.usefixtures("filing"), EACH_DATABASE]

MONDAY = from_rfc3339("2026-06-22T09:00:00+08:00")


class Life:
    """The case of one report, and everybody who has to do with it."""

    def __init__(self, district: District) -> None:
        self.district = district
        district.clock.ms = MONDAY
        told = self.as_("operator", "POST", "/api/v1/reports", json=CALL)
        self.report, self.case = told["id"], told["case"]
        self.page = "/r/" + told["token"]

    def as_(self, role: Role | None, method: str, path: str, **more: Any) -> Any:
        self.district.role = role
        response = self.district.call(method, path, **more)
        assert response.status_code < 400, response.text
        return response.json() if response.content else None

    def acts(self, role: Role, action: str, **given: Any) -> dict[str, Any]:
        """Half an hour later somebody does something with the case."""
        self.district.clock.ms += 30 * MINUTE
        path = f"/api/v1/cases/{self.case}/actions"
        done: dict[str, Any] = self.as_(role, "POST", path, json={"action": action, **given})
        return done

    def shown(self) -> str:
        """What the resident's page says now."""
        self.district.role = None
        response = self.district.get(self.page)
        assert response.status_code == 200
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))

    def open311(self) -> dict[str, Any]:
        self.district.role = None
        (told,) = self.district.get(f"/open311/v2/requests/{self.report}.json").json()
        found: dict[str, Any] = told
        return found

    def resident(self, action: str, **fields: str) -> int:
        self.district.role = None
        return self.district.call("POST", f"{self.page}/{action}", data=fields).status_code


CALL = {
    "service": "L201-damaged",
    "lon": 113.69,
    "lat": 34.78,
    "address": "花园路与农业路口",
    "description": "路口有坑",
    "channel": "hotline",
    "name": "王小明",
    "phone": "13812345678",
}


def test_a_resident_calls_and_it_is_seen_through_to_the_end(district: District) -> None:
    life = Life(district)
    assert "已收到，正在核实" in life.shown()
    assert life.open311()["status"] == "open"

    assert life.acts("operator", "file")["stage"] == "filed"
    assert "已立案" in life.shown()
    assert life.acts("dispatcher", "dispatch", unit="unit-1")["stage"] == "dispatched"
    assert "已派给负责单位" in life.shown()
    assert life.open311()["agency_responsible"] == "unit-1"
    life.acts("handler", "accept")
    assert "正在处理" in life.shown()

    files = {"photo": ("done.jpg", photo(), "image/jpeg")}
    life.as_("handler", "POST", f"/api/v1/cases/{life.case}/photos", files=files)
    assert life.acts("handler", "handle", result="坑已补平")["stage"] == "handled"
    life.acts("operator", "check")
    assert life.acts("operator", "rework", reason="补得不平")["stage"] == "handling"
    assert "返工" in life.shown()
    life.acts("handler", "handle", result="已重新铺平")
    life.acts("operator", "check")
    closed = life.acts("operator", "confirm")
    assert (closed["stage"], closed["how"]) == ("closed", "confirmed")

    said = life.shown()
    for one in ("已结案", "现场核查确认已解决", "已重新铺平", "处理后的照片", "您对办理结果满意吗"):
        assert one in said
    assert life.open311()["status"] == "closed"
    assert life.resident("rate", satisfaction="2") == 303

    district.clock.ms += 6 * DAY
    assert life.resident("not-fixed") == 303
    life.district.role = "operator"
    (report,) = district.get("reports", not_fixed="true").json()["items"]
    assert (report["satisfaction"], report["not_fixed"]) == (2, 1)
    again = district.get(f"cases/{report['case']}").json()
    assert (again["previous"], again["stage"], again["source"]) == (
        life.case,
        "reported",
        "resident",
    )
    assert life.open311()["status"] == "open"
    assert "案件已重新办理" in life.shown()

    life.case = again["id"]
    assert life.acts("dispatcher", "void", reason="经核实路面完好")["stage"] == "void"
    said = life.shown()
    assert "未予受理" in said
    assert "经核实路面完好" in said
    assert life.open311()["status"] == "closed"


def test_two_who_report_the_same_are_told_of_the_same_case(district: District) -> None:
    life = Life(district)
    district.clock.ms += HOUR
    second = life.as_(None, "POST", "/api/v1/public/reports", json={**FORM, "lat": 34.7801})
    assert (second["case"], second["joined"]) == (life.case, True)
    life.acts("operator", "file")
    district.role = None
    text = district.get("/r/" + second["token"]).text
    assert "同一问题的反映" in text
    assert "路口有坑" not in text, "what another resident wrote is theirs"


FORM = {name: CALL[name] for name in ("service", "lon", "lat")}
