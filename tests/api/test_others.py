"""What is of another unit, or of streets that are not one's own, asked for by hand: every call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from api.roles import ALLOWED
from cases.actions import ACTION_NAMES, ACTIONS, ActionName
from cases.database import reading, writing
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.notices.units import EXAMPLE, load
from cases.people.audit import By
from cases.people.who import ROLES, Role, Who
from cases.schema import cases, metadata
from cases.supervision.supervised import Ledger
from facility.inventory import Inventory
from tests.api.district import District, copied, dark_segment
from tests.api.people import PASSWORD, name_of, token_of
from tests.api.test_schedules import PLAN
from tests.api.test_shelvings import BODY as SHELVING
from tests.cases.photos import photo
from tests.cases.residents import GRID, LAT, LON

ELSEWHERE = "410105099"
UNIT = "unit-1"
RESIDENT = {
    "name": "赵不同",
    "phone": "13987650042",
    "mail": "zhao@example.cn",
    "description": "请回电 13987650042",
}
STAFF: tuple[Role, ...] = ("operator", "dispatcher", "handler", "supervisor")

ALIKE = """
GET  me, assets, assets/{asset_id}, assets/{asset_id}/bursts, assets/{asset_id}/readings,
     states, segments, calendar, grid, standard, lighting, coverage, coverage/missing,
     coverage/streets, kpi,
     kpi/monthly/{month}, stations/days, warnings, recurrent, cases, cases/{case_id}, schedules,
     schedules/proposals, schedules/{schedule_id}, schedules/{schedule_id}/occurrences, rulebooks,
     rulebooks/{version}, backtests, backtests/{backtest_id}, shelvings, stream, unregistered
POST me/password, assets, backtests, reports, schedules/preview
DELETE backtests/{backtest_id}
"""
"""The same for all whom the table of roles lets in: the state of the city, and every case of it."""

HIDDEN: dict[str, dict[str, Any]] = {
    "GET cases/{case_id}/photos": {},
    "POST cases/{case_id}/photos": {"files": {"photo": ("1.jpg", photo(), "image/jpeg")}},
    "GET photos/{photo_id}": {},
    "POST cases/{case_id}/actions": {"json": {"action": "note", "reason": "看过"}},
    "GET reports/{number}": {},
    "POST reports/{number}/join": {"json": {"case": "C-OWN"}},
    "POST reports/{number}/split": {},
    "DELETE reports/{number}/contact": {},
    "POST schedules": {"json": PLAN},
    "PUT schedules/{schedule_id}": {"json": PLAN},
    "DELETE schedules/{schedule_id}": {},
    "POST shelvings": {"json": SHELVING},
    "DELETE shelvings/{shelving_id}": {},
}
"""Refused to whom it is not the business of. In this order whoever it is may do them all."""

SAID = ("/actions", "schedules", "shelvings")
"""Of what everybody sees it is said that they may not; the rest is as though it were not there."""

LISTED = {"GET reports", "GET supervision"}
"""Lists in which what is not one's business is not."""


def calls(text: str) -> set[str]:
    """``GET a, b`` as the calls that it names."""
    lines = re.findall(r"([A-Z]+)\s+([^A-Z]+)", text)
    return {f"{method} {path.strip()}" for method, paths in lines for path in paths.split(",")}


def of_everybody(call: str) -> bool:
    """Whether others than the administrator are let in, by who they are."""
    roles = ALLOWED[call]
    return roles is not None and roles > {"admin"} and "/api/v1/" in call


@dataclass(frozen=True)
class Place:
    """A case of a unit in a street, with a resident's report, and photos of both."""

    district: District
    ids: dict[str, Any]
    secrets: set[str] = field(default_factory=set)

    def ask(self, who: str | None, call: str, **sent: Any) -> httpx.Response:
        method, path = call.split(" ")
        path = path if path.startswith("/") else f"/api/v1/{path}"
        headers = {"Last-Event-ID": "none", "Origin": "http://here"}  # no stream without an end
        if who is not None:
            token = token_of(self.district.access, who)
            headers["Authorization"] = f"Bearer {token}"
        path = re.sub(r"\{(\w+)[^}]*\}", lambda part: str(self.ids.get(part[1], "none")), path)
        return self.district.call(method, path, headers=headers, **sent)

    def kept(self) -> dict[str, list[Any]]:
        """All that is in the database but the trail."""
        with reading(self.district.reports.engine) as connection:
            return {
                name: list(connection.execute(select(table)).all())
                for name, table in metadata.tables.items()
                if name != "audit"
            }


@contextmanager
def made(folder: Path, empty_cases: Path) -> Iterator[Place]:
    district = District(folder, copied(empty_cases, folder))
    district.role = None  # whoever asks says so
    district.desk.hooks = (Ledger(load(EXAMPLE)).hook,)
    zone, assets = calendar.load("Asia/Shanghai"), district.inventory.assets
    district.desk.filing = Filing(standard.load(), zone, assets.get, lambda: GRID)
    for role in ROLES:
        streets = () if role == "handler" else (ELSEWHERE,)
        stranger = Who(f"s-{role}", role, "unit-2", streets)
        district.accounts.add(stranger, PASSWORD, By("test", 0))
    place = Place(district, {})
    admin = name_of("admin")

    def may(call: str, **sent: Any) -> Any:
        answer = place.ask(admin, call, **sent)
        assert answer.is_success, answer.text
        return answer.json()

    photographed = HIDDEN["POST cases/{case_id}/photos"]
    report = {"service": "L201-damaged", "lon": LON, "lat": LAT, **RESIDENT}
    told = may("POST reports", data=report, **photographed)
    district.desk.record([dark_segment("C-OWN"), dark_segment("C-THEIRS", subject="segment:S2")])
    theirs = update(cases).where(cases.c.id == "C-THEIRS")
    with writing(district.reports.engine) as connection:
        connection.execute(theirs.values(unit="unit-2", street=ELSEWHERE))
    place.ids.update(case_id=told["case"], number=told["id"])
    act = "POST cases/{case_id}/actions"
    may(act, json={"action": "file"})
    may(act, json={"action": "supervise", "level": 1, "reason": "催办"})
    for case in (act, "POST cases/C-OWN/actions"):
        may(case, json={"action": "dispatch", "unit": UNIT})
    done = may("POST cases/{case_id}/photos", **photographed)["items"][0]["id"]
    seen = may("GET reports/{number}")["photos"][0]["id"]
    place.ids.update(
        photo_id=done,
        schedule_id=may("POST schedules", json=PLAN)["id"],
        shelving_id=may("POST shelvings", json=SHELVING)["id"],
        asset_id="S1-0",
        month="2026-06",
        code="L201-damaged",
        name=admin,
    )
    place.secrets.update((*RESIDENT.values(), done, seen, told["token"]))
    yield place
    district.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, empty_cases: Path) -> Iterator[Place]:
    """What nobody may change."""
    with made(tmp_path_factory.mktemp("place"), empty_cases) as place:
        yield place


def test_it_is_said_of_every_call_whether_it_matters_who_asks() -> None:
    said = [calls(ALIKE), set(HIDDEN), LISTED]
    asked = {call.replace("/api/v1/", "") for call in ALLOWED if of_everybody(call)}
    assert set().union(*said) == asked
    assert sum(map(len, said)) == len(asked)


@pytest.mark.parametrize("role", [one for one in ROLES if one != "admin"])
def test_what_is_of_others_is_neither_shown_nor_changed(place: Place, role: Role) -> None:
    before = place.kept()
    into_their_own = ("POST reports/{number}/join", {"json": {"case": "C-THEIRS"}})
    for call, sent in (*HIDDEN.items(), into_their_own):
        status = place.ask(f"s-{role}", call, **sent).status_code
        allowed = ALLOWED[call.replace(" ", " /api/v1/")]
        said = role not in (allowed or ()) or any(one in call for one in SAID)
        assert status == (403 if said else 404), call
    assert place.kept() == before


@pytest.mark.parametrize("action", ACTION_NAMES)
def test_no_action_is_done_to_a_case_of_others(place: Place, action: ActionName) -> None:
    given = {"unit": "unit-2", "until": "2026-07-01T00:00:00Z", "level": 3, "result": "好了"}
    body = {name: given.get(name, "有理由") for name in ACTIONS[action].needs}
    before = place.kept()
    for role in ROLES:
        if role != "admin":
            sent = {"action": action, **body}
            refused = place.ask(f"s-{role}", "POST cases/{case_id}/actions", json=sent)
            assert refused.status_code == 403, (role, refused.text)
    assert place.kept() == before


@pytest.mark.parametrize("call", sorted(LISTED))
def test_lists_have_ones_own_alone(place: Place, call: str) -> None:
    narrowed = ({}, {"unit": UNIT}, {"street": "410105001"}) if "supervision" in call else ({},)
    for query in narrowed:
        for role in STAFF:
            stranger = place.ask(f"s-{role}", call, params=query).json()
            assert stranger == {"items": [], "next": None}, (role, query)
            mine = place.ask(name_of(role), call, params=query).json()
            assert len(mine["items"]) == 1, (role, query)


@pytest.mark.parametrize("who", [None, *(f"s-{role}" for role in ROLES if role != "admin")])
def test_no_answer_to_others_tells_of_who_reported_it(place: Place, who: str | None) -> None:
    for call in ALLOWED:
        method, path = call.split(" ")
        if method == "GET" and not path.startswith("/docs"):
            said = place.ask(who, call).text
            assert not [one for one in place.secrets if one in said], call


def test_who_it_is_the_business_of_may_do_all_that(tmp_path: Path, empty_cases: Path) -> None:
    with made(tmp_path, empty_cases) as place:
        for call, sent in HIDDEN.items():
            may: Role = "supervisor" if "cases" not in call else "handler"
            assert place.ask(name_of(may), call, **sent).is_success, call


def test_who_has_streets_decides_about_what_is_in_them(tmp_path: Path, empty_cases: Path) -> None:
    with made(tmp_path, empty_cases) as place:
        inventory = place.district.inventory
        there = replace(inventory.assets["M1"], grid="410105001001")
        others = [one for one in inventory.assets.values() if one.id != "M1"]
        place.district.inventory = Inventory.of([*others, there])
        mine = Who("mine", "supervisor", None, ("410105001",))
        place.district.accounts.add(mine, PASSWORD, By("test", 0))

        def shelved(**what: Any) -> httpx.Response:
            return place.ask("mine", "POST shelvings", json={**SHELVING, **what})

        for where in ({"id": "M1"}, {"street": "410105001"}, {"subject": "cover:M1"}):
            answer = shelved(where=where)
            assert answer.status_code == 201, where
            assert place.ask("mine", f"DELETE shelvings/{answer.json()['id']}").is_success
        for wider in ({}, {"id": ["M1", "T1"]}, {"area": "410105"}):
            assert shelved(where=wider).status_code == 403, wider
        plan: dict[str, Any] = {**PLAN, "per": "asset", "assets": {"ids": ["M1"]}}
        assert place.ask("mine", "POST schedules", json=plan).status_code == 201
        plan["assets"] = {"ids": ["M1", "T1"]}
        assert place.ask("mine", "POST schedules", json=plan).status_code == 403
