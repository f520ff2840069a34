"""Cases, their events and what they are filed under, as the API shows them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.shapes.shape import Shape, Time, Words
from cases.actions import ActionName
from cases.case import How, Stage, State
from cases.events import EventName, Source
from cases.filing.standard import Severity
from cases.filing.working_clock import ClockKind


class Rule(Shape):
    name: str
    version: str


class Filing(Shape):
    code: str
    name: Words
    condition: Words
    condition_key: str
    closed_when: Words | None
    severity: Severity | None
    limit: int
    clock: ClockKind
    deadline: Time
    overdue: bool


class ToldCase(Shape):
    """A case as everybody is told of it."""

    id: str
    type: str
    subject: str
    source: Source
    state: State
    stage: Stage
    how: How | None
    unit: str | None
    handler: str | None
    street: str | None
    cell: str | None
    previous: str | None
    members: list[str]
    cause: str
    evidence: dict[str, Any]
    extensions: int
    reworks: int
    supervision: int
    reports: int
    version: int
    opened_at: Time
    dispatched_at: Time | None
    accepted_at: Time | None
    handled_at: Time | None
    recovered_at: Time | None
    verified_at: Time | None
    closed_at: Time | None
    stopped_at: Time | None
    changed_at: Time
    paused_since: Time | None
    suspended_until: Time | None
    extension_asked_at: Time | None
    pauses: list[tuple[Time, Time]] = Field(strict=False)
    rule: Rule
    filing: Filing | None
    lon: float | None
    lat: float | None


class Case(ToldCase):
    """A case, with what the caller may do with it now."""

    proposed_unit: str | None
    possible: list[ActionName]


class Event(Shape):
    seq: int
    case: str
    at: Time
    event: EventName
    type: str
    subject: str
    members: list[str]
    cause: str
    evidence: dict[str, Any]
    author: str


class CaseWithEvents(Case):
    events: list[Event]


class CasePage(Shape):
    items: list[Case]
    next: str | None
