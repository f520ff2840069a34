"""What of the indicators the database counts: each set of cases by the moment that puts them into
the span, in one statement with its own index.

Statements are plain SQL of both databases. A ``part`` by day is the number of a local day since
1970-01-01, at one offset from UTC (ms): whoever asks does so for each stretch that has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    Text,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy import case as when

from cases.indicators.defined import REPORTS_BY, By
from cases.schema import RAISED, case_events, cases, reports
from facility.clock import DAY

_WORKED = ("verified", "confirmed", "overridden")
"""How a case ends that somebody worked on."""
_NOBODYS = ("void", "merged", "self_recovered")
"""How one ends that needs nobody, or is none."""

_is_nobodys = func.coalesce(cases.c.how, "").in_(_NOBODYS)
_is_worked = func.coalesce(cases.c.how, "").in_(_WORKED)
_ended = cases.c.closed_at.is_not(None)
_in_time = and_(cases.c.stopped_at.is_not(None), cases.c.stopped_at <= cases.c.deadline)


@dataclass(frozen=True, slots=True)
class Counted:
    """A set: what is in it by its ``moment``, and what is counted, or summed, of it."""

    moment: ColumnElement[int]
    counts: dict[str, ColumnElement[bool]]
    sums: dict[str, ColumnElement[int]] = field(default_factory=dict)
    where: ColumnElement[bool] = field(default_factory=true)
    source: FromClause = cases


_of_reports = reports.join(cases, cases.c.id == reports.c.case_id)

SETS: tuple[Counted, ...] = (
    Counted(
        cases.c.opened_at,
        {
            "opened": true(),
            "opened_filed": cases.c.filed_at.is_not(None),
            "resident_cases": cases.c.source == "resident",
            "recurrences": cases.c.previous.is_not(None),
        },
    ),
    Counted(
        cases.c.filed_at,
        {
            "filed": true(),
            "dispatchable": or_(cases.c.dispatched_at.is_not(None), ~_is_nobodys),
            "dispatched": cases.c.dispatched_at.is_not(None),
        },
    ),
    Counted(
        cases.c.deadline,
        {
            "due": true(),
            "closed": _ended,
            "on_time": and_(_ended, _in_time),
            "extended": cases.c.extensions > 0,
        },
        # Handed in, recovered or returned in time and not over: its check will tell.
        where=and_(~_is_nobodys, or_(_ended, ~_in_time)),
    ),
    Counted(
        cases.c.closed_at,
        {
            "ended": true(),
            "resolved": _is_worked,
            "reworked": and_(_is_worked, cases.c.reworks > 0),
            **{how: cases.c.how == how for how in (*_WORKED, *_NOBODYS)},
        },
    ),
    Counted(
        reports.c.received_at,
        {
            "reports": true(),
            **{key: reports.c.channel == channel for channel, key in REPORTS_BY.items()},
        },
        source=_of_reports,
    ),
    Counted(
        reports.c.rated_at,
        {"ratings": true()},
        sums={"satisfaction": reports.c.satisfaction},
        source=_of_reports,
    ),
)


def counts(one: Counted, start: int, end: int, by: By, offset: int = 0) -> Select[Any]:
    """``part``, and a number for each count of the set."""
    columns = [
        *(func.sum(when((holds, 1), else_=0)).label(name) for name, holds in one.counts.items()),
        *(func.sum(value).label(name) for name, value in one.sums.items()),
    ]
    query = (
        select(_part(by, one.moment, offset), *columns)
        .select_from(one.source)
        .where(one.moment >= start, one.moment < end, one.where)
    )
    return query.group_by("part")


def supervised(start: int, end: int, by: By, offset: int = 0) -> Select[Any]:
    """``part`` and ``case_id`` of the cases that were set under supervision, or a higher one."""
    return (
        select(_part(by, case_events.c.at, offset), case_events.c.case_id)
        .select_from(case_events.join(cases, cases.c.id == case_events.c.case_id))
        .where(case_events.c.at >= start, case_events.c.at < end, RAISED)
        .distinct()
    )


def open_before(start: int, by: By) -> Select[Any]:
    """``part`` and ``open``: the cases that were open at ``start``."""
    part = _part("none" if by == "day" else by, cases.c.opened_at)
    query = (
        select(part, func.count().label("open"))
        .where(or_(cases.c.closed_at.is_(None), cases.c.closed_at >= start))
        .where(cases.c.opened_at < start)
    )
    return query.group_by("part")


def resolved(start: int, end: int, by: By, offset: int = 0) -> Select[Any]:
    """A row for each case that was resolved in the span, with its moments."""
    names = ("opened_at", "filed_at", "dispatched_at", "accepted_at", "handled_at", "closed_at")
    return select(
        _part(by, cases.c.closed_at, offset),
        *(cases.c[name] for name in names),
        cases.c.stopped_at,
        cases.c.filed_clock,
        cases.c.source,
        # As it is written: decoding a list for each case would take longer than all else.
        cast(cases.c.pauses, Text).label("pauses"),
    ).where(cases.c.closed_at >= start, cases.c.closed_at < end, _is_worked)


def _part(by: By, moment: ColumnElement[int], offset: int = 0) -> Label[Any]:
    """What the row of a case is counted under."""
    if by == "none":
        return literal_column("''").label("part")
    if by == "day":
        return ((moment + offset) // DAY).label("part")
    return cases.c[by].label("part")
