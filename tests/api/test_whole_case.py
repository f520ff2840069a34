"""A whole case on a virtual clock: lamps go dark, and it takes two repairs and three nights."""

from __future__ import annotations

import re
from typing import Any

import pytest

from api.shapes.cases import Case, CasePage, CaseWithEvents
from cases.people.who import Role
from facility.clock import HOUR, MINUTE, SECOND
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.readings import ReadingBatch
from rules.service import RulesService, RulesSettings
from tests.api.conftest import EACH_DATABASE
from tests.api.district import District
from tests.cases.filings import local
from tests.cases.residents import told
from tests.rules.street import batch

pytestmark = [pytest.mark.usefixtures("filing"), EACH_DATABASE]

EVERY = 5 * MINUTE
UNIT = "unit-1"


class Nights:
    """The district, its lamps reporting, and the rules listening, from an evening in June on.

    The lamps of segment S1 are dark until :attr:`repaired_at`; all others do what they should.
    """

    def __init__(self, district: District) -> None:
        self.district = district
        self.repaired_at: int | None = None
        district.clock.ms = local("2026-06-21 19:00")
        self.rules = RulesService(
            RulesSettings(),
            lambda: district.inventory,
            load_plans(),
            "Asia/Shanghai",
            district.store,
            district.desk,
            district.bus,
            district.clock,
        )
        self.rules.prepare()

    def until(self, text: str) -> None:
        """Lives on to this time."""
        end, clock = local(text), self.district.clock
        while clock.ms < end:
            clock.ms += EVERY
            self.district.bus.publish(self._readings(clock.ms - 130 * SECOND))
            self.rules.work()

    def _readings(self, ts: int) -> ReadingBatch:
        lamps = self.district.inventory.streetlights
        # The sun sets at 19:41 and rises at 05:12 in these days.
        minutes = (ts + 8 * HOUR) // MINUTE % (24 * 60)
        night = minutes >= 19 * 60 + 42 or minutes < 5 * 60 + 12
        mended = self.repaired_at is not None and ts >= self.repaired_at
        return batch(
            Kind.STREETLIGHT,
            [
                (lamp.id, ts, _lamp(night, night and (mended or lamp.segment != "S1")))
                for lamp in lamps
            ],
        )

    def does(self, role: Role, case: str, **body: Any) -> dict[str, Any]:
        """The CASE after somebody of this role did something, having looked at it before."""
        self.district.role = role
        seen = self.district.get(f"cases/{case}")
        assert body["action"] in seen.json()["possible"]
        done = self.district.act(case, if_match=seen.headers["etag"], **body)
        assert done.status_code == 200, done.text
        Case.model_validate_json(done.content)
        found: dict[str, Any] = done.json()
        return found


def _lamp(on: bool, lit: bool) -> dict[str, float]:
    return {"on": float(on), "power_w": 58.0 if lit else 0.3}


def test_a_whole_case(district: District) -> None:
    nights = Nights(district)
    nights.until("2026-06-21 20:30")
    cases = district.answer(CasePage, "cases")["items"]
    assert [(one["type"], one["subject"]) for one in cases] == [
        ("streetlight.segment_unlit", "segment:S1")
    ]
    case = cases[0]["id"]
    assert (cases[0]["stage"], cases[0]["source"], cases[0]["filing"]["code"]) == (
        "filed",
        "sensor",
        "0137",
    )

    # A resident reports the same, and joins it.
    district.role = None
    taken = district.reports.take(told("0137-out", lon=113.601, lat=34.701), district.clock.ms)
    assert (taken.case.id, taken.joined, taken.case.reports) == (case, True, 1)

    # Handed over the next morning, a Monday; two working days from then, then two more.
    nights.until("2026-06-22 08:30")
    given = nights.does("dispatcher", case, action="dispatch", unit=UNIT)
    assert given["filing"]["deadline"] == "2026-06-24T00:30:00Z"
    nights.until("2026-06-22 09:00")
    nights.does("handler", case, action="accept")
    nights.does("handler", case, action="request_extension", reason="电缆待到货")
    longer = nights.does("dispatcher", case, action="extend")
    assert (longer["extensions"], longer["filing"]["deadline"]) == (1, "2026-06-26T00:30:00Z")

    # Handed in by day, and still dark when the lamps are to burn.
    nights.until("2026-06-22 16:00")
    handled = nights.does("handler", case, action="handle", result="已更换灯具")
    assert (handled["stage"], handled["state"]) == ("verifying", "open")
    nights.until("2026-06-22 21:30")
    back = district.answer(CaseWithEvents, f"cases/{case}")
    assert (back["stage"], back["reworks"], back["handled_at"]) == ("handling", 1, None)
    assert [one["event"] for one in back["events"][-2:]] == ["persisted", "reworked"]

    # Repaired the next day; lit through the night, it is closed at its end.
    nights.until("2026-06-23 15:00")
    nights.repaired_at = district.clock.ms
    nights.does("handler", case, action="handle", result="已修复电缆")
    nights.until("2026-06-24 02:00")
    waiting = district.answer(CaseWithEvents, f"cases/{case}")
    assert (waiting["stage"], waiting["state"]) == ("verifying", "recovered")
    nights.until("2026-06-24 06:00")
    ended = district.answer(CaseWithEvents, f"cases/{case}")
    assert (ended["stage"], ended["state"], ended["how"]) == ("closed", "closed", "verified")
    assert not ended["filing"]["overdue"]
    assert ended["possible"] == []
    assert [one["event"] for one in ended["events"]] == [
        "opened",
        "noted",
        "dispatched",
        "accepted",
        "extension_requested",
        "extended",
        "handled",
        "persisted",
        "reworked",
        "handled",
        "recovered",
        "verified",
        "closed",
    ]
    assert "2026-06-23T21:" in ended["closed_at"], "at dawn"

    # The resident is told, in their words, without a name of anybody.
    district.role = None
    page = re.sub(r"<[^>]+>", " ", district.get(f"/r/{taken.token}").text)
    for said in ("已结案", "已修复电缆", "传感器确认已恢复正常"):
        assert said in page
    assert "a-handler" not in page

    # It is over for the rules too: the next evening, lit, opens nothing.
    nights.until("2026-06-24 21:00")
    district.role = "viewer"
    assert len(district.answer(CasePage, "cases")["items"]) == 1
