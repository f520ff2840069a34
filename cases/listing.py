"""Lists of cases, newest first or by deadline, page by page.

A page starts after the last case of the one before it, not at a count of rows: cases that open
meanwhile neither repeat nor skip any.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_

from cases.case import Case, State
from cases.schema import cases
from facility.errors import UsageError

Sort = Literal["opened_at", "deadline"]
"""``opened_at``: the newest first. ``deadline``: the soonest first, cases without one last."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; what is empty or None does not narrow.

    ``overdue_at`` keeps those that ran past their deadline, by their end or by that time (ms).
    """

    states: tuple[State, ...] = ()
    type: str | None = None
    subject: str | None = None
    overdue_at: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Cases, and where the next ones start; None after the last."""

    items: tuple[Case, ...]
    next: str | None


def query(
    filters: CaseFilter, limit: int, cursor: str | None, sort: Sort
) -> Select[tuple[object, ...]]:
    """The cases of a page and one more, which tells whether there is a next page."""
    rows = select(cases).order_by(*_ORDER[sort]).limit(limit + 1)
    if filters.states:
        rows = rows.where(cases.c.state.in_(filters.states))
    if filters.type is not None:
        rows = rows.where(cases.c.type == filters.type)
    if filters.subject is not None:
        rows = rows.where(cases.c.subject == filters.subject)
    if filters.overdue_at is not None:
        ended = func.coalesce(cases.c.recovered_at, cases.c.closed_at, filters.overdue_at)
        rows = rows.where(cases.c.deadline < ended)
    if cursor is not None:
        rows = rows.where(_after(*_decode(cursor, sort), sort))
    return rows


def page(found: list[Case], limit: int, sort: Sort) -> Page:
    """The page, of what :func:`query` found."""
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items, _encode(items[-1], sort) if more else None)


_ORDER = {
    "opened_at": (cases.c.opened_at.desc(), cases.c.id.desc()),
    "deadline": (cases.c.deadline.asc().nulls_last(), cases.c.id.asc()),
}


def _after(at: int | None, case_id: str, sort: Sort) -> ColumnElement[bool]:
    """The cases that come after the one with this key and id."""
    if sort == "opened_at":
        return tuple_(cases.c.opened_at, cases.c.id) < tuple_(at, case_id)
    unfiled = cases.c.deadline.is_(None)
    if at is None:
        return unfiled & (cases.c.id > case_id)
    return or_(tuple_(cases.c.deadline, cases.c.id) > tuple_(at, case_id), unfiled)


def _encode(case: Case, sort: Sort) -> str:
    at = case.opened_at if sort == "opened_at" else case.filed and case.filed.deadline
    key = msgspec.json.encode((sort, at, case.id))
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _decode(cursor: str, sort: Sort) -> tuple[int | None, str]:
    refused = UsageError(f"not a cursor of this list: {cursor!r}; start without one")
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, at, case_id = msgspec.json.decode(key, type=tuple[Sort, int | None, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise refused from error
    if of != sort or (at is None and sort == "opened_at"):
        raise refused
    if at is not None and not -(2**63) <= at < 2**63:
        raise refused
    return at, case_id
