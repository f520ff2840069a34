"""Events for tests, in one line each."""

from __future__ import annotations

from typing import Any

from cases.actions import ActionName, Given
from cases.case import Case
from cases.database import writing
from cases.desk import Desk, Refused
from cases.events import CaseEvent, EventName
from cases.lifecycle import fold
from cases.opening import Reported, reported
from cases.people.who import Who
from cases.turn import Turn

LI = Who("Li", "admin")
UNIT = "照明管理所"
OPERATOR = Who("Zhao", "operator")
DISPATCHER = Who("Qian", "dispatcher")
HANDLER = Who("Sun", "handler", UNIT)
SUPERVISOR = Who("Zhou", "supervisor")
SAYS: dict[ActionName, Given] = {
    "dispatch": Given(unit=UNIT),
    "return": Given(reason="not ours"),
    "request_extension": Given(reason="parts on order"),
    "refuse_extension": Given(reason="there is time"),
    "handle": Given(result="cable replaced"),
    "rework": Given(reason="still dark"),
    "override": Given(reason="seen to"),
    "void": Given(reason="a drill"),
    "supervise": Given(reason="hospital road", level=2),
    "note": Given(reason="called the unit"),
}
"""What is given with an action where it does not matter; a suspension needs a time."""


def event(at: int, name: EventName, *members: str, case: str = "c1", **more: Any) -> CaseEvent:
    """An event of an unlit segment's case."""
    values: dict[str, Any] = {"type": "streetlight.segment_unlit", "subject": "segment:S1"}
    return CaseEvent(at=at, event=name, case=case, members=members, **{**values, **more})


def opened(at: int, case: str, **more: Any) -> CaseEvent:
    """The first event of a case of one lamp."""
    return event(at, "opened", "L1", case=case, **more)


def report(desk: Desk, what: Reported, at: int) -> Case:
    """The case that a resident's report opens."""
    filed = desk.filing.filed_under(what.code, what.condition, at) if desk.filing else None
    return _added(desk, reported(what, at, filed, desk.filing))


def join_report(desk: Desk, case: Case, number: str, at: int) -> Case:
    """The case with one more resident's report. Refused where it is closed."""
    values = {"type": case.type, "subject": case.subject, "author": "resident"}
    return _added(desk, event(at, "noted", case=case.id, evidence={"report": number}, **values))


def _added(desk: Desk, new: CaseEvent) -> Case:
    with writing(desk._engine) as connection:
        turn = Turn(connection, {new.case}, desk.filing.calendar if desk.filing else None)
        if refusal := turn.add(turn.unused(new)):
            raise Refused(refusal)
        turn.keep(desk.hooks)
        return turn.cases[new.case]


def close(desk: Desk, case: str, at: int, reason: str = "repaired") -> Case:
    """The case closed by a person, against its sensors."""
    return desk.act(case, "override", LI, at, Given(reason=reason))


def do(desk: Desk, case: str, at: int, *actions: ActionName) -> Case:
    """Does the actions one after another, at one time."""
    for action in actions:
        who = HANDLER if action in ("accept", "return", "request_extension", "handle") else LI
        done = desk.act(case, action, who, at, SAYS.get(action, Given()))
    return done


def made(*events: CaseEvent) -> Case:
    """The case that the events add up to."""
    case = fold(events)
    assert case is not None
    return case
