"""Reports follow their matter from case to case: one fault is one case, whoever saw it first.

What a resident saw before the sensors did is theirs once they see it too, unless a unit has it
already; and where the sensors merge one case into another, its reports go along.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from cases import database
from cases.residents import aftercare
from cases.residents.nearness import REPORTED
from cases.residents.reported import Report
from cases.residents.reports import Reports
from cases.residents.rows import report_of
from cases.schema import case_events, cases, reports

_AUTHOR = "clock"
_NOT_TAKEN_UP = ("reported", "filed")
"""Stages at which no unit has a case yet."""


def follow(of: Reports, now: int) -> int:
    """Moves the reports whose matter is another case at ``now`` (ms); how many."""
    with database.reading(of.engine) as connection:
        moves = [*_merged(connection), *_sensed(connection, of, now)]
    for report, into in moves:
        aftercare.follow(of, report.id, into, now, _AUTHOR)
    return len(moves)


def _merged(connection: Connection) -> list[tuple[Report, str]]:
    """Reports of cases that were merged, each with the case that has its matter now."""
    query = (
        select(reports)
        .join(cases, cases.c.id == reports.c.case_id)
        .where(cases.c.how == "merged")
        .order_by(reports.c.id)
    )
    found = [report_of(row) for row in connection.execute(query).mappings()]
    return [(one, into) for one in found if (into := _into(connection, one.case))]


def _into(connection: Connection, case_id: str) -> str | None:
    """What the last event of a merged case says that it was merged into."""
    query = (
        select(case_events.c.evidence)
        .where(case_events.c.case_id == case_id)
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    evidence = connection.scalar(query) or {}
    return evidence.get("into")


def _sensed(connection: Connection, of: Reports, now: int) -> list[tuple[Report, str]]:
    """Reports in cases of their own that no unit has, and the sensor's case that is of them."""
    query = (
        select(reports)
        .join(cases, cases.c.id == reports.c.case_id)
        .where(cases.c.type == REPORTED, cases.c.stage.in_(_NOT_TAKEN_UP))
        .order_by(reports.c.id)
    )
    found = [report_of(row) for row in connection.execute(query).mappings()]
    cases_of = ((one, of.case_near(connection, one, now, sensed=True)) for one in found)
    return [(one, case.id) for one, case in cases_of if case is not None]
