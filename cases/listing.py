"""Lists of cases, newest first, by deadline or by their last change, page by page.

A list by last change is of what moves: a case that changes meanwhile comes first again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, TextClause, func, select

from cases.case import Case, Stage, State
from cases.events import Source
from cases.keyset import Order, cursor_of, read
from cases.rows import cases_in
from cases.schema import SUPERVISED, UNCLOSED, cases
from cases.words import said

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
    order = _ORDERS[sort]
    query = select(cases).where(*_conditions(filters)).order_by(*order.clauses())
    if cursor is not None:
        query = query.where(order.after(*read(cursor, sort, order)))
    if filters.words is not None:
        query = query.where(*said(connection, filters.words))
    # One more than asked for tells whether there is a next page.
    found = cases_in(connection.execute(query.limit(limit + 1)))
    items = tuple(found[:limit])
    return Page(items, _cursor(items[-1], sort) if len(found) > limit else None)


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

_ORDERS: dict[Sort, Order] = {
    "opened_at": Order(cases.c.opened_at, cases.c.id, descending=True),
    "deadline": Order(cases.c.deadline, cases.c.id, nullable=True),
    "changed_at": Order(cases.c.changed_at, cases.c.id, descending=True),
}


def _cursor(case: Case, sort: Sort) -> str:
    deadline = case.filed.deadline if case.filed else None
    return cursor_of(sort, deadline if sort == "deadline" else getattr(case, sort), case.id)
