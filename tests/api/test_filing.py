"""Filing over HTTP: the row, the deadline on the system's clock, lists by it, the calendar."""

from __future__ import annotations

from typing import Any

import pytest

from api.serve import Server
from api.shapes.assets import AssetDetails
from api.shapes.cases import CasePage, CaseWithEvents
from api.shapes.live import StateTold
from api.shapes.site import FilingStandard, WorkingCalendar
from cases.events import CaseEvent
from cases.filing.basis import Filing
from facility.clock import DAY, HOUR, from_rfc3339, to_rfc3339
from tests.api.district import DUSK, District, dark_segment
from tests.api.listener import Listener
from tests.cases.made import close

pytestmark = pytest.mark.usefixtures("filing")


def cover(case: str, kind: str, at: int = DUSK) -> CaseEvent:
    return dark_segment(case, at, type=kind, subject="cover:M1", members=("M1",))


def ids(district: District, **query: Any) -> list[str]:
    return [one["id"] for one in district.answer(CasePage, "cases", **query)["items"]]


def test_a_case_shows_its_row_and_deadline(district: District) -> None:
    # A Sunday at 20:00; Monday 22 June 2026 is worked.
    district.desk.record([dark_segment()])
    shown = district.answer(CaseWithEvents, "cases/C-1")["filing"]
    assert shown == {
        "code": "0137",
        "name": {"zh": "路灯", "en": "Street light"},
        "condition": {
            "zh": "路灯不亮；同一道路多盏或全部不亮的，立一个案卷",
            "en": "a lamp is out; several lamps of a road, or all of them, are one case",
        },
        "condition_key": "out",
        "closed_when": {"zh": "路灯正常亮灯", "en": "the lamps are lit"},
        "severity": "attention",
        "limit": 2,
        "clock": "working_day",
        "deadline": "2026-06-23T10:00:00Z",
        "overdue": False,
    }


def test_it_is_overdue_when_the_systems_clock_says_so(district: District) -> None:
    district.desk.record([cover("C-1", "cover.displaced")])
    deadline = DUSK + 2 * HOUR
    overdue = []
    for district.clock.ms in (deadline, deadline + 1):
        in_its_asset = district.answer(AssetDetails, "assets/M1")["cases"][0]
        alone = district.answer(CaseWithEvents, "cases/C-1")
        overdue.append([one["filing"]["overdue"] for one in (alone, in_its_asset)])
    assert overdue == [[False, False], [True, True]]
    closed = district.act("C-1", action="override", reason="x").json()
    assert closed["filing"]["overdue"], "it was closed too late"


def test_a_row_whose_edition_is_gone_is_called_by_its_code(
    district: District, filing: Filing
) -> None:
    district.desk.record([dark_segment()])
    district.desk.filing = None
    shown = district.answer(CaseWithEvents, "cases/C-1")["filing"]
    assert (shown["name"]["zh"], shown["condition"]["en"]) == ("0137", "out")
    assert (shown["closed_when"], shown["severity"]) == (None, None)
    assert shown["deadline"] == "2026-06-23T10:00:00Z"


def test_lists_by_deadline_and_of_what_is_overdue(district: District, filing: Filing) -> None:
    district.desk.filing = None
    district.desk.record([dark_segment("unfiled", DUSK - 3)])
    district.desk.filing = filing
    district.desk.record(
        [
            cover("rattle", "cover.rattle", DUSK - 2),
            cover("displaced", "cover.displaced", DUSK - 1),
            dark_segment("unlit", DUSK - 5 * DAY),
        ]
    )
    assert ids(district) == ["displaced", "rattle", "unfiled", "unlit"]
    by_deadline = ["unlit", "displaced", "rattle", "unfiled"]
    assert ids(district, sort="deadline") == by_deadline
    seen, cursor = [], None
    while True:
        query = {"sort": "deadline", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = district.answer(CasePage, "cases", **query)
        seen += [one["id"] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == by_deadline
    district.clock.ms = DUSK + 3 * HOUR
    assert ids(district, overdue="true") == ["displaced", "unlit"]
    assert ids(district, overdue="true", type="cover.displaced", state="open") == ["displaced"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"overdue": "maybe"}, "overdue"),
        ({"overdue": "false"}, "overdue"),
        ({"sort": "id"}, "sort"),
    ],
)
def test_a_wrong_parameter_is_named(district: District, query: dict[str, Any], name: str) -> None:
    response = district.get("cases", **query)
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == [name]


def test_a_cursor_of_the_other_order_is_refused(district: District) -> None:
    district.desk.record([dark_segment(f"C-{n}", DUSK + n) for n in range(2)])
    cursor = district.answer(CasePage, "cases", limit=1)["next"]
    response = district.get("cases", sort="deadline", cursor=cursor)
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == ["cursor"]


def test_the_stream_counts_what_is_overdue_as_time_passes(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.hub.STATE_S", 0.05)
    district.desk.record([cover("C-1", "cover.displaced"), cover("C-2", "cover.rattle")])
    with (
        Server(district.app, port=0) as server,
        Listener(server.url, district.signed_in) as listener,
    ):
        state = listener.next("state").data
        StateTold.model_validate(state)
        assert state["cases"] == {"open": 2, "recovered": 0, "closed": 0, "overdue": 0}
        district.clock.ms = DUSK + 2 * HOUR + 1
        while state["cases"]["overdue"] == 0:
            state = listener.next("state").data
        assert state["cases"]["overdue"] == 1
        district.desk.record([dark_segment("C-3", DUSK + 3 * HOUR)])
        told = listener.next("case").data["case"]["filing"]
        assert (told["code"], told["overdue"]) == ("0137", False)
        close(district.desk, "C-1", DUSK + 3 * HOUR)
        while state["cases"]["overdue"] == 1:
            state = listener.next("state").data
        assert state["cases"]["closed"] == 1


def test_the_calendar_is_the_working_time(district: District) -> None:
    found = district.answer(
        WorkingCalendar,
        "calendar",
        **{"from": "2026-09-30T17:00:00+08:00", "to": "2026-10-08T12:00:00+08:00"},
    )
    assert (found["timezone"], found["working_day_ms"]) == ("Asia/Shanghai", 8 * HOUR)
    assert [[to_rfc3339(at) for at in span] for span in found["working"]] == [
        ["2026-09-30T09:00:00Z", "2026-09-30T10:00:00Z"],
        ["2026-10-08T00:00:00Z", "2026-10-08T04:00:00Z"],
    ]


@pytest.mark.parametrize(
    ("start", "days", "name"), [("2026-01-01", 0, "from"), ("2026-01-01", 801, "to")]
)
def test_a_span_of_the_calendar_is_bounded(
    district: District, start: str, days: int, name: str
) -> None:
    begin = f"{start}T00:00:00Z"
    end = to_rfc3339(from_rfc3339(begin) + days * DAY)
    response = district.get("calendar", **{"from": begin, "to": end})
    assert [one["name"] for one in response.json()["errors"]] == [name]


def test_without_filing_there_is_no_calendar(district: District) -> None:
    district.desk.filing = None
    query = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    assert district.get("calendar", **query).status_code == 404


def test_the_standard_tells_its_rows_as_actions_name_them(district: District) -> None:
    found = district.answer(FilingStandard, "standard")
    (lamp,) = [
        row for row in found["items"] if (row["code"], row["condition_key"]) == ("0137", "out")
    ]
    assert (lamp["name"]["zh"], lamp["limit"], lamp["clock"]) == ("路灯", 2, "working_day")
    assert (lamp["closed_when"]["zh"], lamp["severity"]) == ("路灯正常亮灯", "attention")
    assert found == district.answer(FilingStandard, "standard", at=to_rfc3339(DUSK))
    before = district.get("standard", at="2001-01-01T00:00:00Z")
    assert (before.status_code, before.json()["detail_zh"]) == (404, "当日没有生效的立案标准")
    district.desk.filing = None
    assert district.get("standard").status_code == 404
