"""Accounts, keys and the audit trail over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from api.people import AuditPage, MachineKeyPage, NewMachineKey, NewPassword, User, UserPage
from cases.people.who import ROLES
from facility.clock import HOUR, to_rfc3339
from facility.errors import Retryable
from tests.api.district import District, dark_segment
from tests.api.people import PASSWORD, name_of

WANG = {"name": "王工", "role": "dispatcher", "streets": ["410105001"], "password": PASSWORD}


def post(district: District, path: str, body: dict[str, Any]) -> Any:
    return district.call("POST", f"/api/v1/{path}", json=body)


def test_an_admin_makes_accounts_and_changes_them(district: District) -> None:
    made = post(district, "users", WANG)
    assert made.status_code == 201
    user = User.model_validate_json(made.content)
    assert (user.name, user.unit, user.streets, user.disabled) == (
        "王工",
        None,
        ["410105001"],
        False,
    )
    listed = district.answer(UserPage, "users")["items"]
    assert {one["name"] for one in listed} == {"王工", *map(name_of, ROLES)}
    assert post(district, "users", WANG).status_code == 409

    def change(**body: Any) -> Any:
        return district.call("PATCH", "/api/v1/users/王工", json=body)

    assert change(role="handler").status_code == 422, "a handler needs a unit"
    handler = change(role="handler", unit="照明所", streets=[]).json()
    assert (handler["role"], handler["unit"], handler["streets"]) == ("handler", "照明所", [])
    assert change(disabled=True).json()["disabled"]
    assert change(disabled=False).json()["unit"] == "照明所"
    assert district.call("PATCH", "/api/v1/users/nobody", json={}).status_code == 404


def test_the_last_admin_cannot_shut_itself_out(district: District) -> None:
    path = f"/api/v1/users/{name_of('admin')}"
    refused = district.call("PATCH", path, json={"disabled": True})
    assert refused.status_code == 422
    assert district.get("me").status_code == 200


def test_a_forgotten_password_is_made_anew(district: District) -> None:
    made = post(district, f"users/{name_of('viewer')}/password", {})
    password = NewPassword.model_validate_json(made.content).password
    assert district.accounts.with_password(name_of("viewer"), password) is not None
    assert post(district, "users/nobody/password", {}).status_code == 404


def test_a_machine_is_given_a_key_that_is_shown_once(district: District) -> None:
    body = {"name": "units", "role": "handler", "unit": "照明所"}
    made = post(district, "keys", body)
    assert made.status_code == 201
    key = NewMachineKey.model_validate_json(made.content)
    listed = district.answer(MachineKeyPage, "keys")["items"]
    assert [one["id"] for one in listed] == [key.id]
    assert "key" not in listed[0]
    assert post(district, "keys", body).status_code == 409
    bearer = {"Authorization": f"Bearer {key.key}"}
    assert district.call("GET", "/api/v1/me", headers=bearer).json()["unit"] == "照明所"
    revoked = district.call("DELETE", f"/api/v1/keys/{key.id}")
    assert revoked.json()["revoked_at"] is not None
    assert district.call("GET", "/api/v1/me", headers=bearer).status_code == 401
    assert district.call("DELETE", "/api/v1/keys/none").status_code == 404


def test_the_trail_is_read_page_by_page(district: District) -> None:
    for n in range(5):
        post(district, "keys", {"name": f"k{n}", "role": "viewer"})
    page = district.answer(AuditPage, "audit", limit=3)
    assert [one["details"]["name"] for one in page["items"]] == ["k4", "k3", "k2"]
    newest = page["items"][0]
    assert (newest["who"], newest["address"], newest["what"]) == (
        name_of("admin"),
        "127.0.0.1",
        "key.added",
    )
    rest = district.answer(AuditPage, "audit", limit=3, cursor=page["next"])
    assert [one["details"]["name"] for one in rest["items"]] == ["k1", "k0"]
    assert rest["next"] is None
    for cursor in ("x", "-1", "9" * 30):
        assert district.get("audit", cursor=cursor).status_code == 422


def test_the_trail_is_searched_by_person_thing_and_time(district: District) -> None:
    for n in range(3):
        district.wall.ms += HOUR
        post(district, "users", {**WANG, "name": f"王_{n}"})
    began = to_rfc3339(district.wall.ms)
    district.wall.ms += HOUR
    post(district, "keys", {"name": "50%", "role": "viewer"})

    def found(**asked: Any) -> list[str]:
        page = district.answer(AuditPage, "audit", **asked)
        return [one["subject"] for one in page["items"] if one["what"] == "account.added"]

    assert found(subject="王_") == ["王_2", "王_1", "王_0"]
    assert found(subject="%") == [], "no pattern"
    assert found(who=name_of("admin"), limit=2, subject="王") == ["王_2", "王_1"]
    assert found(who="nobody") == []
    assert found(**{"from": began}) == ["王_2"]
    assert found(to=began) == ["王_1", "王_0"]
    assert district.get("audit", **{"from": "noon"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({**WANG, "role": "king"}, "role"),
        ({**WANG, "name": ""}, "name"),
        ({**WANG, "password": 7}, "password"),
        ({**WANG, "streets": "410105001"}, "streets"),
        ({**WANG, "admin": True}, "admin"),
    ],
)
def test_a_wrong_body_is_named(district: District, body: dict[str, Any], name: str) -> None:
    refused = post(district, "users", body)
    assert refused.status_code == 422
    assert [one["name"] for one in refused.json()["errors"]] == [name]


def test_every_other_change_is_in_the_trail_too_and_what_was_refused_is_not(
    district: District,
) -> None:
    district.desk.record([dark_segment()])
    district.role = "dispatcher"
    assert district.act("C-1", action="note", reason="看过").status_code == 200
    assert district.act("C-9", action="note", reason="看过").status_code == 404
    assert district.get("cases").status_code == 200
    [entry] = district.accounts.trail(10)
    assert (entry.who, entry.what, entry.subject, entry.address) == (
        name_of("dispatcher"),
        "POST /api/v1/cases/{case_id}/actions",
        "C-1",
        "127.0.0.1",
    )


def test_a_trail_that_is_away_undoes_no_change(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    district.desk.record([dark_segment()])

    def away(*_: object) -> None:
        raise Retryable("the case database is away")

    monkeypatch.setattr(district.accounts, "note", away)
    assert district.act("C-1", action="note", reason="看过").status_code == 200
