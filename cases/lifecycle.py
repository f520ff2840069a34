"""A case is the sum of its events: :func:`apply` adds one, :func:`fold` all of them.

Everything that changes a case goes through :func:`apply`; whatever the tables of cases/stages.py
do not name is refused, and the refusal says why and what would be possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from cases.case import Case, Stage, State
from cases.events import CaseEvent, EventName, Opening
from cases.filing.calendar import Span
from cases.stages import STAGE_AFTER, STAGE_ZH, STATE_AFTER, Bar, bar, stage_after
from facility.clock import from_rfc3339


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot happen to a case now, and what can.

    ``forbidden``: it is the person who may not, whatever the case.
    """

    zh: str
    en: str
    possible: tuple[str, ...] = ()
    forbidden: bool = False


def possible_events(case: Case | None) -> tuple[EventName, ...]:
    """The events that a case can have next, by the tables."""
    if case is None:
        return ("opened",)
    sensed = [event for (state, event) in STATE_AFTER if state == case.state]
    staged = [event for event, stages in STAGE_AFTER.items() if case.stage in stages]
    return tuple(event for event in (*sensed, *staged) if bar(case, event, case.changed_at) is None)


def apply(case: Case | None, event: CaseEvent) -> Case | Refusal:
    """The case after ``event``, or why it cannot happen. ``case`` is None before its first."""
    if case is None:
        return _opened(event) if event.event == "opened" else _not_there(event)
    if (case.type, case.subject) != (event.type, event.subject):
        return Refusal(
            f"案件 {case.id} 是 {case.type}({case.subject}),不是 {event.type}({event.subject})",
            f"case {case.id} is {case.type} of {case.subject}, not {event.type} of {event.subject}",
        )
    after = _after(case, event)
    if after is None:
        return _impossible(case, event)
    if why := bar(case, event.event, event.at):
        return _impossible(case, event, why)
    state, stage = after
    changes: dict[str, Any] = {"state": state, "stage": stage}
    if changed := _CHANGES.get(event.event):
        changes |= changed(case, event)
    if event.event == "left" and not changes["members"]:
        # Its last members moved into another case: it is over, but nothing has recovered.
        changes |= {"state": "closed", "stage": "closed", "closed_at": event.at, "how": "merged"}
    return replace(
        case,
        filed=event.filed or case.filed,
        version=case.version + 1,
        changed_at=event.at,
        **changes,
    )


def fold(events: Iterable[CaseEvent]) -> Case | None:
    """The case that the events of one case add up to; refused ones count for nothing."""
    case: Case | None = None
    for event in events:
        outcome = apply(case, event)
        if isinstance(outcome, Case):
            case = outcome
    return case


def _after(case: Case, event: CaseEvent) -> tuple[State, Stage] | None:
    """State and stage after the event; None where no table names it."""
    if event.event in STAGE_AFTER:
        stage = stage_after(case, event)
        if stage is None:
            return None
        return ("closed" if stage == "void" else case.state), stage
    state = STATE_AFTER.get((case.state, event.event))  # type: ignore[arg-type]
    if state is None:
        return None
    return state, ("closed" if state == "closed" else case.stage)


def _opened(event: CaseEvent) -> Case:
    opening = event.opening or Opening()
    return Case(
        id=event.case,
        type=event.type,
        subject=event.subject,
        state="open",
        opened_at=event.at,
        members=_each_once(event.members),
        cause=event.cause,
        evidence=event.evidence,
        rule=event.rule,
        rule_version=event.rule_version,
        filed=event.filed,
        changed_at=event.at,
        source=opening.source,
        stage="reported" if opening.source == "resident" else "filed",
        street=opening.street,
        cell=opening.cell,
        lon=opening.lon,
        lat=opening.lat,
        previous=opening.previous,
        filed_at=None if opening.source == "resident" else event.at,
        reports=1 if opening.source == "resident" else 0,
    )


def _joined(case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"members": _each_once((*case.members, *event.members))}


def _left(case: Case, event: CaseEvent) -> dict[str, Any]:
    gone = set(event.members)
    return {"members": tuple(member for member in case.members if member not in gone)}


def _recovered(_: Case, event: CaseEvent) -> dict[str, Any]:
    return {"members": _each_once(event.members), "recovered_at": event.at}


def _relapsed(case: Case, event: CaseEvent) -> dict[str, Any]:
    """It is open again, for the reasons that the event gives."""
    return {
        "members": _each_once(event.members),
        "recovered_at": None,
        "verified_at": None,
        "cause": event.cause or case.cause,
        "evidence": event.evidence or case.evidence,
        "rule": event.rule or case.rule,
        "rule_version": event.rule_version or case.rule_version,
    }


def _closed(_: Case, event: CaseEvent) -> dict[str, Any]:
    # Before stages existed a case was closed by a person alone, and nothing said how.
    how = event.evidence.get("how", "overridden")
    return {"members": _each_once(event.members), "closed_at": event.at, "how": how}


def _dispatched(case: Case, event: CaseEvent) -> dict[str, Any]:
    first = event.at if case.dispatched_at is None else case.dispatched_at
    return {"unit": event.evidence.get("unit"), "dispatched_at": first, **_run_on(case, event)}


def _accepted(_: Case, event: CaseEvent) -> dict[str, Any]:
    return {"accepted_at": event.at, "handler": event.author}


def _returned(_: Case, event: CaseEvent) -> dict[str, Any]:
    """Its clock stands still until it is handed over again."""
    return {
        "unit": None,
        "handler": None,
        "accepted_at": None,
        "extension_asked_at": None,
        "paused_since": event.at,
    }


def _suspended(case: Case, event: CaseEvent) -> dict[str, Any]:
    since = event.at if case.paused_since is None else case.paused_since
    until = from_rfc3339(event.evidence["until"])
    return {"paused_since": since, "suspended_until": until, "extension_asked_at": None}


def _resumed(case: Case, event: CaseEvent) -> dict[str, Any]:
    if case.stage == "filed" and case.dispatched_at is not None:
        return {"suspended_until": None}  # returned before: its clock waits for the next unit
    return {"suspended_until": None, **_run_on(case, event)}


def _reworked(case: Case, _: CaseEvent) -> dict[str, Any]:
    return {"reworks": case.reworks + 1, "handled_at": None}


def _noted(case: Case, event: CaseEvent) -> dict[str, Any]:
    return {"reports": case.reports + 1} if event.evidence.get("report") else {}


def _run_on(case: Case, event: CaseEvent) -> dict[str, Any]:
    """The pause that is over, where there is one."""
    if case.paused_since is None:
        return {}
    return {"paused_since": None, "pauses": (*case.pauses, Span(case.paused_since, event.at))}


_CHANGES: dict[EventName, Callable[[Case, CaseEvent], dict[str, Any]]] = {
    "joined": _joined,
    "left": _left,
    "recovered": _recovered,
    "relapsed": _relapsed,
    "verified": lambda _, event: {"verified_at": event.at},
    "closed": _closed,
    "filed": lambda _, event: {"filed_at": event.at},
    "dispatched": _dispatched,
    "accepted": _accepted,
    "returned": _returned,
    "extension_requested": lambda _, event: {"extension_asked_at": event.at},
    "extended": lambda case, _: {"extension_asked_at": None, "extensions": case.extensions + 1},
    "extension_refused": lambda _, __: {"extension_asked_at": None},
    "suspended": _suspended,
    "resumed": _resumed,
    "handled": lambda _, event: {"handled_at": event.at, "extension_asked_at": None},
    "reworked": _reworked,
    "voided": lambda _, event: {"closed_at": event.at, "how": "void"},
    "supervised": lambda _, event: {"supervision": event.evidence["level"]},
    "unsupervised": lambda _, __: {"supervision": 0},
    "noted": _noted,
}
"""What each event changes beside state and stage; those that are not here change nothing more."""


def _each_once(members: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(members))


def _not_there(event: CaseEvent) -> Refusal:
    return Refusal(
        f"案件 {event.case} 不存在,不能有 {event.event}",
        f"case {event.case} is not there, so it cannot have {event.event!r}",
        possible_events(None),
    )


def _impossible(case: Case, event: CaseEvent, why: Bar | None = None) -> Refusal:
    zh = f":{why.zh}" if why else ""
    en = f": {why.en}" if why else ""
    return Refusal(
        f"案件 {case.id} 的状态是 {case.state},阶段是{STAGE_ZH[case.stage]},"
        f"不能有 {event.event}{zh}",
        f"case {case.id} is {case.state}, at the stage {case.stage}, "
        f"so it cannot have {event.event!r}{en}",
        possible_events(case),
    )
