"""How telemetry verifies at the desk, on every database: what ends a case, what sends it back."""

from __future__ import annotations

import pytest

from cases.actions import Given
from cases.case import Case, Stage
from cases.desk import Desk, Refused
from cases.opening import Reported
from tests.cases.made import LI, do, event, opened, report


def history(desk: Desk, case: str) -> list[str]:
    return [stored.event.event for stored in desk.events_of(case)]


def now(desk: Desk, case: str = "c1") -> Case:
    found = desk.get(case)
    assert found is not None
    return found


def test_a_sensors_case_is_not_closed_by_handing_it_in(desk: Desk) -> None:
    desk.record([opened(1, "c1")])
    case = do(desk, "c1", 2, "dispatch", "accept", "handle")
    assert (case.state, case.stage, case.handled_at) == ("open", "verifying", 2)
    with pytest.raises(Refused, match="the sensor that raised it checks it"):
        do(desk, "c1", 3, "confirm")


def test_a_recovery_that_has_held_closes_what_was_handed_in(desk: Desk) -> None:
    desk.record([opened(1, "c1")])
    do(desk, "c1", 2, "dispatch", "accept", "handle")
    verified = event(9, "verified", case="c1", evidence={"lit_min": 60}, rule="unlit")
    assert desk.record([event(3, "recovered", "L1", case="c1"), verified]) == 2
    case = now(desk)
    assert (case.state, case.stage, case.how) == ("closed", "closed", "verified")
    assert (case.verified_at, case.closed_at, case.stopped_at) == (9, 9, 2)
    assert history(desk, "c1")[-3:] == ["recovered", "verified", "closed"]
    closed = desk.events_of("c1")[-1].event
    assert (closed.evidence, closed.author, closed.rule) == ({"how": "verified"}, "rules", "unlit")
    assert desk.record([verified]) == 0
    assert history(desk, "c1")[-3:] == ["recovered", "verified", "closed"]


def test_what_had_held_before_it_was_handed_in_is_closed_then(desk: Desk) -> None:
    desk.record([opened(1, "c1")])
    do(desk, "c1", 2, "dispatch", "accept")
    desk.record([event(3, "recovered", "L1", case="c1"), event(4, "verified", case="c1")])
    case = now(desk)
    assert (case.state, case.stage, case.verified_at) == ("recovered", "handling", 4)
    case = do(desk, "c1", 5, "handle")
    assert (case.stage, case.how, case.closed_at) == ("closed", "verified", 5)
    assert history(desk, "c1")[-2:] == ["handled", "closed"]


@pytest.mark.parametrize("steps", [(), ("dispatch",), ("dispatch", "accept", "return")])
def test_what_vanishes_before_anybody_acts_has_recovered_by_itself(
    desk: Desk, steps: tuple[str, ...]
) -> None:
    desk.record([opened(1, "c1")])
    if steps:
        do(desk, "c1", 2, *steps)  # type: ignore[arg-type]
    desk.record([event(3, "recovered", "L1", case="c1"), event(4, "verified", case="c1")])
    assert (now(desk).stage, now(desk).how) == ("closed", "self_recovered")


def test_what_is_seen_still_at_fault_goes_back_with_what_was_seen(desk: Desk) -> None:
    desk.record([opened(1, "c1")])
    do(desk, "c1", 2, "dispatch", "accept", "handle")
    seen = event(3, "persisted", "L1", case="c1", evidence={"power_w": 0.3})
    assert desk.record([seen]) == 1
    case = now(desk)
    assert (case.stage, case.reworks, case.handled_at) == ("handling", 1, None)
    assert case.evidence == {}, "why it was opened is not hidden"
    back = desk.events_of("c1")[-1].event
    assert (back.event, back.author, back.evidence) == ("reworked", "rules", {"power_w": 0.3})
    do(desk, "c1", 4, "handle")
    desk.record([event(5, "persisted", "L1", case="c1")])
    assert now(desk).reworks == 2


@pytest.mark.parametrize("stage", ["filed", "handling"])
def test_persisting_means_nothing_before_it_was_handed_in(desk: Desk, stage: Stage) -> None:
    desk.record([opened(1, "c1")])
    if stage == "handling":
        do(desk, "c1", 2, "dispatch", "accept")
    assert desk.record([event(3, "persisted", "L1", case="c1")]) == 0
    assert desk.refused == 1
    assert now(desk).stage == stage


def test_a_fault_that_comes_back_while_it_waits_goes_on_waiting(desk: Desk) -> None:
    desk.record([opened(1, "c1"), event(2, "recovered", "L1", case="c1")])
    do(desk, "c1", 3, "dispatch", "accept", "handle")
    desk.record([event(4, "relapsed", "L1", case="c1")])
    case = now(desk)
    assert (case.state, case.stage, case.stopped_at) == ("open", "verifying", 3)
    assert desk.record([event(5, "verified", case="c1")]) == 0, "it has not recovered"
    desk.record([event(6, "recovered", "L1", case="c1"), event(7, "verified", case="c1")])
    assert now(desk).how == "verified"


def test_a_relapse_takes_the_verification_back(desk: Desk) -> None:
    desk.record([opened(1, "c1")])
    do(desk, "c1", 2, "dispatch", "accept")
    desk.record(
        [
            event(3, "recovered", "L1", case="c1"),
            event(4, "verified", case="c1"),
            event(5, "relapsed", "L1", case="c1"),
        ]
    )
    assert now(desk).verified_at is None
    assert do(desk, "c1", 6, "handle").stage == "verifying"


def test_without_sensors_a_person_checks(desk: Desk) -> None:
    case = report(desk, Reported("R1"), 1)
    assert (
        desk.record([event(2, "recovered", case=case.id, type=case.type, subject=case.subject)])
        == 0
    )
    with pytest.raises(Refused, match="no sensor"):
        do(desk, case.id, 2, "override")


def test_a_persons_word_against_the_sensors_is_told_apart(desk: Desk) -> None:
    desk.record([opened(1, "c1"), opened(1, "c2")])
    assert do(desk, "c1", 2, "override").how == "overridden"
    void = desk.act("c2", "void", LI, 2, Given(reason="a drill"))
    assert (void.state, void.stage, void.how, void.closed_at) == ("closed", "void", "void", 2)
    assert history(desk, "c2") == ["opened", "voided"]
