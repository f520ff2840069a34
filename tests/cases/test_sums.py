"""A case row always equals the fold of its events, whatever comes, how often, from how many."""

from __future__ import annotations

import itertools
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.actions import ACTION_NAMES, ActionName, Given, possible_actions
from cases.case import Case, is_overdue
from cases.desk import Desk, Refused
from cases.events import CaseEvent, SensorEvent
from cases.lifecycle import fold
from cases.listing import CaseFilter
from cases.opening import Periodic, Reported
from facility.clock import DAY, HOUR
from tests.cases.filings import FILING, local
from tests.cases.made import LI, SAYS, UNIT, close, event, opened, report

START = local("2026-02-13 16:00")

NAMES: tuple[SensorEvent, ...] = get_args(SensorEvent)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(NAMES),
        st.sampled_from(["a", "b"]),
        st.lists(st.sampled_from(["L1", "L2", "L3"]), max_size=3),
    ),
    max_size=12,
)
_example = itertools.count()


@pytest.fixture
def filing_desk(url: str) -> Iterator[Desk]:
    with closing(Desk(url, FILING)) as desk:
        yield desk


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, cut=st.integers(0, 12), again=st.integers(0, 12))
def test_a_row_is_the_fold_of_its_events(
    desk: Desk,
    steps: list[tuple[int, SensorEvent, str, list[str]]],
    cut: int,
    again: int,
) -> None:
    number = next(_example)
    events = [
        event(at, name, *members, case=f"{number}{which}") for at, name, which, members in steps
    ]
    desk.record(events[:cut])
    desk.record(events[cut:])
    ids = [f"{number}a", f"{number}b"]
    cases = {case_id: desk.get(case_id) for case_id in ids}
    for case_id, case in cases.items():
        assert case == fold(stored.event for stored in desk.events_of(case_id))
    last = desk.last_seq()
    kept = [stored.event for case_id in ids for stored in desk.events_of(case_id)]
    desk.record(kept[:again])
    desk.record(kept[:again])
    assert desk.last_seq() == last
    assert {case_id: desk.get(case_id) for case_id in ids} == cases


WALK = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.sampled_from(NAMES), st.sampled_from(ACTION_NAMES), st.just("resume_due")),
        st.lists(st.sampled_from(["L1", "L2"]), max_size=2),
    ),
    max_size=16,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(walk=WALK, source=st.sampled_from(["sensor", "resident", "schedule"]))
def test_whatever_people_sensors_and_the_clock_do_a_row_is_the_fold_of_its_events(
    filing_desk: Desk, walk: list[tuple[int, str, list[str]]], source: str
) -> None:
    desk, at = filing_desk, START + next(_example) * DAY
    first = _opens(desk, at, source)
    for later, step, members in walk:
        at += later * HOUR
        if step == "resume_due":
            desk.resume_due(at)
        elif step in ACTION_NAMES:
            _try(desk, first.id, step, at)
        else:
            about = {"type": first.type, "subject": first.subject, "case": first.id}
            desk.record([event(at, step, *members, **about)])  # type: ignore[arg-type]
        _holds(desk, first.id, at)


def _opens(desk: Desk, at: int, source: str) -> Case:
    if source == "resident":
        return report(desk, Reported(f"R{at}", "L201", "damaged"), at)
    if source == "schedule":
        return desk.open_periodic(Periodic(f"S{at}", "L201", "damaged", unit=UNIT), at)
    desk.record([opened(at, f"s{at}")])
    case = desk.get(f"s{at}")
    assert case is not None
    return case


def _try(desk: Desk, case_id: str, action: ActionName, at: int) -> None:
    """The action, which is done if and only if the case says that it is possible."""
    case = desk.get(case_id)
    assert case is not None
    said = SAYS.get(action, Given())
    if action == "suspend":
        said = Given(reason="x", until=at + 2 * HOUR)
    if action in possible_actions(case, LI, at):
        assert desk.act(case_id, action, LI, at, said).version > case.version
    else:
        with pytest.raises(Refused):
            desk.act(case_id, action, LI, at, said)


def _holds(desk: Desk, case_id: str, at: int) -> None:
    """What is true of every case."""
    case = desk.get(case_id)
    assert case is not None
    assert case == fold(stored.event for stored in desk.events_of(case_id))
    over = case.state == "closed"
    assert over == (case.stage in ("closed", "void")) == (case.closed_at is not None)
    assert over == (case.how is not None) == (possible_actions(case, LI, at) == ())
    assert (case.stage == "void") == (case.how == "void")
    assert case.extensions <= 2
    assert case.how != "confirmed" or case.source != "sensor"
    assert case.how != "verified" or (case.handled_at and case.verified_at)
    assert case.how != "self_recovered" or case.accepted_at is None
    assert case.suspended_until is None or case.paused_since is not None
    late = desk.listing(CaseFilter(subject=case.subject, overdue_at=at), 10).items
    assert (case in late) == is_overdue(case, at)


def test_threads_that_record_and_act_at_once_lose_nothing(
    desk: Desk, open_desk: Callable[[], Desk]
) -> None:
    desk.record([opened(0, f"c{number}") for number in range(4)])
    seen: list[int] = []
    done = threading.Event()
    closed: list[str] = []

    def join(who: int) -> None:
        mine = open_desk()
        for at in range(1, 16):
            mine.record([event(at, "joined", f"L{who}-{at}", case="c0")])

    def end() -> None:
        mine = open_desk()
        for number in range(1, 4):
            try:
                closed.append(close(mine, f"c{number}", 5).id)
            except Refused:
                continue

    def follow() -> None:
        mine = open_desk()
        while True:
            finished = done.is_set()
            new = mine.events_after(seen[-1] if seen else 0, 7)
            seen.extend(stored.seq for stored in new)
            if finished and not new:
                return

    writers = [threading.Thread(target=join, args=(who,)) for who in range(3)]
    writers += [threading.Thread(target=end) for _ in range(2)]
    follower = threading.Thread(target=follow)
    for thread in [*writers, follower]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    follower.join()

    case = desk.get("c0")
    assert case is not None
    assert case == fold(stored.event for stored in desk.events_of("c0"))
    assert len(case.members) == 1 + 3 * 15
    assert sorted(closed) == ["c1", "c2", "c3"], "each is closed by one of the two"
    assert len(seen) == desk_events(desk) == 4 + 3 * 15 + 3 * 2
    assert seen == sorted(seen)


def test_processes_that_record_at_once_lose_nothing(desk: Desk, url: str) -> None:
    desk.record([opened(0, "c1")])
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_join_from_elsewhere, args=(url, who)) for who in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    case = desk.get("c1")
    assert case is not None
    assert case == fold(stored.event for stored in desk.events_of("c1"))
    assert len(case.members) == 1 + 2 * 20


def desk_events(desk: Desk) -> int:
    """How many events the desk has kept."""
    return len(desk.events_after(0, 1_000_000))


def _join_from_elsewhere(url: str, who: int) -> None:
    desk = Desk(url)
    for at in range(1, 21):
        events: list[CaseEvent] = [event(at, "joined", f"L{who}-{at}")]
        desk.record(events)
    desk.close()
