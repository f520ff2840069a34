"""When a case is due, by the working clock: from its first dispatch, provisionally from its
opening; one more limit for each extension; not while it is paused."""

from __future__ import annotations

from dataclasses import replace

from cases.case import Case
from cases.events import CaseEvent, EventName
from cases.filing.calendar import Calendar, Span
from cases.filing.filed import Filed
from cases.filing.working_clock import deadline, elapsed, length
from cases.lifecycle import Refusal, apply

MOVES = frozenset[EventName]({"filed", "dispatched", "extended", "suspended", "resumed"})
"""The events that move a deadline. After ``returned`` it is worked out at the next dispatch: until
then the clock stands still, and nobody knows for how long."""


def due(case: Case, filed: Filed, calendar: Calendar) -> int:
    """The deadline (ms) of a case that is filed under ``filed``."""
    run = length(filed.limit, filed.clock, calendar) * (1 + case.extensions)
    return deadline(_start(case), run, filed.clock, calendar, _pauses(case))


def ran(case: Case, now: int, calendar: Calendar) -> int | None:
    """How long the case's clock has run by ``now`` (ms), ms; None where it was not filed."""
    if case.filed is None:
        return None
    stopped = case.stopped_at
    until = now if stopped is None else min(now, stopped)
    return elapsed(_start(case), until, case.filed.clock, calendar, case.pauses)


def runs_for(case: Case, run: int, calendar: Calendar) -> int | None:
    """When the case's clock has run for ``run`` ms, as it stands; None where it was not filed."""
    if case.filed is None:
        return None
    return deadline(_start(case), run, case.filed.clock, calendar, _pauses(case))


def limit_of(case: Case, calendar: Calendar) -> int | None:
    """How long the case's clock may run, extensions included, ms; None where it was not filed."""
    if case.filed is None:
        return None
    return length(case.filed.limit, case.filed.clock, calendar) * (1 + case.extensions)


def with_deadline(case: Case, event: CaseEvent, calendar: Calendar) -> CaseEvent:
    """The event with the deadline that the case has after it, where that moves."""
    if event.event not in MOVES:
        return event
    after = apply(case, event)
    if isinstance(after, Refusal) or after.filed is None:
        return event
    return replace(event, filed=replace(after.filed, deadline=due(after, after.filed, calendar)))


def lapsed(case: Case, now: int) -> tuple[CaseEvent, ...]:
    """What the clock does with a case by ``now`` (ms): a suspension that is over ends by itself, at
    the time that was set for it."""
    if case.state == "closed" or case.suspended_until is None or case.suspended_until > now:
        return ()
    return (
        CaseEvent(
            at=case.suspended_until,
            event="resumed",
            case=case.id,
            type=case.type,
            subject=case.subject,
            members=case.members,
            author="clock",
        ),
    )


def _start(case: Case) -> int:
    return case.opened_at if case.dispatched_at is None else case.dispatched_at


def _pauses(case: Case) -> tuple[Span, ...]:
    """All pauses; of a suspension that lasts until its announced end."""
    if case.paused_since is None or case.suspended_until is None:
        return case.pauses
    return (*case.pauses, Span(case.paused_since, case.suspended_until))
