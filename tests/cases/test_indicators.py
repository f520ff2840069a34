"""The indicators of a hand-worked week, on every database, and the page that defines them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.actions import Given
from cases.desk import Desk
from cases.events import CaseEvent, EventName
from cases.indicators import defined
from cases.indicators.defined import INDICATORS, By
from cases.indicators.table import Indicators, Table
from cases.residents import aftercare
from cases.residents.reported import CHANNELS
from cases.tallies import Tallies, Tally
from facility.clock import DAY, HOUR, MINUTE
from tests.cases.filings import FILING, SHANGHAI, local
from tests.cases.made import LI, do, event
from tests.cases.residents import reports_on, told, worked_off

PAGE = (Path(__file__).parents[2] / "docs" / "indicators.md").read_text("utf-8")
START, END = local("2026-06-22 00:00"), local("2026-06-29 00:00")
"""Monday to Sunday."""


def sensed(case: str, at: str, name: EventName, subject: str = "streetlight:L1") -> CaseEvent:
    kind = {"streetlight": "streetlight.unlit", "station": "station.backlog"}
    type_ = kind.get(subject.partition(":")[0], "cover.rattle")
    return CaseEvent(local(at), name, case, type_, subject, (subject.partition(":")[2],))


@pytest.fixture
def week(url: str, tmp_path: Path) -> Iterator[Indicators]:
    """A week in which each way of a case is gone once. Days are those of June 2026."""
    with closing(Desk(url, FILING)) as desk, closing(Tallies(url)) as tallies:
        in_time(desk)
        late(desk)
        self_recovered(desk)
        desk.record([sensed("drill", "2026-06-23 09:00", "opened", "cover:M-sewage")])
        do(desk, "drill", local("2026-06-23 09:30"), "void")
        # From the week before; it was due then, and is closed in this one.
        desk.record([sensed("old", "2026-06-15 09:00", "opened", "cover:M-gas")])
        do(desk, "old", local("2026-06-24 09:00"), "override")
        # Four working hours from 09:00 on: due at 15:00, and nobody has it.
        desk.record([sensed("forgotten", "2026-06-25 09:00", "opened", "station:T1")])
        # Returned in time: its clock stands still, and its deadline counts for nothing.
        desk.record([sensed("returned", "2026-06-23 09:00", "opened", "cover:M-heat")])
        do(desk, "returned", local("2026-06-23 10:00"), "dispatch", "return")
        reported(url, tmp_path)
        counted(tallies)
        with closing(Indicators(url, tallies, ZoneInfo("Asia/Shanghai"), SHANGHAI)) as made:
            yield made


def in_time(desk: Desk) -> None:
    """A lamp: three hours of its two working days, verified in the night."""
    desk.record([sensed("lamp", "2026-06-22 09:00", "opened")])
    do(desk, "lamp", local("2026-06-22 10:00"), "dispatch")
    do(desk, "lamp", local("2026-06-22 11:00"), "accept")
    do(desk, "lamp", local("2026-06-22 15:00"), "handle")
    for name in ("recovered", "verified"):
        desk.record([sensed("lamp", "2026-06-23 01:00", name)])


def late(desk: Desk) -> None:
    """A station: four working hours from 10:00 and four more end on Tuesday at 10:00; sent back."""
    station = "station:T1"
    desk.record([sensed("late", "2026-06-22 09:00", "opened", station)])
    do(desk, "late", local("2026-06-22 10:00"), "dispatch", "accept", "request_extension")
    do(desk, "late", local("2026-06-22 11:00"), "extend", "supervise")
    do(desk, "late", local("2026-06-23 11:00"), "handle")
    desk.record([sensed("late", "2026-06-23 12:00", "persisted", station)])
    do(desk, "late", local("2026-06-23 15:00"), "handle")
    for name in ("recovered", "verified"):
        desk.record([sensed("late", "2026-06-23 16:00", name, station)])


def self_recovered(desk: Desk) -> None:
    """Gone before anybody had it, and back within a week."""
    cover = "cover:M-storm"
    desk.record([sensed("gone", "2026-06-24 09:00", "opened", cover)])
    for name in ("recovered", "verified"):
        desk.record([sensed("gone", "2026-06-24 10:00", name, cover)])
    desk.record([sensed("back", "2026-06-27 09:00", "opened", cover)])


def reported(url: str, folder: Path) -> None:
    """A pothole that two residents report, closed within minutes and judged by both."""
    monday = local("2026-06-22 09:00")
    with reports_on(url, folder) as reports:
        first = reports.take(told(channel="hotline"), monday)
        second = reports.take(told(channel="zhp"), monday)
        assert second.joined
        worked_off(reports.desk, first.case.id, monday)
        for taken, mark in ((first, 5), (second, 2)):
            aftercare.rate(reports, taken.report.id, mark, monday + DAY)


def counted(tallies: Tallies) -> None:
    night = {"lit_min": 90.0, "dark_min": 10.0}
    tallies.put(
        [
            Tally("lighting", "2026-06-21", {"lit_min": 0.0, "dark_min": 99.0}, place="S1"),
            Tally("lighting", "2026-06-22", night, "S-1", place="S1"),
            Tally("coverage", "2026-06-22", {"installed": 10, "reporting": 8, "trusted": 6}, "S-1"),
            Tally("station", "2026-06-22", {"in_t": 40.0, "out_t": 39.5}, "S-1", place="T1"),
        ]
    )


def ask(of: Indicators, by: By = "none", now: int = END + 30 * DAY) -> Table:
    return of.table(START, END, now, by)


def test_the_week_as_a_whole(week: Indicators) -> None:
    assert ask(week).whole == {
        # lamp, late, drill, forgotten, returned, gone, back, and the residents' one
        "opened": 8,
        "opened_filed": 8,
        "filing_rate": 1.0,
        "filed": 8,
        "dispatchable": 6,  # not the drill, not what was gone
        "dispatched": 4,  # lamp, late, returned, the residents'
        "dispatch_rate": 0.6667,
        "due": 3,  # lamp, late, forgotten; those of `back` and of the residents' come later
        "closed": 2,
        "closing_rate": 0.6667,
        "on_time": 1,
        "on_time_rate": 0.3333,
        "extended": 1,
        "extension_rate": 0.3333,
        "ended": 6,  # lamp, late, drill, old, gone, the residents'
        "resolved": 4,
        "reworked": 1,
        "rework_rate": 0.25,
        "verified": 2,
        "confirmed": 1,
        "overridden": 1,
        "self_recovered": 1,
        "merged": 0,
        "void": 1,
        "supervised": 1,
        "recurrences": 2,  # back; forgotten, of the same station as late
        "open": 3,  # forgotten, returned, back
        "resident_cases": 1,
        "reports": 2,
        **{f"reports_{name}": int(name in ("hotline", "zhp")) for name in CHANNELS},
        "ratings": 2,
        "satisfaction": 3.5,
        "hours_to_file": 0.02,  # a minute
        "hours_to_dispatch": 1.0,  # 1, 1, and a minute
        "hours_to_accept": 0.02,  # 1, 0, and a minute
        "hours_to_handle": 4.0,  # 4, 29, and a minute
        "hours_to_check": 1.0,  # 10, 1, and two minutes
        "hours_in_all": 23.5,  # 16, 31, 216, and six minutes
        "clock_hours": 7.0,  # 3; 11 (2 + 4, and 4 + 1 on Tuesday); 48; and two minutes
        "lighting_rate": 0.9,
        "reporting_rate": 0.8,
        "trusted_rate": 0.6,
        "tonnes_in": 40.0,
        "tonnes_out": 39.5,
    }


def test_parts_add_up_to_the_whole(week: Indicators) -> None:
    additive = [
        key
        for key, one in INDICATORS.items()
        if one.measure == "count" and key not in ("supervised", "open")
    ]
    whole = ask(week).whole
    for by in ("street", "unit", "type", "source", "day"):
        rows = ask(week, by).rows
        for key in additive:
            assert sum(row.figures[key] or 0 for row in rows) == whole[key], (by, key)
        assert ask(week, by).whole == whole


def test_days_are_local_and_each_is_there(week: Indicators) -> None:
    rows = {row.of: row.figures for row in ask(week, "day").rows}
    assert list(rows) == [f"2026-06-{day}" for day in range(22, 29)]
    assert [one["opened"] for one in rows.values()] == [3, 2, 1, 1, 0, 1, 0]
    assert [one["open"] for one in rows.values()] == [3, 2, 1, 2, 2, 3, 3]
    assert rows["2026-06-22"]["lighting_rate"] == 0.9
    assert rows["2026-06-23"]["lighting_rate"] is None
    # One that was closed at one in the morning is of that day, in Zhengzhou.
    assert rows["2026-06-23"]["verified"] == 2


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_on_which_the_clocks_change_is_a_day(url: str, day: str) -> None:
    """In Berlin these have 23 and 25 hours; a case opens in each half-hour of three days."""
    zone = ZoneInfo("Europe/Berlin")
    middle = datetime.fromisoformat(day).replace(tzinfo=zone)
    first, end = middle - timedelta(days=1), middle + timedelta(days=2)
    start = round(first.timestamp() * 1000)
    until = round(end.timestamp() * 1000)
    times = range(start, until, 30 * MINUTE)
    with closing(Desk(url)) as desk, closing(Tallies(url)) as tallies:
        lamp = {"type": "streetlight.unlit", "subject": "streetlight:L1"}
        desk.record([event(at, "opened", "L1", case=f"c{at}", **lamp) for at in times])
        with closing(Indicators(url, tallies, zone)) as made:
            rows = made.table(start, until, until + DAY, "day").rows
    hours = 23 if day < "2026-06" else 25
    assert [row.figures["opened"] for row in rows] == [48, 2 * hours, 48]
    assert [row.of for row in rows][1] == day


def test_a_part_has_its_own_medians(week: Indicators) -> None:
    rows = {row.of: row.figures for row in ask(week, "type").rows}
    assert rows["streetlight.unlit"]["clock_hours"] == 3.0
    assert rows["station.backlog"]["hours_to_handle"] == 29.0
    assert rows["cover.rattle"]["resolved"] == 1
    assert rows["reported"]["hours_to_file"] == 0.02
    by_street = {row.of: row.figures for row in ask(week, "street").rows}
    assert by_street["S-1"]["tonnes_in"] == 40.0


def test_what_has_not_happened_yet_is_in_no_set(week: Indicators) -> None:
    tuesday = ask(week, now=local("2026-06-23 09:00")).whole
    assert (tuesday["opened"], tuesday["due"], tuesday["on_time_rate"]) == (3, 0, None)
    assert ask(week, now=START - HOUR).whole["opened"] == 0


def test_without_anything_rates_are_unknown(url: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    with closing(Tallies(url)) as tallies, closing(Indicators(url, tallies, zone)) as made:
        table = ask(made, "street")
    assert table.rows == ()
    for key, one in INDICATORS.items():
        assert table.whole[key] == (0 if one.measure == "count" else None)


def test_pauses_are_not_on_the_clock(url: str) -> None:
    """Suspended from 11:00 to 15:00, of which 11–12 and 14–15 are working time."""
    with closing(Desk(url, FILING)) as desk, closing(Tallies(url)) as tallies:
        desk.record([sensed("lamp", "2026-06-22 09:00", "opened")])
        do(desk, "lamp", local("2026-06-22 10:00"), "dispatch", "accept")
        given = Given(reason="road works", until=local("2026-06-22 15:00"))
        desk.act("lamp", "suspend", LI, local("2026-06-22 11:00"), given)
        do(desk, "lamp", local("2026-06-22 15:00"), "resume")
        do(desk, "lamp", local("2026-06-22 16:00"), "handle", "override")
        with closing(Indicators(url, tallies, ZoneInfo("Asia/Shanghai"), SHANGHAI)) as made:
            whole = ask(made).whole
    assert whole["clock_hours"] == 2.0
    assert whole["hours_to_handle"] == 6.0


def test_every_indicator_is_on_the_page_as_it_is_defined() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [(key, zh, en) for key, zh, en, _ in rows] == [
        (key, one.zh, one.en) for key, one in INDICATORS.items()
    ]
    for key, _, _, formula in rows:
        ratio = INDICATORS[key].ratio
        assert (ratio is not None) == (INDICATORS[key].measure == "rate" and "`" in formula)
        if ratio is not None:
            assert formula == "`{}` / `{}`".format(*ratio)


def test_a_rate_is_of_counts_that_there_are() -> None:
    for one in INDICATORS.values():
        for key in one.ratio or ():
            assert INDICATORS[key].measure == "count"
    assert set(defined.REPORTS_BY.values()) <= set(INDICATORS)
