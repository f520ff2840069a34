"""Lists of cases, newest first, by deadline or by their last change, page by page.

A page starts after the last case of the one before it, not at a count of rows: cases that open
meanwhile neither repeat nor skip any. A list by last change is of what moves: a case that changes
meanwhile comes first again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, TextClause, func, or_, select, tuple_

from cases.case import Case, Stage, State
from cases.events import Source
from cases.rows import cases_in
from cases.schema import SUPERVISED, UNCLOSED, cases
from cases.words import said
from facility.errors import UsageError

Sort = Literal["opened_at", "deadline", "changed_at"]
"""``opened_at``: the newest first. ``deadline``: the soonest first, cases without one last.
``changed_at``: what changed last first."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; what is empty or None does not narrow. Times are ms.

    ``overdue_at`` keeps those that ran past their deadline, by the time that their clock stopped or
    by this one. ``supervised`` is the least level of supervision. ``opened_from`` is in the span,
    ``opened_to`` is not. ``words``, apart by
    spaces, are each the beginning of the id, the subject, or a word in them.
    """

    states: tuple[State, ...] = ()
    stages: tuple[Stage, ...] = ()
    type: str | None = None
    subject: str | None = None
    source: Source | None = None
    unit: str | None = None
    handler: str | None = None
    street: str | None = None
    cell: str | None = None
    overdue_at: int | None = None
    suspended: bool = False
    extension_asked: bool = False
    supervised: int | None = None
    opened_from: int | None = None
    opened_to: int | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Cases, and where the next ones start; None after the last."""

    items: tuple[Case, ...]
    next: str | None


def page(
    connection: Connection, filters: CaseFilter, limit: int, cursor: str | None, sort: Sort
) -> Page:
    """A page of the cases that fit, in the order ``sort``. UsageError where ``cursor`` is none of
    its."""
    query = select(cases).where(*_conditions(filters)).order_by(*_ORDER[sort])
    if cursor is not None:
        query = query.where(_after(*_decode(cursor, sort), sort))
    if filters.words is not None:
        query = query.where(*said(connection, filters.words))
    # One more than asked for tells whether there is a next page.
    found = cases_in(connection.execute(query.limit(limit + 1)))
    items = tuple(found[:limit])
    return Page(items, _encode(items[-1], sort) if len(found) > limit else None)


def _conditions(filters: CaseFilter) -> Iterator[ColumnElement[bool] | TextClause]:
    if filters.states:
        yield cases.c.state.in_(filters.states)
    if filters.stages:
        yield cases.c.stage.in_(filters.stages)
    for name in ("type", "subject", "source", "unit", "handler", "street", "cell"):
        if (wanted := getattr(filters, name)) is not None:
            yield cases.c[name] == wanted
    if filters.overdue_at is not None:
        yield cases.c.deadline < func.coalesce(cases.c.stopped_at, filters.overdue_at)
    if _none_closed(filters):
        yield UNCLOSED
    if filters.suspended:
        yield cases.c.suspended_until.is_not(None)
    if filters.extension_asked:
        yield cases.c.extension_asked_at.is_not(None)
    if filters.supervised is not None:
        yield SUPERVISED
        yield cases.c.supervision >= filters.supervised
    if filters.opened_from is not None:
        yield cases.c.opened_at >= filters.opened_from
    if filters.opened_to is not None:
        yield cases.c.opened_at < filters.opened_to


def _none_closed(filters: CaseFilter) -> bool:
    """Whether what is asked can hold of no closed case. The database is told, for then it has far
    fewer to go through; a case that ended suspended, or with a request, is neither any more."""
    if filters.suspended or filters.extension_asked:
        return True
    if filters.states and "closed" not in filters.states:
        return True
    return bool(filters.stages) and not _ENDS.intersection(filters.stages)


_ENDS: frozenset[Stage] = frozenset({"closed", "void"})

_ORDER = {
    "opened_at": (cases.c.opened_at.desc(), cases.c.id.desc()),
    "deadline": (cases.c.deadline.asc().nulls_last(), cases.c.id.asc()),
    "changed_at": (cases.c.changed_at.desc(), cases.c.id.desc()),
}


def _after(at: int | None, case_id: str, sort: Sort) -> ColumnElement[bool]:
    """The cases that come after the one with this key and id."""
    if sort != "deadline":
        return tuple_(cases.c[sort], cases.c.id) < tuple_(at, case_id)
    unfiled = cases.c.deadline.is_(None)
    if at is None:
        return unfiled & (cases.c.id > case_id)
    return or_(tuple_(cases.c.deadline, cases.c.id) > tuple_(at, case_id), unfiled)


def _encode(case: Case, sort: Sort) -> str:
    at = case.filed and case.filed.deadline if sort == "deadline" else getattr(case, sort)
    key = msgspec.json.encode((sort, at, case.id))
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _decode(cursor: str, sort: Sort) -> tuple[int | None, str]:
    refused = UsageError(f"not a cursor of this list: {cursor!r}; start without one")
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, at, case_id = msgspec.json.decode(key, type=tuple[Sort, int | None, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise refused from error
    if of != sort or (at is None and sort != "deadline"):
        raise refused
    if at is not None and not -(2**63) <= at < 2**63:
        raise refused
    return at, case_id
