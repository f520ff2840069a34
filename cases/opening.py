"""How a case opens: what the desk adds to a sensor's event, and the events of residents' reports
and of schedules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, select

from cases.case import Case
from cases.events import CaseEvent, Opening, new_case_id
from cases.filing.basis import Filing
from cases.filing.filed import Filed
from cases.schema import cases
from facility.clock import DAY

RECURS_WITHIN = 7 * DAY
"""A case of the same type and subject within so long of a closed one is its recurrence, where a
place sets nothing else."""

_NO_RECURRENCE = ("merged", "void")


@dataclass(frozen=True, slots=True)
class Reported:
    """What a resident reports, as the desk takes it: no personal data belongs here.

    ``report`` is the report's id; ``code`` and ``condition`` the row of the service that was
    chosen, empty where it is left to whoever files it. ``evidence`` is kept and shown with the
    case.
    """

    report: str
    code: str = ""
    condition: str = ""
    lon: float | None = None
    lat: float | None = None
    members: tuple[str, ...] = ()
    previous: str | None = None
    author: str = "resident"
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A case that a schedule opens (周期案件): its row, what it is about, and the unit that has it.

    With a ``unit`` it is handed over as it opens.
    """

    schedule: str
    code: str
    condition: str
    members: tuple[str, ...] = ()
    unit: str = ""
    lon: float | None = None
    lat: float | None = None
    street: str | None = None
    cell: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


def completed(
    connection: Connection,
    event: CaseEvent,
    turn: Iterable[Case],
    filing: Filing | None,
    recurs_within: int,
) -> CaseEvent:
    """A sensor's event that opens a case, with what it is filed under, where it is and what it is
    a recurrence of (``recurs_within`` in ms); any other event as it is. ``turn`` are cases that are
    not written yet."""
    if event.event != "opened" or event.opening is not None:
        return event
    filed = event.filed
    opening = Opening()
    if filing is not None:
        filed = filed or filing.filed(event)
        opening = filing.located(event)
    opening = replace(
        opening, previous=_previous(connection, event, turn, event.at - recurs_within)
    )
    return replace(event, filed=filed, opening=None if opening == Opening() else opening)


def reported(what: Reported, at: int, filed: Filed | None, filing: Filing | None) -> CaseEvent:
    """The event that opens a resident's case."""
    street, cell = _located(what.lon, what.lat, filing)
    subject = f"report:{what.report}"
    return CaseEvent(
        at=at,
        event="opened",
        case=new_case_id(at, "reported", subject),
        type="reported",
        subject=subject,
        members=what.members,
        evidence=what.evidence,
        author=what.author,
        filed=filed,
        opening=Opening("resident", what.lon, what.lat, street, cell, what.previous),
    )


def periodic(what: Periodic, at: int, filed: Filed, filing: Filing | None) -> list[CaseEvent]:
    """The events that open a schedule's case, and hand it over where its unit is known."""
    street, cell = what.street, what.cell
    if cell is None:
        street, cell = _located(what.lon, what.lat, filing)
    subject = f"schedule:{what.schedule}"
    opened = CaseEvent(
        at=at,
        event="opened",
        case=new_case_id(at, "periodic", subject),
        type="periodic",
        subject=subject,
        members=what.members,
        evidence=what.evidence,
        author="clock",
        filed=filed,
        opening=Opening("schedule", what.lon, what.lat, street, cell),
    )
    if not what.unit:
        return [opened]
    handed = replace(
        opened,
        event="dispatched",
        evidence={"unit": what.unit},
        filed=None,
        opening=None,
    )
    return [opened, handed]


def _located(
    lon: float | None, lat: float | None, filing: Filing | None
) -> tuple[str | None, str | None]:
    if lon is None or lat is None or filing is None:
        return None, None
    return filing.located_at(lon, lat)


def _previous(
    connection: Connection, event: CaseEvent, turn: Iterable[Case], since: int
) -> str | None:
    """The last case of the same type and subject that was closed after ``since`` (ms)."""
    for case in turn:
        same = (case.type, case.subject) == (event.type, event.subject)
        if same and case.how not in _NO_RECURRENCE and (case.closed_at or since) > since:
            return case.id
    query = (
        select(cases.c.id)
        .where(
            cases.c.type == event.type,
            cases.c.subject == event.subject,
            cases.c.closed_at > since,
            cases.c.how.not_in(_NO_RECURRENCE),
        )
        .order_by(cases.c.closed_at.desc(), cases.c.id)
        .limit(1)
    )
    return connection.scalar(query)
