"""What people may do with a case: by stage, role, unit and street, and what they must say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cases.actions import ACTION_NAMES, ActionName, Given, WrongField, decide, possible_actions
from cases.case import Case, Stage
from cases.events import CaseEvent
from cases.filing.filed import Filed
from cases.lifecycle import Refusal, apply
from cases.people.who import Role, Who
from facility.clock import DAY, HOUR
from tests.cases.made import DISPATCHER, HANDLER, LI, SAYS, UNIT, opened

FILED = Filed("s", "v", "0137", "out", 2, "working_day", 100 * DAY)
CASE = Case(
    "c1",
    "streetlight.unlit",
    "streetlight:L1",
    "open",
    0,
    ("L1",),
    filed=FILED,
    unit=UNIT,
    street="410105001",
)
REPORTED = replace(CASE, source="resident", type="reported", subject="report:1")

BY_STAGE: list[tuple[Case, Stage, str]] = [
    (REPORTED, "reported", "file void supervise note"),
    (CASE, "filed", "dispatch suspend override void supervise note"),
    (
        CASE,
        "dispatched",
        "dispatch accept return request_extension suspend override void supervise note",
    ),
    (CASE, "handling", "return request_extension suspend handle override void supervise note"),
    (REPORTED, "handled", "check rework void supervise note"),
    (CASE, "verifying", "rework override void supervise note"),
    (REPORTED, "verifying", "confirm rework void supervise note"),
    (replace(CASE, state="closed"), "closed", ""),
    (replace(CASE, state="closed"), "void", ""),
]

MAY: dict[Role, str] = {
    "viewer": "",
    "operator": "file check confirm rework note",
    "dispatcher": "file dispatch extend refuse_extension suspend resume check confirm rework "
    "override void note",
    "handler": "accept return request_extension handle note",
    "supervisor": "file dispatch extend refuse_extension suspend resume check confirm rework "
    "override void supervise unsupervise note",
    "admin": " ".join(ACTION_NAMES),
}


def given(action: ActionName, now: int = 0) -> Given:
    return Given(reason="x", until=now + DAY) if action == "suspend" else SAYS.get(action, Given())


def done(case: Case, action: ActionName, at: int = HOUR, **said: Any) -> Case:
    """The case after the action."""
    event = decide(case, action, LI, at, Given(**said) if said else given(action, at))
    assert isinstance(event, CaseEvent), event
    after = apply(case, event)
    assert isinstance(after, Case), after
    return after


def why(case: Case, action: ActionName, who: Who = LI, at: int = HOUR) -> Refusal:
    refusal = decide(case, action, who, at, given(action, at))
    assert isinstance(refusal, Refusal)
    return refusal


@pytest.mark.parametrize(("case", "stage", "possible"), BY_STAGE)
def test_what_is_possible_depends_on_the_stage(case: Case, stage: Stage, possible: str) -> None:
    case = replace(case, stage=stage)
    assert possible_actions(case, LI, HOUR) == tuple(possible.split())
    for action in ACTION_NAMES:
        if action not in possible.split():
            refusal = why(case, action)
            assert refusal.possible == tuple(possible.split())
            assert not refusal.forbidden
            assert "c1" in refusal.zh


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("action", ACTION_NAMES)
def test_who_may_do_what(role: Role, action: ActionName) -> None:
    asked = replace(CASE, stage="handling", extension_asked_at=1)
    case = next(
        (
            replace(one, stage=stage)
            for one, stage, possible in BY_STAGE
            if action in possible.split()
        ),
        asked,
    )
    if action == "resume":
        case = replace(case, suspended_until=DAY, paused_since=1)
    if action == "unsupervise":
        case = replace(case, supervision=1)
    outcome = decide(case, action, Who("Wu", role, UNIT), HOUR, given(action, HOUR))
    if action in MAY[role].split():
        assert isinstance(outcome, CaseEvent), outcome
        assert outcome.author == "Wu"
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.forbidden
        assert action not in outcome.possible


def test_a_handler_acts_for_the_own_unit_alone() -> None:
    case = replace(CASE, stage="dispatched")
    for stranger in (Who("Wu", "handler", "别的单位"), Who("Wu", "handler")):
        assert why(case, "accept", stranger).forbidden
        assert possible_actions(case, stranger, HOUR) == ()
    assert "accept" in possible_actions(case, HANDLER, HOUR)
    assert why(replace(case, unit=None), "note", HANDLER).forbidden


def test_whoever_has_streets_acts_there_alone() -> None:
    case = replace(CASE, stage="filed")
    here = Who("Wu", "dispatcher", None, ("410105001", "410105002"))
    elsewhere = Who("Wu", "dispatcher", None, ("410105002",))
    assert "dispatch" in possible_actions(case, here, HOUR)
    assert why(case, "dispatch", elsewhere).forbidden
    assert why(replace(case, street=None), "dispatch", here).forbidden
    assert "dispatch" in possible_actions(case, replace(elsewhere, role="admin"), HOUR)


@pytest.mark.parametrize(
    ("action", "said", "field"),
    [
        ("dispatch", {}, "unit"),
        ("dispatch", {"unit": " "}, "unit"),
        ("dispatch", {"unit": "u" * 101}, "unit"),
        ("suspend", {"reason": "x"}, "until"),
        ("suspend", {"until": 2 * HOUR}, "reason"),
        ("suspend", {"until": HOUR, "reason": "x"}, "until"),
        ("suspend", {"until": HOUR + 367 * DAY, "reason": "x"}, "until"),
        ("supervise", {"reason": "x"}, "level"),
        ("supervise", {"reason": "x", "level": 0}, "level"),
        ("supervise", {"reason": "x", "level": 1, "term": HOUR}, "term"),
        ("void", {}, "reason"),
        ("void", {"reason": "a\0b"}, "reason"),
        ("void", {"reason": "x", "level": 1}, "level"),
        ("note", {"reason": "x", "unit": UNIT}, "unit"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    action: ActionName, said: dict[str, Any], field: str
) -> None:
    with pytest.raises(WrongField) as wrong:
        decide(replace(CASE, stage="filed"), action, LI, HOUR, Given(**said))
    assert wrong.value.field == field
    assert field in str(wrong.value)


def test_an_extension_is_asked_for_then_granted_or_refused() -> None:
    case = replace(CASE, stage="handling")
    assert "nobody asked" in why(case, "extend").en
    asked = done(case, "request_extension")
    assert asked.extension_asked_at == HOUR
    assert "waits for its answer" in why(asked, "request_extension").en
    refused = done(asked, "refuse_extension")
    assert (refused.extension_asked_at, refused.extensions) == (None, 0)
    twice = done(
        done(done(done(case, "request_extension"), "extend"), "request_extension"), "extend"
    )
    assert twice.extensions == 2
    assert "twice" in why(twice, "request_extension").en


def test_what_is_late_is_not_extended() -> None:
    case = replace(CASE, stage="handling", filed=replace(FILED, deadline=HOUR))
    assert isinstance(decide(case, "request_extension", LI, HOUR, Given(reason="x")), CaseEvent)
    asked = done(case, "request_extension")
    for one, action in ((case, "request_extension"), (asked, "extend")):
        assert "late" in why(one, action, at=HOUR + 1).en  # type: ignore[arg-type]
    assert done(asked, "refuse_extension", at=HOUR + 1).extension_asked_at is None
    assert "no limit" in why(replace(case, filed=None), "request_extension").en


def test_a_suspended_case_waits_until_it_is_resumed() -> None:
    case = done(replace(CASE, stage="handling"), "suspend")
    assert (case.stage, case.paused_since, case.suspended_until) == ("handling", HOUR, HOUR + DAY)
    possible = possible_actions(case, LI, 2 * HOUR)
    assert possible == ("resume", "override", "void", "supervise", "note")
    back = done(case, "resume", at=3 * HOUR)
    assert (back.paused_since, back.suspended_until, back.pauses) == (
        None,
        None,
        ((HOUR, 3 * HOUR),),
    )
    assert "not suspended" in why(back, "resume").en


def test_a_returned_case_is_nobodys_and_its_clock_stands_still() -> None:
    case = replace(CASE, stage="dispatched", dispatched_at=0)
    handling = done(case, "accept", at=1)
    assert (handling.handler, handling.accepted_at) == ("Li", 1)
    returned = done(handling, "return", at=2)
    assert (returned.stage, returned.unit, returned.handler) == ("filed", None, None)
    assert (returned.accepted_at, returned.paused_since, returned.stopped_at) == (None, 2, 2)
    # Suspended and resumed meanwhile, it still has no unit.
    waiting = done(done(returned, "suspend", at=3), "resume", at=4)
    assert (waiting.paused_since, waiting.suspended_until) == (2, None)
    again = done(waiting, "dispatch", at=7)
    assert (again.dispatched_at, again.pauses, again.stopped_at) == (0, ((2, 7),), None)


def test_a_case_handed_over_to_another_unit_before_it_was_accepted() -> None:
    first = done(replace(CASE, stage="filed", unit=None), "dispatch", unit="甲")
    second = done(first, "dispatch", at=2 * HOUR, unit="乙")
    assert (second.unit, second.dispatched_at) == ("乙", HOUR)


def test_a_rework_takes_the_handing_in_back() -> None:
    case = replace(REPORTED, stage="handling")
    handled = done(case, "handle")
    assert (handled.stage, handled.handled_at, handled.stopped_at) == ("handled", HOUR, HOUR)
    for one in (handled, done(handled, "check")):
        back = done(one, "rework")
        assert (back.stage, back.reworks, back.handled_at) == ("handling", 1, None)


def test_supervision_has_a_level_and_an_end() -> None:
    case = done(replace(CASE, stage="filed"), "supervise", reason="x", level=2, term=2 * HOUR)
    assert case.supervision == 2
    assert done(case, "unsupervise").supervision == 0


def test_the_event_keeps_what_was_given() -> None:
    event = decide(
        replace(CASE, stage="filed"),
        "suspend",
        DISPATCHER,
        HOUR,
        Given(reason=" road works ", until=2 * HOUR),
    )
    assert isinstance(event, CaseEvent)
    assert event.evidence == {"reason": "road works", "until": "1970-01-01T02:00:00Z"}
    assert (event.case, event.type, event.members) == ("c1", "streetlight.unlit", ("L1",))


def test_nothing_but_opening_can_happen_to_no_case() -> None:
    outcome = apply(None, replace(opened(1, "c9"), event="dispatched"))
    assert isinstance(outcome, Refusal)
    assert outcome.possible == ("opened",)
