"""Every call of the API, by every role and by nobody."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from fastapi.routing import iter_route_contexts

from api.roles import ALLOWED, KEYED
from cases.people.who import Role
from tests.api.district import District

# Refused by what comes after the question who is asking: a stream would go on for ever.
HEADERS = {"Origin": "http://here", "Last-Event-ID": "none"}


def calls(district: District) -> set[str]:
    return {
        f"{method} {route.path}"
        for route in iter_route_contexts(district.app.routes)
        for method in (route.methods or set()) - {"HEAD"}
    }


def test_every_call_has_a_row_and_every_row_a_call(district: District) -> None:
    assert calls(district) == set(ALLOWED)


@pytest.mark.parametrize("role", [None, *get_args(Role)])
def test_each_call_is_for_the_roles_of_its_row(district: District, role: Role | None) -> None:
    district.role = role
    wrong = {}
    for call, roles in ALLOWED.items():
        method, path = call.split(" ")
        status = district.call(method, re.sub(r"\{\w+\}", "x", path), headers=HEADERS).status_code
        if call in KEYED:
            right = status == 403
        elif roles is None or role in roles:
            right = status not in (401, 403) and status < 500
        else:
            right = status == (401 if role is None else 403)
        if not right:
            wrong[call] = status
    assert wrong == {}


def test_a_call_without_a_row_is_nobodys(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ALLOWED, "GET /api/v1/segments")
    assert district.get("segments").status_code == 403


def test_a_refusal_says_so_in_both_languages(district: District) -> None:
    district.role = "viewer"
    refused = district.get("users")
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["detail"], refused.json()["detail_zh"]) == (
        "your role may not do this",
        "您的角色无权进行此操作",
    )


def test_the_reference_says_how_to_sign_in_and_for_whom(district: District) -> None:
    described = district.get("/openapi.json").json()
    schemes = described["components"]["securitySchemes"]
    assert schemes["password"]["flows"]["password"]["tokenUrl"] == "/api/v1/token"
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            public = ALLOWED[f"{method.upper()} {path}"] is None
            assert ("security" in call) != public, path
            for wanted in call.get("security", []):
                assert set(wanted) <= set(schemes)
    assert "For: admin." in described["paths"]["/api/v1/users"]["get"]["description"]


def test_nobody_is_told_no_more_than_whether_it_is_well(district: District) -> None:
    assert "services" in district.get("health").json()
    district.role = None
    assert district.get("health").json() == {"status": "ok"}
