"""The list of what is supervised (督办台账), page by page, in the order that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, Connection, Select, cast, func, select

from cases.case import Case
from cases.keyset import Order, cursor_of, read
from cases.rows import cases_in
from cases.schema import cases, supervision
from cases.supervision.grounds import HIGHEST
from cases.supervision.supervised import Entry, of_cases

Sort = Literal["level", "since", "deadline"]
"""``level``: the highest first, then the oldest. ``since``: the longest supervised first.
``deadline``: the soonest first, cases without one last."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """A case, and what it is supervised for now, the highest level first."""

    case: Case
    entries: tuple[Entry, ...]

    @property
    def level(self) -> int:
        """The highest level."""
        return self.entries[0].level

    @property
    def since(self) -> int:
        """Since when it is at that level, ms."""
        return min(entry.since for entry in self.entries if entry.level == self.level)


@dataclass(frozen=True, slots=True)
class SupervisedFilter:
    """Which of them; what is empty or None does not narrow. ``level`` is the least."""

    level: int
    cause: str | None = None
    unit: str | None = None
    streets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What is supervised, and where the next begins; None after the last."""

    items: tuple[Supervised, ...]
    next: str | None


_LIVE = supervision.c.ended_at.is_(None)

_highest = (
    select(supervision.c.case_id, func.max(supervision.c.level).label("level"))
    .where(_LIVE)
    .group_by(supervision.c.case_id)
    .subquery()
)
_standing = (
    select(_highest.c.case_id, _highest.c.level, func.min(supervision.c.since).label("since"))
    .join(
        supervision,
        (supervision.c.case_id == _highest.c.case_id)
        & (supervision.c.level == _highest.c.level)
        & _LIVE,
    )
    .group_by(_highest.c.case_id, _highest.c.level)
    .subquery()
)
"""Each supervised case's highest level, and since when it is at that (ms)."""

_LEVEL = 2**50
"""More than any time in ms: a level and a time in one number."""

_RANK = cast(HIGHEST - _standing.c.level, BigInteger) * _LEVEL + _standing.c.since

_ORDERS: dict[Sort, Order] = {
    "level": Order(_RANK, cases.c.id),
    "since": Order(_standing.c.since, cases.c.id),
    "deadline": Order(cases.c.deadline, cases.c.id, nullable=True),
}


def page(
    connection: Connection, filters: SupervisedFilter, limit: int, cursor: str | None, sort: Sort
) -> Page:
    """A page of what fits. UsageError where ``cursor`` is none of its."""
    order = _ORDERS[sort]
    query = (
        select(cases, order.column.label("at"))
        .join(_standing, _standing.c.case_id == cases.c.id)
        .where(cases.c.id.in_(_with_cause(filters.level, filters.cause)))
        .order_by(*order.clauses())
        .limit(limit + 1)
    )
    if filters.unit is not None:
        query = query.where(cases.c.unit == filters.unit)
    if filters.streets:
        query = query.where(cases.c.street.in_(filters.streets))
    if cursor is not None:
        query = query.where(order.after(*read(cursor, sort, order)))
    rows = connection.execute(query).all()
    found = cases_in(rows[:limit])
    entries = of_cases(connection, [case.id for case in found])
    items = tuple(Supervised(case, tuple(entries[case.id])) for case in found)
    more = len(rows) > limit
    return Page(items, cursor_of(sort, rows[limit - 1].at, items[-1].case.id) if more else None)


def _with_cause(level: int, cause: str | None) -> Select[tuple[str]]:
    """The ids of the cases that are supervised now, at least at a level, for a cause."""
    query = select(supervision.c.case_id).where(_LIVE, supervision.c.level >= level)
    return query if cause is None else query.where(supervision.c.cause == cause)
