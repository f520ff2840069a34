"""Reports over HTTP: by the staff, by residents, with photos, and what is wrong with them."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from api.serve import Server
from api.shapes.cases import Case
from api.shapes.reports import (
    PhotoList,
    ReportPage,
    ReportWithContact,
    ServiceList,
    TakenReport,
)
from facility.clock import HOUR
from facility.errors import Permanent, UsageError
from tests.api.district import DUSK, District, dark_segment
from tests.cases.photos import located, photo
from tests.cases.residents import GRID, LAT, LON, worked_off
from tests.servers import wait_until

pytestmark = pytest.mark.usefixtures("filing")

PHONE, MAIL, NAME = "13812345678", "wang@example.cn", "王小明"
PERSONAL = (PHONE, MAIL, NAME)
POTHOLE: dict[str, Any] = {"service": "L201-damaged", "lon": 113.69, "lat": 34.78}
CALLER = {"name": NAME, "phone": PHONE, "mail": MAIL, "wants_news": True}


def take(district: District, **fields: Any) -> dict[str, Any]:
    """What the resident of a report that the hotline takes down is told."""
    response = district.call("POST", "/api/v1/reports", json={**POTHOLE, **fields})
    assert response.status_code == 201, response.text
    TakenReport.model_validate_json(response.content)
    told: dict[str, Any] = response.json()
    return told


def send(district: District, fields: dict[str, Any], *photos: bytes, path: str = "") -> Any:
    """A form with photos."""
    files = [("photo", (f"{n}.jpg", one, "image/jpeg")) for n, one in enumerate(photos)]
    return district.call(
        "POST", path or "/api/v1/public/reports", data=fields, files=files or {"photo": (None, "")}
    )


def errors(response: httpx.Response, status: int = 422) -> list[str]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [one["name"] for one in response.json().get("errors", [])]


def test_services_are_listed_under_headings(district: District) -> None:
    district.role = None
    items = district.answer(ServiceList, "services")["items"]
    cover = next(one for one in items if one["code"] == "0123-rattle")
    assert cover["heading"] == {"zh": "井盖", "en": "Manhole covers"}
    assert {"code": "0103", "name": {"zh": "雨水井盖", "en": "Storm water cover"}} in cover[
        "choices"
    ]
    lamp = next(one for one in items if one["code"] == "0137-out")
    assert (lamp["ask"], lamp["choices"]) == (None, [])


def test_the_hotline_takes_one_down(district: District) -> None:
    told = take(district, description="坑", channel="12319", **CALLER)
    assert told["url"] == f"http://here/r/{told['token']}"
    assert (told["joined"], told["deadline"]) == (False, "2026-06-26T10:00:00Z")
    shown = district.answer(ReportWithContact, f"reports/{told['id']}")
    assert shown["contact"] == {
        "device_id": None,
        "account": None,
        "language": "zh",
        **CALLER,
    }
    assert (shown["channel"], shown["case"], shown["photos"]) == ("12319", told["case"], [])
    assert district.answer(Any, f"cases/{told['case']}")["stage"] == "reported"


def test_near_a_dark_segment_it_joins_the_sensors_case(district: District) -> None:
    district.desk.record([dark_segment()])
    told = take(district, service="0137-out", lon=113.601, lat=34.701)
    assert (told["case"], told["joined"]) == ("C-1", True)
    assert district.answer(Any, "cases/C-1")["reports"] == 1


def test_a_resident_sends_one_without_signing_in(district: District) -> None:
    district.role = None
    fields = {**POTHOLE, **CALLER, "wants_news": "true", "description": "坑"}
    response = send(district, fields, located(), photo(form="PNG"))
    assert response.status_code == 201, response.text
    assert not any(personal in response.text for personal in PERSONAL)
    district.role = "operator"
    shown = district.answer(ReportWithContact, "reports/1")
    assert (shown["channel"], len(shown["photos"])) == ("web", 2)
    assert shown["contact"]["phone"] == PHONE
    for one in shown["photos"]:
        kept = district.get(f"photos/{one['id']}")
        assert kept.headers["content-type"] == "image/jpeg"
        assert kept.headers["x-content-type-options"] == "nosniff"
        assert kept.headers["cache-control"].startswith("private")
        assert b"SECRET" not in kept.content


def test_nobody_learns_who_made_it_but_those_who_call_back(
    district: District, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        told = take(district, description=f"打我电话 {PHONE}", **CALLER)
        anonymous = [f"/r/{told['token']}", "/open311/v2/requests.json", "/open311/v2/requests"]
        staff = [f"cases/{told['case']}", "cases", "audit"]
        said = [district.get(path).text for path in (*anonymous[1:], *staff)]
        said.append(district.get("/metrics").text)
        for one in said:
            assert not any(personal in one for personal in PERSONAL)
        # The resident's own page shows their own words, and nothing of who they are.
        page = district.get(anonymous[0]).text
        assert NAME not in page
        assert MAIL not in page
        district.call("POST", "/api/v1/reports", json={**POTHOLE, "phone": f"x{PHONE}"})
        district.get(f"/r/{told['token']}x")
    ours = [one for one in caplog.records if not one.name.startswith("httpx")]
    logged = "\n".join(record.getMessage() for record in ours)
    assert not any(personal in logged for personal in (*PERSONAL, told["token"]))


def test_a_handler_sees_the_units_own_and_no_contact(district: District) -> None:
    mine, other = take(district, **CALLER), take(district, service="L301-found", **CALLER)
    worked_off(district.desk, mine["case"], DUSK, "unit-1")
    district.role = "handler"
    page = district.answer(ReportPage, "reports")
    assert [one["id"] for one in page["items"]] == [mine["id"]]
    assert district.answer(ReportWithContact, f"reports/{mine['id']}")["contact"] is None
    assert district.get(f"reports/{other['id']}").status_code == 404
    assert district.get(f"cases/{other['case']}/photos").status_code == 404


def test_reports_are_narrowed_and_paged(district: District) -> None:
    for n, channel in enumerate(("hotline", "ssp", "zhp")):
        district.clock.ms = DUSK + n * HOUR
        take(district, channel=channel)
    take(district, service="L301-found")

    def ids(**query: Any) -> list[int]:
        return [one["id"] for one in district.answer(ReportPage, "reports", **query)["items"]]

    assert ids() == [4, 3, 2, 1]
    assert ids(channel="ssp") == [2]
    assert ids(service="L301-found") == [4]
    assert ids(closed="true") == ids(not_fixed="true") == []
    assert ids(closed="false", to="2026-06-21T13:00:00Z") == [2, 1]
    assert ids(**{"from": "2026-06-21T13:30:00Z"}) == [4, 3]
    page = district.answer(ReportPage, "reports", limit=3)
    assert ids(limit=3, cursor=page["next"]) == [1]
    assert errors(district.get("reports", cursor="x")) == ["cursor"]
    assert errors(district.get("reports", channel="fax")) == ["channel"]


def test_a_report_is_moved_by_hand(district: District) -> None:
    district.desk.record([dark_segment()])
    told = take(district)
    path = f"/api/v1/reports/{told['id']}"
    joined = district.call("POST", f"{path}/join", json={"case": "C-1"})
    Case.model_validate_json(joined.content)
    assert joined.json()["reports"] == 1
    again = district.call("POST", f"{path}/join", json={"case": "C-1"})
    assert again.status_code == 409
    assert "已在此案件中" in again.json()["detail_zh"]
    split = district.call("POST", f"{path}/split")
    Case.model_validate_json(split.content)
    assert split.json()["stage"] == "reported"
    assert district.call("POST", f"{path}/join", json={"case": "none"}).status_code == 404
    assert errors(district.call("POST", f"{path}/join", json={"case": "a\0"})) == ["case"]
    assert district.call("POST", "/api/v1/reports/99/split").status_code == 404


def test_a_person_is_forgotten_and_that_is_in_the_audit_trail(district: District) -> None:
    told = take(district, **CALLER)
    path = f"/api/v1/reports/{told['id']}/contact"
    assert district.call("DELETE", path).status_code == 204
    shown = district.answer(ReportWithContact, f"reports/{told['id']}")
    assert shown["contact"] is None
    assert shown["forgotten_at"] == "2026-06-21T12:00:00Z"
    noted = district.get("audit").json()["items"][0]
    assert noted["what"] == "DELETE /api/v1/reports/{number}/contact"
    assert (noted["who"], noted["subject"]) == ("a-admin", str(told["id"]))


def test_photos_of_what_was_done(district: District) -> None:
    told = take(district)
    path = f"/api/v1/cases/{told['case']}/photos"
    response = send(district, {}, photo(), path=path)
    assert response.status_code == 201, response.text
    PhotoList.model_validate_json(response.content)
    listed = district.answer(PhotoList, f"cases/{told['case']}/photos")["items"]
    assert listed == response.json()["items"]
    kept = district.get(f"/r/{told['token']}/photos/{listed[0]['id']}")
    assert kept.headers["content-type"] == "image/jpeg"
    assert errors(send(district, {}, path=path)) == ["photo"]
    assert errors(send(district, {"result": "x"}, photo(), path=path)) == ["result"]
    assert send(district, {}, photo(), path="/api/v1/cases/none/photos").status_code == 404
    assert district.get(f"photos/{'0' * 32}").status_code == 404
    assert errors(district.get("photos/secret.jpg")) == ["photo_id"]


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"service": None}, ["service"]),
        ({"service": "0137"}, ["service"]),
        ({"lon": 116.4, "lat": 39.9}, ["lon"]),
        ({"lon": "east"}, ["lon"]),
        ({"lon": 181}, ["lon"]),
        ({"lat": None}, ["lat"]),
        ({"lon": None, "lat": None}, ["address"]),
        ({"asset": "M9"}, ["asset"]),
        ({"chosen": "0103"}, ["chosen"]),
        ({"description": "坑" * 4_001}, ["description"]),
        ({"description": 7}, ["description"]),
        ({"phone": "call me"}, ["phone"]),
        ({"mail": "x"}, ["mail"]),
        ({"name": "王" * 501}, ["name"]),
        ({"language": "fr"}, ["language"]),
        ({"wants_news": "perhaps"}, ["wants_news"]),
        ({"channel": "fax"}, ["channel"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_what_is_wrong_is_named(
    district: District, wrong: dict[str, Any], names: list[str]
) -> None:
    given_grid(district)
    fields = {**POTHOLE, **wrong}
    fields = {name: value for name, value in fields.items() if value is not None}
    assert errors(district.call("POST", "/api/v1/reports", json=fields)) == names
    form = {name: str(value) for name, value in fields.items()}
    if wrong != {"description": 7}:
        assert errors(send(district, form, photo(), path="/api/v1/reports")) == names
    assert district.answer(ReportPage, "reports")["items"] == []
    assert not list((district.folder / "photos").rglob("*.jpg"))


def given_grid(district: District) -> None:
    """Gives the district borders."""
    assert district.desk.filing is not None
    district.desk.filing = replace(district.desk.filing, grid=lambda: GRID)


def test_who_answers_for_streets_moves_no_report_to_another_street(district: District) -> None:
    given_grid(district)
    mine = take(district, lon=LON, lat=LAT)
    other = take(district, lon=LON + 0.03, lat=LAT)
    accounts = district.access.accounts
    accounts.change("a-operator", {"streets": ("410105001",)}, district.access.by("a-admin", ""))
    district.role = "operator"
    assert district.get(f"reports/{other['id']}").status_code == 404
    path = f"/api/v1/reports/{mine['id']}/join"
    assert district.call("POST", path, json={"case": other["case"]}).status_code == 404
    assert district.get(f"cases/{mine['case']}").json()["reports"] == 1


@pytest.mark.parametrize(
    ("body", "kind", "status", "names"),
    [
        (b"{", "application/json", 422, ["body"]),
        (b"[]", "application/json", 422, ["body"]),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, "application/json", 422, ["body"]),
        (b'"\xff"', "application/json", 422, ["body"]),
        (b"{}", "text/plain", 415, []),
        (b"", "", 415, []),
        (b"--x\r\n", "multipart/form-data", 400, []),
        (b"rubbish", "multipart/form-data; boundary=x", 400, []),
        (b"service=a&service=b", "application/x-www-form-urlencoded", 422, ["service"]),
    ],
)
def test_a_body_that_cannot_be_read(
    district: District, body: bytes, kind: str, status: int, names: list[str]
) -> None:
    headers = {"content-type": kind} if kind else {}
    response = district.call("POST", "/api/v1/public/reports", content=body, headers=headers)
    assert errors(response, status) == names


def test_a_form_with_too_many_photos_or_none_is_refused(district: District) -> None:
    form = {name: str(value) for name, value in POTHOLE.items()}
    assert errors(send(district, form, *[photo()] * 4)) == ["photo"]
    assert errors(send(district, form, b"not a photo")) == ["photo"]
    files = {"virus": ("x.exe", b"MZ", "application/octet-stream")}
    response = district.call("POST", "/api/v1/public/reports", data=form, files=files)
    assert errors(response) == ["virus"]
    assert send(district, form).status_code == 201, "an empty field of a file is no photo"


def test_a_photo_too_large_is_named_and_not_read_to_its_end(district: District) -> None:
    read = 0

    async def body() -> Any:
        nonlocal read
        yield b'--x\r\ncontent-disposition: form-data; name="service"\r\n\r\nL201-damaged\r\n'
        yield b'--x\r\ncontent-disposition: form-data; name="photo"; filename="p.jpg"\r\n\r\n'
        for _ in range(20 * 16):
            read += 1
            yield b"\xff" * 65_536
        yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = district.call("POST", "/api/v1/public/reports", content=body(), headers=headers)
    assert errors(response, 413) == ["photo"]
    assert "5 MB" in response.json()["detail"]
    assert "5 MB" in response.json()["detail_zh"]
    assert 76 <= read <= 80, "5 MB are 76 pieces"


def test_a_real_client_is_told_so(district: District) -> None:
    with Server(district.app, port=0) as server:
        files = {"photo": ("p.jpg", b"\xff" * 20_000_000, "image/jpeg")}
        form = {name: str(value) for name, value in POTHOLE.items()}
        response = httpx.post(f"{server.url}/api/v1/public/reports", data=form, files=files)
    assert errors(response, 413) == ["photo"]


def test_other_calls_take_no_large_forms(district: District) -> None:
    files = {"photo": ("p.jpg", b"\xff" * 100_000, "image/jpeg")}
    assert district.call("POST", "/api/v1/cases/C-1/actions", files=files).status_code == 413
    large = json.dumps({**POTHOLE, "description": "x" * 70_000})
    headers = {"content-type": "application/json"}
    response = district.call("POST", "/api/v1/public/reports", content=large, headers=headers)
    assert response.status_code == 413


def test_residents_reports_are_limited_by_address(district: District) -> None:
    district.role = None
    statuses = [
        district.call("POST", "/api/v1/public/reports", json=POTHOLE).status_code for _ in range(11)
    ]
    assert statuses == [201] * 10 + [429]
    response = district.call("POST", "/report", data={})
    assert response.status_code == 429, "the page counts as well"
    district.monotonic_s += 60
    again = district.call("POST", "/api/v1/public/reports", json=POTHOLE)
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "reports", {"operator", "dispatcher", "handler", "supervisor", "admin"}),
        ("POST", "reports", {"operator", "dispatcher", "supervisor", "admin"}),
        ("POST", "reports/1/split", {"operator", "dispatcher", "supervisor", "admin"}),
        ("DELETE", "reports/1/contact", {"operator", "dispatcher", "supervisor", "admin"}),
        (
            "GET",
            f"photos/{'0' * 32}",
            {"operator", "dispatcher", "handler", "supervisor", "admin"},
        ),
    ],
)
def test_who_may_call_what(district: District, method: str, path: str, allowed: set[str]) -> None:
    for role in (None, "viewer", "operator", "dispatcher", "handler", "supervisor", "admin"):
        district.role = role
        status = district.call(method, f"/api/v1/{path}").status_code
        if role is None:
            assert status == 401
        else:
            assert (status != 403) is (role in allowed), role


@pytest.mark.parametrize("error", [RuntimeError("a bug"), Permanent("refused")])
def test_a_page_that_fails_does_not_put_its_key_into_the_log(
    district: District,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = take(district)

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(district.reports, "photos_of", fails)
    assert district.get(f"/r/{told['token']}").status_code == 500
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert "/r/{token}" in record.getMessage()
    assert told["token"] not in record.getMessage()


def test_photos_that_wait_to_be_decoded_hold_up_nobody_else(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(_: object) -> None:
        go.wait(60)
        raise UsageError("is no photo")

    monkeypatch.setattr("api.forms.develop", slow)
    many = 60
    with Server(district.app, port=0) as server, ThreadPoolExecutor(many) as crowd:

        def send_one(n: int) -> int:
            path, files = f"{server.url}/api/v1/public/reports", {"photo": photo()}
            came_from = {"X-Forwarded-For": f"10.0.0.{n}"}
            answer = httpx.post(path, data=POTHOLE, files=files, headers=came_from, timeout=60)
            return answer.status_code

        waiting = [crowd.submit(send_one, n) for n in range(many)]
        try:
            wait_until(lambda: len(server.connections) == many, 20, "all of them")
            asked = httpx.get(f"{server.url}/api/v1/cases", headers=district.signed_in, timeout=10)
            assert asked.status_code == 200
        finally:
            go.set()
        assert {one.result() for one in waiting} == {422}
