"""Writes the examples of the API's description: ``python -m tests.api.make_examples``.

They are what a small district really answers. Whoever adds a call adds it here; a test asks for an
example of each, and holds it to the shapes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from api.reference import EXAMPLES_FILE
from cases.database import upgrade
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.people.keys import PREFIX
from cases.tallies import Tally
from facility.clock import DAY, HOUR, MINUTE
from facility.measurements import Kind
from tests.api.district import DUSK, District, a_grid, dark_segment
from tests.api.people import PASSWORD, add_accounts
from tests.api.test_backtests import BODY as BACKTEST
from tests.api.test_bursts import Wave
from tests.api.test_daybook import NOW, WARNING, night
from tests.api.test_reports import CALLER, POTHOLE
from tests.api.test_schedules import PLAN
from tests.api.test_shelvings import BODY as SHELVING
from tests.cases.photos import photo

V1 = "/api/v1/"
SECRET = {
    "access_token": "eyJhbGciOi…",
    "key": "xhk_…",
    "password": "…",
    "token": "…",
    "url": "https://city.example/r/…",
}
"""What stands in place of what is told only once."""
SAID = {"password", "old", "new", "key"}
"""The same of what is sent."""


class Recorder:
    """Makes calls and keeps what was sent and answered, by the call's name in the description."""

    def __init__(self, district: District) -> None:
        self._district = district
        self.found: dict[str, dict[str, Any]] = {}

    def __call__(self, call: str, ids: dict[str, Any] | None = None, **sent: Any) -> Any:
        """The answer; ``ids`` fill the path, ``sent`` goes to the client."""
        method, path = call.split(" ")
        path_now = V1 + path.format(**(ids or {}))
        own_page = {"Origin": "http://here"}
        response = self._district.call(method, path_now, headers=own_page, **sent)
        assert response.is_success, f"{call}: {response.status_code} {response.text}"
        example: dict[str, Any] = {}
        if body := sent.get("json") or sent.get("data"):
            example["body"] = body | dict.fromkeys(SAID & body.keys(), "…")
        if query := sent.get("params"):
            example["query"] = query
        if response.content:
            example["answer"] = _without_secrets(response.json())
        self.found[f"{method} {V1}{path}"] = example
        return response.json() if response.content else None


def record() -> dict[str, dict[str, Any]]:
    """Every call's example."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/cases.db"
        upgrade(url)
        add_accounts(url)
        district = District(folder, url)
        try:
            fill(district)
            recorder = Recorder(district)
            of_facilities(recorder)
            of_cases(recorder, district)
            of_figures(recorder)
            of_plans(recorder, district)
            of_residents(recorder)
            of_people(recorder, district)
            return recorder.found
        finally:
            district.close()


def fill(district: District) -> None:
    """A dark segment, an evening's readings, what was counted of a night."""
    zone = calendar.load("Asia/Shanghai")
    district.grid = a_grid()
    district.desk.filing = Filing(
        standard.load(), zone, district.inventory.assets.get, lambda: district.grid
    )
    district.desk.record([dark_segment("20260621-1f0a77c2")])
    district.desk.record(
        [dark_segment(f"20260620-{n}", DUSK - n * DAY, subject="segment:S2") for n in (1, 2, 3)]
    )
    ts = [DUSK - 10 * MINUTE, DUSK - 5 * MINUTE]
    district.measured(Kind.STREETLIGHT, "S1-0", ts, power_w=[58.9, 0.4], voltage_v=[231.0, 230.0])
    district.waves["M1"] = [Wave(DUSK - HOUR, 1600.0, 0.004, bytes([1, 0, 255, 127]))]
    district.lamps_are({"S1-0": "dark", "S1-1": "dark", "S1-2": "dark"})
    district.tell("rules", lighting=NOW, warnings=[WARNING], coverage={})
    numbers = {"installed": 10.0, "reporting": 9.0, "trusted": 9.0}
    tonnes = {"in_t": 40.0, "out_t": 39.5, "left_t": 0.5}
    district.tallies.put(
        [
            night("2026-06-20", "S1", 300, 100),
            Tally("coverage", "2026-06-20", numbers, "410105001", kind="cover"),
            Tally("station", "2026-06-20", tonnes, kind="station", place="T1"),
        ]
    )


def of_facilities(get: Recorder) -> None:
    get("GET health")
    get("GET assets", params={"kind": "cover", "limit": 1})
    get("GET assets/{asset_id}", {"asset_id": "S1-0"})
    place = {"area": "410105", "lon": 113.69, "lat": 34.78}
    get("POST assets", json={"id": "M-0077", "kind": "cover", "cover_type": "storm", **place})
    get("GET unregistered")
    get("GET assets/{asset_id}/bursts", {"asset_id": "M1"}, params={"limit": 1})
    span = {"from": "2026-06-21T11:00:00Z", "to": "2026-06-21T12:00:00Z"}
    get("GET assets/{asset_id}/readings", {"asset_id": "S1-0"}, params=span)
    get("GET segments")
    get("GET states")
    get("GET standard")
    get("GET grid")
    get("GET calendar", params={"from": "2026-06-22T00:00:00Z", "to": "2026-06-23T00:00:00Z"})


def of_cases(get: Recorder, district: District) -> None:
    case = {"case_id": "20260621-1f0a77c2"}
    body = {"action": "dispatch", "unit": "金水区照明管理中心"}
    get("POST cases/{case_id}/actions", case, json=body)
    district.act(case["case_id"], action="supervise", level=2, reason="医院门前")
    get("GET cases", params={"stage": "dispatched", "limit": 1})
    get("GET cases/{case_id}", case)
    get("GET supervision", params={"level": 1})
    sent = {"photo": ("after.jpg", photo(), "image/jpeg")}
    get("POST cases/{case_id}/photos", case, files=sent)
    get("GET cases/{case_id}/photos", case)


def of_figures(get: Recorder) -> None:
    days = {"from": "2026-06-20", "to": "2026-06-21"}
    get("GET lighting", params={**days, "by": "street"})
    get("GET coverage", params=days)
    get("GET coverage/streets", params=days)
    get("GET coverage/missing", params={"what": "organised"})
    get("GET stations/days", params=days)
    get("GET warnings")
    get("GET recurrent", params={"least": 2})
    get("GET kpi", params={"from": "2026-06-01", "to": "2026-07-01", "by": "type"})


def of_plans(get: Recorder, district: District) -> None:
    draft = {name: PLAN[name] for name in ("rule", "start", "assets", "per")}
    get("POST schedules/preview", json=draft)
    plan = get("POST schedules", json=PLAN)
    one = {"schedule_id": plan["id"]}
    get("GET schedules")
    get("GET schedules/{schedule_id}", one)
    get("PUT schedules/{schedule_id}", one, json={**PLAN, "active": False})
    get("GET schedules/{schedule_id}/occurrences", one)
    get("GET schedules/proposals", params={"days": 30, "times": 3})
    get("DELETE schedules/{schedule_id}", one)
    shelving = get("POST shelvings", json=SHELVING)
    get("GET shelvings")
    get("DELETE shelvings/{shelving_id}", {"shelving_id": shelving["id"]})
    book = get("GET rulebooks")["in_use"]
    get("GET rulebooks/{version}", {"version": book})
    begun = get("POST backtests", json=BACKTEST)
    get("GET backtests/{backtest_id}", {"backtest_id": begun["id"]})
    get("GET backtests")
    get("DELETE backtests/{backtest_id}", {"backtest_id": begun["id"]})
    district.clock.ms += HOUR


def of_residents(get: Recorder) -> None:
    get("GET services")
    number = get("POST reports", json={**POTHOLE, **CALLER, "channel": "hotline"})["id"]
    get("POST public/reports", json=POTHOLE)
    one = {"number": number}
    get("GET reports", params={"limit": 1})
    get("GET reports/{number}", one)
    get("POST reports/{number}/join", one, json={"case": "20260621-1f0a77c2"})
    get("POST reports/{number}/split", one)
    get("DELETE reports/{number}/contact", one)


def of_people(get: Recorder, district: District) -> None:
    form = {"username": "a-admin", "password": PASSWORD}
    get("POST token", data=form)
    get("POST session", data=form)
    get("POST session/once", json={"key": district.access.make_once("a-admin")})
    get("GET me")
    get("DELETE session")
    user = {"name": "li", "role": "handler", "unit": "金水区照明管理中心"}
    get("POST users", json={**user, "password": "lamps of Huayuan Road"})
    get("GET users")
    get("PATCH users/{name}", {"name": "li"}, json={"streets": ["410105001"]})
    get("POST users/{name}/password", {"name": "li"})
    key = get("POST keys", json={"name": "prometheus", "role": "viewer"})
    get("GET keys")
    get("DELETE keys/{key_id}", {"key_id": key["id"]})
    get("GET audit", params={"limit": 2})
    get("POST me/password", json={"old": PASSWORD, "new": "every cover is quiet"})


def _without_secrets(value: Any) -> Any:
    """The answer with no secret in it, and of every list the first two."""
    if isinstance(value, dict):
        return {name: _hidden(name, one) or _without_secrets(one) for name, one in value.items()}
    return [_without_secrets(one) for one in value[:2]] if isinstance(value, list) else value


def _hidden(name: str, value: Any) -> str | None:
    """What stands for a secret; a form's field has a key too, which is none."""
    if not isinstance(value, str) or (name == "key" and not value.startswith(PREFIX)):
        return None
    return SECRET.get(name)


def main() -> None:
    found = dict(sorted(record().items()))
    EXAMPLES_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    sys.stdout.write(f"{len(found)} examples in {EXAMPLES_FILE}\n")


if __name__ == "__main__":
    main()
