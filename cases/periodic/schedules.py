"""Schedules (周期案件): what is inspected or kept up, where, and when. Rows of the case database.

A schedule names a set of assets, a recurrence, and the row of the standard that its cases are filed
under. Each occurrence is known by the schedule and its time, and opens at most once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from cases.periodic import recurrence
from cases.periodic.form import Form, check_form
from cases.periodic.recurrence import Recurrence, WrongPlan
from cases.schema import occurrences, schedules
from facility.errors import Permanent
from facility.measurements import Kind

Per = Literal["asset", "road", "street", "all"]
PERS: tuple[Per, ...] = get_args(Per)
Purpose = Literal["inspection", "upkeep"]

_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Codes = Annotated[tuple[_Code, ...], msgspec.Meta(max_length=500)]


class NoSuchSchedule(Permanent):
    """There is no schedule of that id."""


class ScheduleChanged(Permanent):
    """The schedule has changed since the version that the person looked at."""


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A set of assets: those that all of these are true of. What is empty does not narrow."""

    kind: Kind | None = None
    area: Annotated[str, msgspec.Meta(max_length=64)] = ""
    streets: _Codes = ()
    roads: _Codes = ()
    ids: _Codes = ()


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person decides of a schedule.

    ``rule`` is an RRULE and ``start`` the local time that it begins at (recurrence.py). One case is
    opened for each ``per`` of the ``assets``, filed under ``code`` and ``condition`` and handed to
    ``unit``, or to the assets' owner where it is empty and they have one.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    purpose: Purpose
    rule: Annotated[str, msgspec.Meta(max_length=400)]
    start: Annotated[str, msgspec.Meta(max_length=32)]
    assets: Selection
    per: Per
    code: Annotated[str, msgspec.Meta(max_length=16)]
    condition: Annotated[str, msgspec.Meta(max_length=32)]
    unit: Annotated[str, msgspec.Meta(max_length=100)] = ""
    form: Form = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it stands. Times are ms; ``next_at`` is None where nothing is to come."""

    id: str
    plan: Plan
    next_at: int | None
    version: int
    changed_at: int
    changed_by: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time a schedule was due. ``case`` is None where it was missed while nothing ran."""

    schedule: str
    at: int
    group: str
    case: str | None


def when(plan: Plan, timezone: ZoneInfo) -> Recurrence:
    """The plan's recurrence. WrongPlan where it is none."""
    return recurrence.read(plan.rule, plan.start, timezone)


def check(plan: Plan, timezone: ZoneInfo) -> Recurrence:
    """The recurrence of a plan that can be kept. WrongPlan or WrongAnswer where it is not."""
    check_form(plan.form)
    if plan.assets == Selection():
        raise WrongPlan(
            "assets",
            "请指明类别、区、街道、道路或编号",
            "name a kind, an area, streets, roads or ids",
        )
    return when(plan, timezone)


def create(connection: Connection, plan: Plan, now: int, by: str, timezone: ZoneInfo) -> Schedule:
    """Keeps a new schedule, due from ``now`` (ms) on. UsageError where the plan is wrong."""
    rule = check(plan, timezone)
    made = Schedule(uuid.uuid4().hex[:12], plan, _next(plan, rule, now), 1, now, by)
    connection.execute(insert(schedules), [_row(made)])
    return made


def change(
    connection: Connection,
    id_: str,
    plan: Plan,
    now: int,
    by: str,
    timezone: ZoneInfo,
    expected_version: int | None = None,
) -> Schedule:
    """Puts another plan in a schedule's place, due from ``now`` (ms) on.

    Raises NoSuchSchedule, ScheduleChanged, and UsageError where the plan is wrong.
    """
    before = get(connection, id_)
    if expected_version not in (None, before.version):
        raise ScheduleChanged(f"schedule {id_} has changed meanwhile (version {before.version})")
    rule = check(plan, timezone)
    after = Schedule(id_, plan, _next(plan, rule, now), before.version + 1, now, by)
    connection.execute(update(schedules).where(schedules.c.id == id_).values(_row(after)))
    return after


def remove(connection: Connection, id_: str) -> None:
    """Ends a schedule; the cases that it opened stay. Raises NoSuchSchedule."""
    get(connection, id_)
    connection.execute(delete(occurrences).where(occurrences.c.schedule == id_))
    connection.execute(delete(schedules).where(schedules.c.id == id_))


def get(connection: Connection, id_: str) -> Schedule:
    """The schedule. Raises NoSuchSchedule."""
    row = connection.execute(select(schedules).where(schedules.c.id == id_)).mappings().first()
    if row is None:
        raise NoSuchSchedule(f"no schedule {id_!r}")
    return _schedule(row)


def every(connection: Connection) -> tuple[Schedule, ...]:
    """All schedules, by name."""
    query = select(schedules).order_by(schedules.c.name, schedules.c.id)
    return tuple(_schedule(row) for row in connection.execute(query).mappings())


def due(connection: Connection, now: int) -> tuple[Schedule, ...]:
    """The schedules that have an occurrence at or before ``now`` (ms)."""
    query = select(schedules).where(schedules.c.next_at <= now).order_by(schedules.c.next_at)
    return tuple(_schedule(row) for row in connection.execute(query).mappings())


def advance(connection: Connection, schedule: Schedule, next_at: int | None) -> None:
    """Says when a schedule is due next, unless it was changed meanwhile."""
    same = (schedules.c.id == schedule.id) & (schedules.c.version == schedule.version)
    connection.execute(update(schedules).where(same).values(next_at=next_at))


def note(connection: Connection, found: Sequence[Occurrence]) -> None:
    """Keeps occurrences that are not kept yet."""
    for one in found:
        at = (occurrences.c.schedule == one.schedule) & (occurrences.c.at == one.at)
        its = select(occurrences.c.at).where(at, occurrences.c.group_key == one.group)
        if connection.scalar(its) is None:
            row = {"schedule": one.schedule, "at": one.at, "group_key": one.group}
            connection.execute(insert(occurrences), [{**row, "case_id": one.case}])


def occurrences_of(connection: Connection, id_: str, limit: int) -> tuple[Occurrence, ...]:
    """The newest occurrences of a schedule, newest first."""
    query = (
        select(occurrences)
        .where(occurrences.c.schedule == id_)
        .order_by(occurrences.c.at.desc(), occurrences.c.group_key)
        .limit(limit)
    )
    return tuple(
        Occurrence(row.schedule, row.at, row.group_key, row.case_id)
        for row in connection.execute(query)
    )


def _next(plan: Plan, rule: Recurrence, now: int) -> int | None:
    return rule.next(now) if plan.active else None


def _row(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": schedule.id,
        "name": schedule.plan.name,
        "plan": msgspec.to_builtins(schedule.plan),
        "next_at": schedule.next_at,
        "version": schedule.version,
        "changed_at": schedule.changed_at,
        "changed_by": schedule.changed_by,
    }


def _schedule(row: RowMapping) -> Schedule:
    plan = msgspec.convert(row.plan, Plan)
    return Schedule(row.id, plan, row.next_at, row.version, row.changed_at, row.changed_by)
