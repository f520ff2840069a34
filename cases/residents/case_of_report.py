"""The case of a report: which it joins, and how it is handed over to it, or opens one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, select

from cases.case import Case
from cases.desk import Desk, Refused
from cases.events import CaseEvent
from cases.filing.standard import Row
from cases.opening import Reported, reported
from cases.residents.nearness import REPORTED, NearSettings, Spot, case_types, nearest
from cases.residents.reported import Report
from cases.rows import cases_in
from cases.schema import cases
from cases.turn import Turn, cases_of
from facility.inventory import Inventory

Write = Callable[[Connection, Report], None]
"""Writes the report, with the case that it now has."""


def case_near(
    connection: Connection,
    row: Row,
    spot: Spot,
    inventory: Inventory,
    near: NearSettings,
    *,
    sensed: bool,
) -> Case | None:
    """The open case that a report under ``row`` at ``spot`` is of; None where there is none.

    ``sensed``: of those that sensors opened alone.
    """
    types = case_types(row.condition) - ({REPORTED} if sensed else frozenset())
    if not types:
        return None
    query = select(cases).where(cases.c.state == "open", cases.c.type.in_(sorted(types)))
    open_cases = cases_in(connection.execute(query))
    return nearest(row, spot, open_cases, inventory, near)


def hand_over(
    connection: Connection,
    desk: Desk,
    report: Report,
    into: Case | None,
    at: int,
    write: Write,
    author: str = "resident",
    previous: str | None = None,
    not_fixed: bool = False,
) -> Case:
    """Adds a report to the case ``into``, which counts it, or opens one for it; the case after.

    ``write`` is called when the case is written and before the desk's hooks. ``previous`` is the
    case that a new one is the recurrence of, ``not_fixed`` whether the resident says so. Refused
    where ``into`` is closed.
    """
    event = (
        _opens(connection, desk, report, at, previous) if into is None else _joins(into, report, at)
    )
    if not_fixed:
        event = replace(event, evidence={**event.evidence, "not_fixed": True})
    event = replace(event, author=author)
    turn = Turn(connection, {event.case}, desk.filing.calendar if desk.filing else None)
    event = event if into is None else turn.unused(event)
    if refusal := turn.add(event):
        raise Refused(refusal)

    def written(connection: Connection, *_: object) -> None:
        write(connection, replace(report, case=event.case))

    turn.keep((written, *desk.hooks))
    return turn.cases[event.case]


def _opens(
    connection: Connection, desk: Desk, report: Report, at: int, previous: str | None
) -> CaseEvent:
    filing = desk.filing
    filed = filing.filed_under(report.code, report.condition, at) if filing else None
    what = Reported(
        report=str(report.id),
        code=report.code,
        condition=report.condition,
        lon=report.lon,
        lat=report.lat,
        members=(report.asset,) if report.asset else (),
        previous=previous,
        evidence=_evidence(report),
    )
    event = reported(what, at, filed, filing)
    while cases_of(connection, {event.case}):
        # A report that opens a second case in the ms of its first: what and when name a case.
        event = reported(what, event.at + 1, filed, filing)
    return event


def _joins(case: Case, report: Report, at: int) -> CaseEvent:
    return CaseEvent(
        at=at,
        event="noted",
        case=case.id,
        type=case.type,
        subject=case.subject,
        members=case.members,
        evidence=_evidence(report),
    )


def _evidence(report: Report) -> dict[str, str]:
    """What the case's history says of a report: nothing that the resident wrote."""
    return {"report": str(report.id), "channel": report.channel, "service": report.service}
