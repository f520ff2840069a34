"""Lists of cases, newest first, page by page.

A page starts after the last case of the one before it, not at a count of rows: cases that open
meanwhile neither repeat nor skip any.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec
from sqlalchemy import Select, select, tuple_

from cases.case import Case, State
from cases.schema import cases
from facility.errors import UsageError


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases; what is empty or None does not narrow."""

    states: tuple[State, ...] = ()
    type: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Cases, and where the next ones start; None after the last."""

    items: tuple[Case, ...]
    next: str | None


def query(filters: CaseFilter, limit: int, cursor: str | None) -> Select[tuple[object, ...]]:
    """The cases of a page and one more, which tells whether there is a next page."""
    rows = select(cases).order_by(cases.c.opened_at.desc(), cases.c.id.desc()).limit(limit + 1)
    if filters.states:
        rows = rows.where(cases.c.state.in_(filters.states))
    if filters.type is not None:
        rows = rows.where(cases.c.type == filters.type)
    if filters.subject is not None:
        rows = rows.where(cases.c.subject == filters.subject)
    if cursor is not None:
        opened_at, case_id = _decode(cursor)
        rows = rows.where(tuple_(cases.c.opened_at, cases.c.id) < tuple_(opened_at, case_id))
    return rows


def page(found: list[Case], limit: int) -> Page:
    """The page, of what :func:`query` found."""
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items, _encode(items[-1]) if more else None)


def _encode(case: Case) -> str:
    key = msgspec.json.encode((case.opened_at, case.id))
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, str]:
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        opened_at, case_id = msgspec.json.decode(key, type=tuple[int, str])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise UsageError(f"not a cursor of this list: {cursor!r}; start without one") from error
    if not -(2**63) <= opened_at < 2**63:
        raise UsageError(f"not a cursor of this list: {cursor!r}; start without one")
    return opened_at, case_id
