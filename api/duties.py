"""Schedules, their occurrences, and what is supervised, as the API shows them (docs/api.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.represent import time_or_none
from api.shapes.cases import Case
from api.shapes.shape import Shape, Time, Words
from cases.indicators.recurrent import Recurrent
from cases.periodic.schedules import Occurrence, Per, Plan, Purpose, Schedule
from cases.supervision.grounds import CauseName
from cases.supervision.listing import Supervised
from facility.clock import to_rfc3339
from facility.measurements import Kind

_Code = Annotated[str, Field(min_length=1, max_length=64)]
_Codes = Annotated[list[_Code], Field(default_factory=list, max_length=500)]


class FormField(Shape):
    """One field: ``unit``, ``least`` and ``most`` are a number's, ``choices`` a choice's."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    label: Words
    kind: Literal["text", "number", "choice", "photo"]
    required: bool = True
    unit: Annotated[str, Field(max_length=32)] = ""
    least: Annotated[float | None, Field(allow_inf_nan=False)] = None
    most: Annotated[float | None, Field(allow_inf_nan=False)] = None
    choices: Annotated[list[_Code], Field(default_factory=list, max_length=50)]


class Selection(Shape):
    """Assets of which all of this is true; what is empty does not narrow."""

    kind: Annotated[Kind | None, Field(strict=False)] = None
    area: Annotated[str, Field(max_length=64)] = ""
    streets: _Codes
    roads: _Codes
    ids: _Codes


class ScheduleDraft(Shape):
    """When and of what a schedule would be: ``rule`` is an RRULE, ``start`` a local time."""

    rule: Annotated[str, Field(max_length=400, examples=["FREQ=WEEKLY;BYDAY=MO,TH"])]
    start: Annotated[str, Field(max_length=32, examples=["2026-07-01T08:00"])]
    assets: Selection
    per: Per


class SchedulePlan(ScheduleDraft):
    """A schedule as it is decided."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    purpose: Purpose
    code: Annotated[str, Field(max_length=16)]
    condition: Annotated[str, Field(max_length=32)]
    unit: Annotated[str, Field(max_length=100)] = ""
    form: Annotated[list[FormField], Field(default_factory=list, max_length=40)]
    active: bool = True


class SchedulePreview(Shape):
    times: list[Time]
    cases: int
    most_cases: int
    assets: int


class PeriodicSchedule(SchedulePlan):
    id: str
    next_at: Time | None
    version: int
    changed_at: Time
    changed_by: str


class SchedulePage(Shape):
    items: list[PeriodicSchedule]


class ScheduleOccurrence(Shape):
    at: Time
    group: str
    case: str | None


class OccurrencePage(Shape):
    items: list[ScheduleOccurrence]


class ScheduleProposal(Shape):
    type: str
    subject: str
    street: str | None
    times: int
    last_at: Time
    plan: SchedulePlan


class ProposalPage(Shape):
    items: list[ScheduleProposal]


class SupervisionCause(Shape):
    cause: CauseName
    level: int
    since: Time
    term: Time | None
    told: str | None
    author: str


class SupervisedCase(Shape):
    case: Case
    level: int
    since: Time
    causes: list[SupervisionCause]


class SupervisionPage(Shape):
    items: list[SupervisedCase]
    next: str | None


def plan_json(plan: Plan) -> dict[str, Any]:
    """PLAN."""
    shown: dict[str, Any] = {name: getattr(plan, name) for name in plan.__struct_fields__}
    assets = plan.assets
    shown["assets"] = {name: getattr(assets, name) for name in assets.__struct_fields__}
    shown["form"] = [
        {name: getattr(field, name) for name in field.__struct_fields__} for field in plan.form
    ]
    return shown


def schedule_json(schedule: Schedule) -> dict[str, Any]:
    """SCHEDULE, with all of its plan."""
    return {
        **plan_json(schedule.plan),
        "id": schedule.id,
        "next_at": time_or_none(schedule.next_at),
        "version": schedule.version,
        "changed_at": to_rfc3339(schedule.changed_at),
        "changed_by": schedule.changed_by,
    }


def occurrence_json(one: Occurrence) -> dict[str, Any]:
    """An occurrence; one without a case was missed."""
    return {"at": to_rfc3339(one.at), "group": one.group, "case": one.case}


def proposal_json(one: Recurrent, plan: Plan) -> dict[str, Any]:
    """A place that was at fault again and again, and a plan for it."""
    return {
        "type": one.type,
        "subject": one.subject,
        "street": one.street,
        "times": one.times,
        "last_at": to_rfc3339(one.last_at),
        "plan": plan_json(plan),
    }


def supervised_json(one: Supervised, case: dict[str, Any]) -> dict[str, Any]:
    """A supervised case, which is shown as ``case``."""
    return {
        "case": case,
        "level": one.level,
        "since": to_rfc3339(one.since),
        "causes": [
            {
                "cause": entry.cause,
                "level": entry.level,
                "since": to_rfc3339(entry.since),
                "term": time_or_none(entry.term),
                "told": entry.told,
                "author": entry.author,
            }
            for entry in one.entries
        ],
    }
