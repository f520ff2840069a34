"""What the desk promises, on every database."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import numpy as np
import pytest

from cases.actions import Given, WrongField
from cases.case import StoredEvent
from cases.desk import Desk, NoSuchCase, Refused, Stale
from cases.listing import CaseFilter
from facility.errors import UsageError
from tests.cases.made import LI, close, event, opened
from tests.cases.test_lifecycle import A_LIFE

ALL = CaseFilter()


def test_what_is_recorded_is_read_back_whole(desk: Desk) -> None:
    evidence = {"灯": ["L1"], "power_w": 0.5, "at": 1_782_000_000_000, "by": {"x": None}}
    first = event(
        1_782_000_000_001,
        "opened",
        "L1",
        "L2",
        cause="电缆",
        evidence=evidence,
        rule="segment_unlit",
        rule_version="3",
    )
    assert desk.record([first]) == 1
    case = desk.get("c1")
    assert case is not None
    assert (case.members, case.cause, case.evidence) == (("L1", "L2"), "电缆", evidence)
    assert list(case.evidence) == list(evidence)
    assert desk.events_of("c1") == (StoredEvent(1, first),)


def test_numbers_as_rules_have_them_can_be_evidence(desk: Desk) -> None:
    desk.record(
        [
            opened(
                1,
                "c1",
                evidence={
                    "n": np.int64(3),
                    "z": np.float64(1.5),
                    "mean": math.nan,
                    "w": np.ones(2),
                },
            )
        ]
    )
    case = desk.get("c1")
    assert case is not None
    assert case.evidence == {"n": 3, "z": 1.5, "mean": None, "w": [1.0, 1.0]}


def test_recording_twice_is_recording_once(desk: Desk) -> None:
    assert desk.record(A_LIFE + A_LIFE) == len(A_LIFE)
    before = (desk.get("c1"), desk.events_of("c1"))
    assert desk.record(A_LIFE) == 0
    assert desk.record([event(2, "joined", "L2", "L3")]) == 0, "the order of members is nothing"
    assert (desk.get("c1"), desk.events_of("c1")) == before
    assert desk.refused == 0


def test_an_impossible_event_is_left_out_logged_and_counted(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.record(A_LIFE)
    with caplog.at_level(logging.WARNING):
        kept = desk.record([event(9, "joined", "L7"), opened(9, "c2"), event(9, "left", case="c3")])
    assert kept == 1
    assert desk.refused == 2
    assert desk.get("c2") is not None
    assert desk.get("c3") is None
    assert ["c1 is closed" in caplog.messages[0], "c3 is not there" in caplog.messages[1]] == [
        True,
        True,
    ]


def test_a_batch_that_fails_leaves_nothing_behind(desk: Desk) -> None:
    with pytest.raises(Exception, match="cannot be kept as JSON: object"):
        desk.record([opened(1, "c1"), opened(2, "c2", evidence={"not JSON": object()})])
    assert desk.get("c1") is None
    assert desk.last_seq() == 0


def test_more_events_than_one_statement_takes(desk: Desk) -> None:
    many = [opened(at, f"c{at:04}") for at in range(1_201)]
    assert desk.record(many) == 1_201
    assert desk.record(many) == 0
    assert desk.counts() == {"open": 1_201, "recovered": 0, "closed": 0}


def test_pages_are_newest_first_without_gap_or_repeat(desk: Desk) -> None:
    desk.record([opened(at // 2, f"c{at}") for at in range(9)])
    seen: list[str] = []
    cursor = None
    while True:
        page = desk.listing(ALL, 2, cursor)
        seen += [case.id for case in page.items]
        desk.record([opened(100 + len(seen), f"new{len(seen)}")])
        if (cursor := page.next) is None:
            break
    assert seen == ["c8", "c7", "c6", "c5", "c4", "c3", "c2", "c1", "c0"]


def test_lists_by_state_type_and_subject(desk: Desk) -> None:
    desk.record([opened(at, f"c{at}") for at in (1, 2, 3)])
    desk.record([opened(4, "c4", type="cover.rattle", subject="cover:M4")])
    desk.record([event(5, "recovered", "L1", case="c1"), event(6, "closed", case="c2")])

    def ids(**narrow: object) -> list[str]:
        return [case.id for case in desk.listing(CaseFilter(**narrow), 10).items]  # type: ignore[arg-type]

    assert ids() == ["c4", "c3", "c2", "c1"]
    assert ids(states=("open",)) == ["c4", "c3"]
    assert ids(states=("recovered", "closed")) == ["c2", "c1"]
    assert ids(type="cover.rattle") == ids(subject="cover:M4") == ["c4"]
    assert ids(type="cover.rattle", subject="segment:S1") == []
    assert [case.id for case in desk.unclosed()] == ["c1", "c3", "c4"]


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "W10", "WzEsMl0", "é", "WzFlOTksImEiXQ"])
def test_a_cursor_of_another_list_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        desk.listing(ALL, 10, cursor)


def test_events_follow_one_another_over_all_cases(desk: Desk) -> None:
    desk.record([opened(1, "c1"), opened(2, "c2")])
    assert desk.last_seq() == 2
    desk.act("c1", "void", LI, 9, Given(reason="a drill"))
    desk.record([event(7, "recovered", "L1", case="c2")])
    after = desk.events_after(1, 2)
    assert [(e.seq, e.event.case, e.event.event) for e in after] == [
        (2, "c2", "opened"),
        (3, "c1", "voided"),
    ]
    assert [e.seq for e in desk.events_after(3, 10)] == [4]
    assert desk.events_after(4, 10) == ()


def test_a_person_closes_a_case_against_its_sensors(desk: Desk) -> None:
    desk.record(A_LIFE[:3])
    case = desk.act("c1", "override", LI, 99, Given(reason=" 已更换电缆 "))
    assert (case.state, case.stage, case.how) == ("closed", "closed", "overridden")
    assert (case.closed_at, case.version) == (99, 5)
    assert desk.get("c1") == case
    said, closed = (stored.event for stored in desk.events_of("c1")[-2:])
    assert (said.event, closed.event) == ("overridden", "closed")
    assert (closed.author, closed.members) == ("Li", ("L2", "L3"))
    assert said.evidence == {"reason": "已更换电缆"}
    assert closed.evidence == {"how": "overridden", "reason": "已更换电缆"}


def test_an_action_that_is_not_possible_says_what_is(desk: Desk) -> None:
    desk.record(A_LIFE[:1])
    with pytest.raises(Refused, match="filed") as early:
        desk.act("c1", "accept", LI, 9)
    assert set(early.value.refusal.possible) == {
        "dispatch",
        "suspend",
        "override",
        "void",
        "supervise",
        "note",
    }
    close(desk, "c1", 9)
    with pytest.raises(Refused, match="closed") as again:
        close(desk, "c1", 10)
    assert again.value.refusal.possible == ()
    with pytest.raises(NoSuchCase, match="nowhere"):
        close(desk, "nowhere", 9)


def test_an_old_view_of_a_case_is_told(desk: Desk) -> None:
    desk.record(A_LIFE[:1])
    with pytest.raises(Stale, match="version 1"):
        desk.act("c1", "note", LI, 9, Given(reason="x"), expected_version=7)
    assert desk.act("c1", "note", LI, 9, Given(reason="x"), expected_version=1).version == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Given(), "reason"),
        (Given(reason="  "), "reason"),
        (Given(reason="x" * 2_001), "reason"),
        (Given(reason="\0"), "reason"),
        (Given(reason="x", unit="照明"), "unit"),
    ],
)
def test_what_an_action_needs_is_asked_for_and_bounded(
    desk: Desk, given: Given, field: str
) -> None:
    desk.record(A_LIFE[:1])
    with pytest.raises(WrongField) as wrong:
        desk.act("c1", "override", LI, 9, given)
    assert wrong.value.field == field
    assert desk.counts()["open"] == 1


def test_the_same_thing_twice_in_a_millisecond_is_two_events(desk: Desk) -> None:
    desk.record(A_LIFE[:1])
    for reason in ("one", "two"):
        desk.act("c1", "note", LI, 9, Given(reason=reason))
    noted = [stored.event for stored in desk.events_of("c1")[1:]]
    assert [(event.at, event.evidence["reason"]) for event in noted] == [(9, "one"), (10, "two")]


def test_another_desk_sees_what_is_committed(desk: Desk, open_desk: Callable[[], Desk]) -> None:
    desk.record(A_LIFE[:2])
    assert open_desk().get("c1") == desk.get("c1")
