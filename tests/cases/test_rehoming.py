"""Reports go where their matter is, on both databases; people are forgotten in time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.actions import Given
from cases.case import Case
from cases.residents import rehoming
from cases.residents.reports import Reports
from cases.residents.upkeep import ReportUpkeep
from facility.clock import DAY, HOUR
from tests.cases.made import event
from tests.cases.residents import (
    DISPATCHER,
    LON,
    MONDAY,
    OPERATOR,
    SOMEBODY,
    reports_on,
    sent,
    told,
    worked_off,
)


class Clock:
    speed = 1.0

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def reports(url: str, tmp_path: Path) -> Iterator[Reports]:
    with reports_on(url, tmp_path) as made:
        yield made


def case(reports: Reports, case_id: str) -> Case:
    found = reports.desk.get(case_id)
    assert found is not None
    return found


def senses(reports: Reports, at: int) -> None:
    opened = event(at, "opened", "M1", case="S", type="cover.rattle", subject="cover:M1")
    assert reports.desk.record([opened]) == 1


def test_what_residents_saw_first_becomes_the_sensors_case(reports: Reports) -> None:
    one = reports.take(told("0123-rattle"), MONDAY)
    reports.take(told("0123-rattle"), MONDAY + 1)
    reports.take(told("0123-rattle", lon=LON + 0.005), MONDAY + 1)
    assert rehoming.follow(reports, MONDAY + 2) == 0
    senses(reports, MONDAY + HOUR)
    assert rehoming.follow(reports, MONDAY + 2 * HOUR) == 2
    assert rehoming.follow(reports, MONDAY + 2 * HOUR) == 0
    assert [reports.get(n).case for n in (1, 2)] == ["S", "S"]
    assert reports.get(3).case != "S", "that one is half a kilometre away"
    assert case(reports, "S").reports == 2
    left = case(reports, one.case.id)
    assert (left.stage, left.how) == ("closed", "merged")


def test_what_a_unit_has_already_stays_with_it(reports: Reports) -> None:
    one = reports.take(told("0123-rattle"), MONDAY)
    reports.desk.act(one.case.id, "file", OPERATOR, MONDAY + 1)
    reports.desk.act(one.case.id, "dispatch", DISPATCHER, MONDAY + 2, Given(unit="排水公司"))
    senses(reports, MONDAY + HOUR)
    assert rehoming.follow(reports, MONDAY + 2 * HOUR) == 0
    assert case(reports, one.case.id).state == "open"


def test_where_sensors_merge_cases_reports_go_along(reports: Reports) -> None:
    lamp = {"type": "streetlight.unlit", "subject": "streetlight:L0"}
    reports.desk.record([event(MONDAY, "opened", "L0", case="A", **lamp)])
    reports.take(told("0137-out", asset="L0"), MONDAY + 1)
    assert reports.get(1).case == "A"
    into = {"evidence": {"into": "B"}, "cause": "merged", **lamp}
    moved = event(MONDAY + 2, "opened", "L0", "L1", "L2", case="B")
    reports.desk.record([moved, event(MONDAY + 2, "left", "L0", case="A", **into)])
    assert case(reports, "A").how == "merged"
    assert rehoming.follow(reports, MONDAY + 3) == 1
    assert reports.get(1).case == "B"
    assert case(reports, "B").reports == 1


def test_a_case_that_ended_meanwhile_still_tells_how(reports: Reports) -> None:
    lamp = {"type": "streetlight.unlit", "subject": "streetlight:L0"}
    reports.desk.record([event(MONDAY, "opened", "L0", case="A", **lamp)])
    reports.take(told("0137-out", asset="L0"), MONDAY + 1)
    into = {"evidence": {"into": "B"}, "cause": "merged", **lamp}
    reports.desk.record(
        [
            event(MONDAY + 2, "opened", "L0", "L1", "L2", case="B"),
            event(MONDAY + 2, "left", "L0", case="A", **into),
            event(MONDAY + 3, "recovered", "L0", case="B"),
            event(MONDAY + 4, "verified", "L0", case="B"),
        ]
    )
    assert case(reports, "B").how == "self_recovered"
    assert rehoming.follow(reports, MONDAY + 5) == 1
    assert reports.get(1).case == "B"
    assert rehoming.follow(reports, MONDAY + 6) == 0


def test_upkeep_sweeps_photos_that_a_crash_left_behind(reports: Reports, tmp_path: Path) -> None:
    """Of a report that was not written; those of reports stay, and so do all that are old."""
    clock, wall = Clock(MONDAY), Clock(MONDAY)
    kept, lost, old, fresh = sent(), sent(), sent(), sent()
    reports.take(told(photos=(kept,)), MONDAY)
    for photo in (lost, old, fresh):
        reports.files.keep(photo)
    half = tmp_path / "photos" / "ab" / f"{'ab' * 16}.new"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half of a")
    written = {kept.id: 2 * HOUR, lost.id: 2 * HOUR, old.id: 8 * DAY, fresh.id: HOUR // 2}
    for photo_id, ago in written.items():
        path = reports.files.path(photo_id)
        assert path is not None
        os.utime(path, ((MONDAY - ago) / 1000,) * 2)
    os.utime(half, ((MONDAY - DAY) / 1000,) * 2)
    upkeep = ReportUpkeep(reports, clock, wall)
    upkeep.work()
    assert not half.exists()
    assert {one for one in written if reports.files.path(one)} == {kept.id, old.id, fresh.id}
    wall.ms = MONDAY + HOUR
    upkeep.work()
    assert reports.files.path(fresh.id), "it is looked at again after some hours"
    wall.ms = MONDAY + 6 * HOUR
    upkeep.work()
    assert reports.files.path(fresh.id) is None


def test_upkeep_moves_and_forgets(reports: Reports) -> None:
    clock = Clock(MONDAY)
    upkeep = ReportUpkeep(reports, clock)
    reports.take(told("0123-rattle", contact=SOMEBODY), MONDAY)
    upkeep.work()
    senses(reports, MONDAY + HOUR)
    upkeep.work()
    assert reports.get(1).case == "S"
    assert reports.contact(1) == SOMEBODY
    reports.take(told("L301-found", contact=SOMEBODY), MONDAY)
    worked_off(reports.desk, reports.get(2).case, MONDAY)
    clock.ms = MONDAY + 181 * DAY
    upkeep.work()
    assert (reports.contact(1), reports.contact(2)) == (SOMEBODY, None)
