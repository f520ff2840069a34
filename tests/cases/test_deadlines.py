"""When a case is due: worked by hand around the long holidays, and its laws by property."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.actions import ActionName, Given, decide
from cases.case import Case, is_overdue
from cases.deadlines import lapsed, limit_of, ran, with_deadline
from cases.desk import Desk
from cases.events import CaseEvent
from cases.filing.calendar import Span
from cases.filing.working_clock import elapsed
from cases.lifecycle import apply
from facility.clock import DAY, HOUR, MINUTE
from tests.cases.filings import FILING, SHANGHAI, local
from tests.cases.made import LI, SAYS, UNIT, made, opened


@pytest.fixture
def filing_desk(url: str) -> Iterator[Desk]:
    with closing(Desk(url, FILING)) as desk:
        yield desk


def due(case: Case) -> int:
    assert case.filed is not None
    return case.filed.deadline


def test_around_the_spring_festival(filing_desk: Desk) -> None:
    """Two working days. Saturday the 14th is worked, the 15th to the 23rd free, the 28th worked."""
    desk = filing_desk

    def does(action: ActionName, at: str, **said: object) -> int:
        case = desk.act("c1", action, LI, local(at), Given(**said))  # type: ignore[arg-type]
        assert case == desk.get("c1")
        return due(case)

    desk.record([opened(local("2026-02-13 16:00"), "c1")])
    case = desk.get("c1")
    assert case is not None
    assert due(case) == local("2026-02-24 16:00"), "provisionally"
    assert does("dispatch", "2026-02-14 10:00", unit=UNIT) == local("2026-02-25 10:00")
    assert does("accept", "2026-02-14 11:00") == local("2026-02-25 10:00")
    assert does("request_extension", "2026-02-24 09:00", reason="x") == local("2026-02-25 10:00")
    assert does("extend", "2026-02-24 10:00") == local("2026-02-27 10:00")
    until = local("2026-02-26 08:00")
    assert does("suspend", "2026-02-24 12:00", reason="x", until=until) == local("2026-02-28 16:00")
    assert does("resume", "2026-02-25 08:00") == local("2026-02-27 16:00"), "sooner than it was set"
    assert does("handle", "2026-02-27 15:59", result="x") == local("2026-02-27 16:00")


def test_around_national_day(filing_desk: Desk) -> None:
    """Two working days. 1 to 7 October are free, Saturday the 10th is worked."""
    desk = filing_desk
    desk.record([opened(local("2026-09-30 09:00"), "c1")])
    case = desk.act("c1", "dispatch", LI, local("2026-09-30 15:00"), Given(unit=UNIT))
    assert due(case) == local("2026-10-09 15:00")
    case = desk.act("c1", "return", LI, local("2026-10-08 10:00"), Given(reason="not ours"))
    assert ran(case, local("2026-10-09 18:00"), SHANGHAI) == 5 * HOUR, "it stands still"
    assert not is_overdue(case, local("2026-10-20 10:00"))
    case = desk.act("c1", "dispatch", LI, local("2026-10-10 08:00"), Given(unit="another"))
    assert due(case) == local("2026-10-12 11:00")
    assert not is_overdue(case, local("2026-10-12 11:00"))
    assert is_overdue(case, local("2026-10-12 11:00") + 1)


def test_a_suspension_ends_by_itself_when_it_was_set_to(filing_desk: Desk) -> None:
    desk, start = filing_desk, local("2026-06-22 09:00")
    desk.record([opened(start, "c1"), opened(start, "c2")])
    until = start + 30 * DAY
    for case_id in ("c1", "c2"):
        desk.act(case_id, "suspend", LI, start + HOUR, Given(reason="x", until=until))
    desk.act("c2", "void", LI, start + 2 * HOUR, Given(reason="x"))
    assert desk.resume_due(until - 1) == 0
    assert desk.resume_due(until + 5 * MINUTE) == 1
    assert desk.resume_due(until + 6 * MINUTE) == 0
    case = desk.get("c1")
    assert case is not None
    assert (case.pauses, case.paused_since) == ((Span(start + HOUR, until),), None)
    assert desk.events_of("c1")[-1].event.author == "clock"
    assert lapsed(case, until + DAY) == ()


def test_a_case_is_late_by_what_stopped_its_clock_first() -> None:
    filed = FILING.filed(opened(local("2026-06-22 09:00"), "c1"))
    assert filed is not None
    case = replace(made(opened(0, "c1")), filed=filed)
    on_time, late = filed.deadline, filed.deadline + 1
    for stops, overdue in (
        ({}, True),
        ({"handled_at": on_time}, False),
        ({"handled_at": late, "recovered_at": on_time}, False),
        ({"handled_at": on_time, "recovered_at": late, "closed_at": late}, False),
        ({"closed_at": late}, True),
        ({"paused_since": on_time}, False),
        ({"paused_since": late}, True),
    ):
        assert is_overdue(replace(case, **stops), late) is overdue  # type: ignore[arg-type]


START = local("2026-02-10 09:00")
ACTIONS: list[ActionName] = [
    "dispatch",
    "accept",
    "return",
    "request_extension",
    "extend",
    "suspend",
    "resume",
    "handle",
    "rework",
]
STEPS = st.lists(st.tuples(st.integers(MINUTE, 4 * DAY), st.sampled_from(ACTIONS)), max_size=14)
TYPES = st.sampled_from(["streetlight.unlit", "streetlight.day_burning", "cover.displaced"])


def lived(type_: str, steps: list[tuple[int, ActionName]]) -> tuple[list[Case], int]:
    """A case after each action that it allowed, and the time of the last."""
    subject = "cover:M-water" if type_ == "cover.displaced" else "streetlight:L1"
    first = opened(START, "c1", type=type_, subject=subject)
    case = made(replace(first, filed=FILING.filed(first)))
    at, lives = START, [case]
    for later, action in steps:
        at += later
        said = SAYS.get(action, Given())
        if action == "suspend":
            said = Given(reason="x", until=at + 10 * DAY)
        event = decide(case, action, LI, at, said)
        if isinstance(event, CaseEvent):
            after = apply(case, with_deadline(case, event, SHANGHAI))
            assert isinstance(after, Case)
            case = after
            lives.append(case)
    return lives, at


LAWS = settings(max_examples=80, deadline=None)


@LAWS
@given(type_=TYPES, steps=STEPS, more=st.integers(0, 30 * DAY))
def test_what_has_run_at_the_deadline_is_the_limit(
    type_: str, steps: list[tuple[int, ActionName]], more: int
) -> None:
    lives, at = lived(type_, steps)
    case = lives[-1]
    before = ran(case, at, SHANGHAI)
    after = ran(case, at + more, SHANGHAI)
    limit = limit_of(case, SHANGHAI)
    assert before is not None
    assert after is not None
    assert limit is not None
    assert 0 <= before <= after, "it never runs back"
    if case.stopped_at is not None:
        assert before == after, "it stands still"
    else:
        assert ran(case, due(case), SHANGHAI) == limit, "the one is the other's reverse"
        assert is_overdue(case, at) == (before > limit or (before == limit and at > due(case)))


@LAWS
@given(type_=TYPES, steps=STEPS)
def test_what_has_run_is_the_sum_of_the_time_between_the_pauses(
    type_: str, steps: list[tuple[int, ActionName]]
) -> None:
    lives, at = lived(type_, steps)
    case = lives[-1]
    assert case.filed is not None
    edges = [case.dispatched_at or case.opened_at]
    for begin, end in case.pauses:
        if end > edges[0]:
            edges += [max(begin, edges[0]), end]
    edges.append(at if case.stopped_at is None else max(case.stopped_at, edges[-1]))
    runs = zip(edges[::2], edges[1::2], strict=True)
    whole = sum(elapsed(begin, end, case.filed.clock, SHANGHAI) for begin, end in runs)
    assert ran(case, at, SHANGHAI) == whole


@LAWS
@given(type_=TYPES, steps=STEPS)
def test_an_extension_or_a_pause_never_brings_the_deadline_nearer(
    type_: str, steps: list[tuple[int, ActionName]]
) -> None:
    lives, _ = lived(type_, steps)
    for before, after in itertools.pairwise(lives):
        resumed = before.suspended_until is not None and after.suspended_until is None
        assert resumed or due(after) >= due(before)
        assert after.extensions <= 2
