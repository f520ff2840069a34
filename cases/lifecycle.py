"""What may happen to a case, as pure tables: (state, event) → state, and action → event.

Everything that changes a case goes through :func:`apply`; whatever the tables do not name is
refused, and the refusal says why and what would be possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from cases.case import Case, State
from cases.events import CaseEvent, EventName

TRANSITIONS: dict[tuple[State | None, EventName], State] = {
    (None, "opened"): "open",
    ("open", "joined"): "open",
    ("open", "left"): "open",
    ("open", "recovered"): "recovered",
    ("open", "closed"): "closed",
    ("recovered", "joined"): "recovered",
    ("recovered", "left"): "recovered",
    ("recovered", "relapsed"): "open",
    ("recovered", "closed"): "closed",
}
"""A case that is not there has the state None. Nothing leads out of ``closed``: a fault that
comes back after it is a new case."""

ActionName = Literal["close"]


@dataclass(frozen=True, slots=True)
class Action:
    """What a person may do: the event it makes, and what it is called."""

    event: EventName
    zh: str
    en: str


ACTIONS: dict[ActionName, Action] = {
    "close": Action("closed", "结案", "close"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot happen to a case now, and what can."""

    zh: str
    en: str
    possible: tuple[str, ...] = ()


def possible_events(state: State | None) -> tuple[EventName, ...]:
    """The events that a case in ``state`` can have next."""
    return tuple(event for (before, event) in TRANSITIONS if before == state)


def possible_actions(state: State) -> tuple[ActionName, ...]:
    """What a person can do with a case in ``state``."""
    return tuple(name for name, action in ACTIONS.items() if (state, action.event) in TRANSITIONS)


def apply(case: Case | None, event: CaseEvent) -> Case | Refusal:
    """The case after ``event``, or why it cannot happen. ``case`` is None before its first."""
    before = None if case is None else case.state
    after = TRANSITIONS.get((before, event.event))
    if after is None:
        return _refusal(case, event)
    if case is None:
        return Case(
            id=event.case,
            type=event.type,
            subject=event.subject,
            state=after,
            opened_at=event.at,
            members=tuple(dict.fromkeys(event.members)),
            cause=event.cause,
            evidence=event.evidence,
            rule=event.rule,
            rule_version=event.rule_version,
            filed=event.filed,
        )
    if (case.type, case.subject) != (event.type, event.subject):
        return Refusal(
            f"案件 {case.id} 是 {case.type}({case.subject}),不是 {event.type}({event.subject})",
            f"case {case.id} is {case.type} of {case.subject}, not {event.type} of {event.subject}",
        )
    members = _members(case, event)
    if event.event == "left" and not members:
        # Its last members moved into another case: it is over, but nothing has recovered.
        after = "closed"
    return replace(
        _explained(case, event),
        state=after,
        members=members,
        recovered_at=_recovered_at(case, event),
        closed_at=event.at if after == "closed" else case.closed_at,
        version=case.version + 1,
    )


def fold(events: Iterable[CaseEvent]) -> Case | None:
    """The case that the events of one case add up to; refused ones count for nothing."""
    case: Case | None = None
    for event in events:
        outcome = apply(case, event)
        if isinstance(outcome, Case):
            case = outcome
    return case


def _refusal(case: Case | None, event: CaseEvent) -> Refusal:
    if case is None:
        return Refusal(
            f"案件 {event.case} 不存在,不能有 {event.event}",
            f"case {event.case} is not there, so it cannot have {event.event!r}",
            possible_events(None),
        )
    return Refusal(
        f"案件 {case.id} 的状态是 {case.state},不能有 {event.event}",
        f"case {case.id} is {case.state}, so it cannot have {event.event!r}",
        possible_events(case.state),
    )


def _members(case: Case, event: CaseEvent) -> tuple[str, ...]:
    match event.event:
        case "joined":
            return tuple(dict.fromkeys((*case.members, *event.members)))
        case "left":
            gone = set(event.members)
            return tuple(member for member in case.members if member not in gone)
    return tuple(dict.fromkeys(event.members))


def _recovered_at(case: Case, event: CaseEvent) -> int | None:
    match event.event:
        case "recovered":
            return event.at
        case "relapsed":
            return None
    return case.recovered_at


def _explained(case: Case, event: CaseEvent) -> Case:
    """The case with the event's reasons, where the event says why the case is open."""
    if event.event != "relapsed":
        return case
    return replace(
        case,
        cause=event.cause or case.cause,
        evidence=event.evidence or case.evidence,
        rule=event.rule or case.rule,
        rule_version=event.rule_version or case.rule_version,
    )
