"""What comes after a report was taken: moved by hand, judged by the resident, forgotten.

Each is one transaction. Refused says what stands against it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from cases import database
from cases.actions import WrongField
from cases.case import Case
from cases.desk import NoSuchCase, Refused
from cases.events import CaseEvent
from cases.lifecycle import Refusal
from cases.residents.case_of_report import hand_over
from cases.residents.masking import masked
from cases.residents.nearness import REPORTED
from cases.residents.reported import Report
from cases.residents.reports import Reports, report_in
from cases.schema import cases, report_contacts, reports
from cases.turn import Turn, cases_of
from facility.clock import DAY

_SOME = 500


def join(of: Reports, report_id: int, case_id: str, now: int, author: str) -> Case:
    """Moves a report to another case; one that it alone had opened is closed as merged into it.

    Raises NoSuchReport, NoSuchCase, and Refused where that case is over, or has the report.
    """
    with database.writing(of.engine) as connection:
        report, before = _with_case(connection, report_id)
        into = cases_of(connection, {case_id}).get(case_id)
        if into is None:
            raise NoSuchCase(f"no case {case_id!r}")
        if into.id == before.id:
            raise _refused("该反映已在此案件中", "the report is in that case already")
        case = hand_over(connection, of.desk, report, into, now, _moved, author)
        if before.state != "closed" and _is_left_empty(connection, before):
            _close_as_merged(connection, of, before, case, now, author)
        return case


def follow(of: Reports, report_id: int, case_id: str, now: int, author: str) -> None:
    """Moves a report along with its matter, as :func:`join` does.

    Where that case ended meanwhile the report is shown how, though it was not counted there.
    """
    try:
        join(of, report_id, case_id, now, author)
    except Refused:
        with database.writing(of.engine) as connection:
            _change(connection, report_id, case_id=case_id)


def split(of: Reports, report_id: int, now: int, author: str) -> Case:
    """Takes a report out of its case, into one of its own.

    Raises NoSuchReport, and Refused where it is alone in it.
    """
    with database.writing(of.engine) as connection:
        report, before = _with_case(connection, report_id)
        alone = _reports_in(connection, before) == 1
        if before.type == REPORTED and alone and before.state != "closed":
            raise _refused("该案件只有这一条反映", "the report is the only one in its case")
        return hand_over(connection, of.desk, report, None, now, _moved, author)


def rate(of: Reports, report_id: int, satisfaction: int, now: int) -> Report:
    """Keeps how satisfied a resident is with what was done: 1 to 5, the last word counts.

    Refused before the case is closed.
    """
    if not 1 <= satisfaction <= 5:
        raise WrongField("satisfaction", "须为 1–5", "is none of 1 to 5")
    with database.writing(of.engine) as connection:
        _, case = _with_case(connection, report_id)
        if case.state != "closed":
            raise _refused("案件尚未结案", "the case is not closed yet")
        _change(connection, report_id, satisfaction=satisfaction, rated_at=now)
        return report_in(connection, reports.c.id == report_id)


def not_fixed_until(case: Case, days: int) -> int | None:
    """Until when (ms) a resident may say that the case was closed and nothing mended, for so many
    ``days``; None where it was not closed, or was none."""
    if case.stage != "closed" or case.closed_at is None:
        return None
    return case.closed_at + days * DAY


def not_fixed(of: Reports, report_id: int, now: int) -> Case:
    """Takes a closed case up again: its report joins an open case of the matter, or opens one that
    is its recurrence. Refused before it is closed, and later than the settings have it."""
    days = of.settings.not_fixed_days
    with database.writing(of.engine) as connection:
        report, before = _with_case(connection, report_id)
        until = not_fixed_until(before, days)
        if until is None or now > until:
            raise _refused(
                f"只能在结案后 {days} 天内反映未解决",
                f"possible within {days} days after the case was closed",
            )

        def write(connection: Connection, moved: Report) -> None:
            count = report.not_fixed + 1
            _change(connection, moved.id, case_id=moved.case, not_fixed=count, not_fixed_at=now)

        into = of.case_near(connection, report, now)
        return hand_over(
            connection, of.desk, report, into, now, write, previous=before.id, not_fixed=True
        )


def forget(of: Reports, report_id: int, now: int) -> None:
    """Deletes what is known of the person who made a report. NoSuchReport."""
    with database.writing(of.engine) as connection:
        _forget(connection, report_in(connection, reports.c.id == report_id), now)


def forget_closed(of: Reports, before: int, now: int) -> int:
    """Forgets the persons of reports whose cases were closed before ``before`` (ms); how many."""
    query = (
        select(reports.c.id)
        .join(cases, cases.c.id == reports.c.case_id)
        .where(reports.c.forgotten_at.is_(None), cases.c.closed_at < before)
        .order_by(reports.c.id)
        .limit(_SOME)
    )
    with database.writing(of.engine) as connection:
        found = list(connection.scalars(query))
        for report_id in found:
            _forget(connection, report_in(connection, reports.c.id == report_id), now)
    return len(found)


def _forget(connection: Connection, report: Report, now: int) -> None:
    connection.execute(delete(report_contacts).where(report_contacts.c.report_id == report.id))
    # In their own words people leave their number too.
    values = {"description": masked(report.description), "forgotten_at": now}
    if report.address is not None:
        values["address"] = masked(report.address)
    _change(connection, report.id, **values)


def _with_case(connection: Connection, report_id: int) -> tuple[Report, Case]:
    report = report_in(connection, reports.c.id == report_id)
    return report, cases_of(connection, {report.case})[report.case]


def _moved(connection: Connection, report: Report) -> None:
    _change(connection, report.id, case_id=report.case)


def _change(connection: Connection, report_id: int, **values: Any) -> None:
    connection.execute(update(reports).where(reports.c.id == report_id).values(**values))


def _reports_in(connection: Connection, case: Case) -> int:
    query = select(func.count()).select_from(reports).where(reports.c.case_id == case.id)
    return connection.scalar(query) or 0


def _is_left_empty(connection: Connection, case: Case) -> bool:
    return case.type == REPORTED and _reports_in(connection, case) == 0


def _close_as_merged(
    connection: Connection, of: Reports, case: Case, into: Case, now: int, author: str
) -> None:
    turn = Turn(connection, {case.id}, of.desk.filing.calendar if of.desk.filing else None)
    closed = CaseEvent(
        at=now,
        event="closed",
        case=case.id,
        type=case.type,
        subject=case.subject,
        members=case.members,
        evidence={"how": "merged", "into": into.id},
        author=author,
    )
    if refusal := turn.add(turn.unused(closed)):
        raise Refused(refusal)
    turn.keep(of.desk.hooks)


def _refused(zh: str, en: str) -> Refused:
    return Refused(Refusal(zh, en))
