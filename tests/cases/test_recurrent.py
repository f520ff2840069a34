"""Places where the same fault comes again and again, ranked, on every database."""

from __future__ import annotations

from typing import Any

from cases.desk import Desk
from cases.events import CaseEvent, EventName
from facility.clock import HOUR

END = 1_000 * HOUR


def event(at: float, name: EventName, case: str, cover: str, **evidence: Any) -> CaseEvent:
    return CaseEvent(
        round(at * HOUR), name, case, "cover.flooding", f"cover:{cover}", (cover,), "", evidence
    )


def flood(case: str, cover: str, at: float, hours: float, highest: float) -> list[CaseEvent]:
    return [
        event(at, "opened", case, cover, water_m=-0.1),
        event(at + hours, "recovered", case, cover, water_m=-0.5, highest_m=highest),
        event(at + hours, "closed", case, cover, how="self_recovered"),
    ]


def test_flood_prone_points_are_ranked_by_times_then_hours(desk: Desk) -> None:
    desk.record(
        [
            *flood("a1", "A", 10, 1, 0.1),
            *flood("a2", "A", 50, 2, 0.4),
            *flood("b1", "B", 20, 5, 0.2),
            *flood("b2", "B", 60, 5, 0.0),
            *flood("c1", "C", 30, 9, 0.9),
        ]
    )
    found = desk.recurrent(0, END, END, "cover.flooding")
    assert [(one.subject, one.times, one.ms / HOUR, one.highest_m) for one in found] == [
        ("cover:B", 2, 10, 0.2),
        ("cover:A", 2, 3, 0.4),
    ]
    assert found[1].case_ids == ("a2", "a1")
    assert found[1].last_at == 50 * HOUR
    assert [one.subject for one in desk.recurrent(0, END, END, least=1)][-1] == "cover:C"


def test_only_what_lies_in_the_span_counts(desk: Desk) -> None:
    desk.record([*flood("a1", "A", 10, 4, 0.1), *flood("a2", "A", 50, 4, 0.1)])
    (one,) = desk.recurrent(12 * HOUR, 52 * HOUR, END, least=1)
    assert (one.times, one.ms) == (1, 4 * HOUR)
    assert desk.recurrent(15 * HOUR, 20 * HOUR, END, least=1) == []


def test_a_relapse_is_one_more_time_and_what_is_open_lasts_until_now(desk: Desk) -> None:
    desk.record(
        [
            event(10, "opened", "a1", "A", water_m=0.3),
            event(11, "recovered", "a1", "A"),
            event(20, "relapsed", "a1", "A", water_m=0.1),
        ]
    )
    (one,) = desk.recurrent(0, END, 25 * HOUR)
    assert (one.times, one.ms / HOUR, one.highest_m) == (2, 6, 0.3)


def test_other_types_and_void_cases_are_none(desk: Desk) -> None:
    desk.record([*flood("a1", "A", 10, 1, 0.1), *flood("a2", "A", 50, 2, 0.4)[:2]])
    desk.record([event(60, "voided", "a2", "A", reason="a drill")])
    assert desk.recurrent(0, END, END) == []
    assert desk.recurrent(0, END, END, "cover.rattle", least=1) == []
    assert desk.recurrent(0, END, END, street="410105001", least=1) == []
