"""Simulated dispatchers, units and inspectors at a real API: every sort of case reaches its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from api.serve import Server
from cases.events import CaseEvent, EventName
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.opening import Reported
from cases.people.audit import By
from cases.people.who import Who
from cases.residents.listing import ReportFilter
from facility.clock import HOUR, MINUTE
from simulators.people.district import People
from simulators.people.habits import shipped
from simulators.people.steps import next_step
from tests.api.district import DUSK, District
from tests.cases.made import report

MANY = 40
GONE_AFTER = 3 * HOUR
SURE_AFTER = 5 * HOUR


@pytest.fixture
def people(district: District) -> Iterator[People]:
    district.desk.filing = Filing(
        standard.load(), calendar.load("Asia/Shanghai"), district.inventory.assets.get
    )

    def key(unit: str | None) -> str:
        who = Who(unit or "调度", "handler" if unit else "dispatcher", unit)
        return district.keys.add(who, By("test", DUSK))[1]

    with Server(district.app, port=0) as server:
        yield People(server.url, key, district.clock)


def sensed(at: int, event: EventName, case: int) -> CaseEvent:
    """One of the sensors' events of a rattling cover's case."""
    return CaseEvent(
        at=at,
        event=event,
        case=f"c{case}",
        type="cover.rattle",
        subject=f"cover:M{case}",
        members=(f"M{case}",),
        rule="cover.rattle",
    )


def test_every_stage_is_passed_and_nothing_is_refused(
    district: District,
    people: People,
) -> None:
    desk, clock = district.desk, district.clock
    desk.record([sensed(DUSK, "opened", case) for case in range(MANY)])
    for case in range(MANY):
        report(desk, Reported(f"r{case}", code="0137", condition="out"), DUSK)
    for minute in range(0, 30 * 60, 15):
        clock.ms = DUSK + minute * MINUTE
        district.monotonic_s += 15  # as in the demo, whose clock runs sixty times as fast
        if clock.ms - DUSK == GONE_AFTER:
            desk.record([sensed(clock.ms, "recovered", case) for case in range(MANY)])
        if clock.ms - DUSK == SURE_AFTER:
            desk.record([sensed(clock.ms, "verified", case) for case in range(MANY)])
        people.work()
    assert people.refused == 0
    happened = Counter(stored.event.event for stored in desk.events_after(0, 10_000))
    people_do = {"filed", "dispatched", "accepted", "returned", "handled", "checking", "confirmed"}
    people_do |= {"reworked", "voided", "extension_requested", "extended", "suspended"}
    assert people_do <= set(happened), happened
    assert happened["closed"] + happened["voided"] > MANY
    page = district.reports.listing(ReportFilter(), 500)
    assert len({report.channel for report in page.items}) == 4
    assert {report.satisfaction for report in page.items} > {None, 5}
    assert any(report.not_fixed for report in page.items)


def test_nobody_acts_before_the_time(district: District, people: People) -> None:
    district.desk.record([sensed(DUSK, "opened", 0)])
    assert people.work() == 0
    [case] = people.cases()
    later = DUSK + 2 * HOUR
    steps = [
        next_step({**case, "subject": f"cover:{n}"}, later, ["甲", "乙"], shipped())
        for n in range(200)
    ]
    left = sum(step is None for step in steps)
    sent = [step.given["unit"] for step in steps if step is not None]
    proposed = sum(unit == case["proposed_unit"] for unit in sent)
    assert 10 < left < 45
    assert 0.85 < proposed / len(sent) < 0.99
