"""Lists of reports, newest first or by what their residents said of the result, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Select, select

from cases.keyset import Order, cursor_of, read
from cases.residents.reported import Channel, Report
from cases.schema import cases, reports

Sort = Literal["received_at", "satisfaction", "not_fixed_at"]
"""``received_at``: the newest first. ``satisfaction``: the least satisfied first.
``not_fixed_at``: of whom it was said last that nothing was mended first. Those that have no such
thing come last."""


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Which reports; what is empty or None does not narrow.

    ``since`` and ``until`` bound the receipt, both included (ms). ``unit`` is that of the case, and
    so are ``streets`` (grid codes).  ``open`` says whether the case is not over.
    """

    ids: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    channel: Channel | None = None
    case: str | None = None
    since: int | None = None
    until: int | None = None
    open: bool | None = None
    not_fixed: bool = False
    unit: str | None = None
    streets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Reports, and where the next ones start; None after the last."""

    items: tuple[Report, ...]
    next: str | None


def query(
    filters: ReportFilter, limit: int, cursor: str | None, sort: Sort
) -> Select[tuple[object, ...]]:
    """The reports of a page and one more, which tells whether there is a next page."""
    order = _ORDERS[sort]
    rows = (
        select(reports)
        .join(cases, cases.c.id == reports.c.case_id)
        .order_by(*order.clauses())
        .limit(limit + 1)
    )
    if filters.ids:
        rows = rows.where(reports.c.id.in_(filters.ids))
    if filters.services:
        rows = rows.where(reports.c.service.in_(filters.services))
    if filters.channel is not None:
        rows = rows.where(reports.c.channel == filters.channel)
    if filters.case is not None:
        rows = rows.where(reports.c.case_id == filters.case)
    if filters.since is not None:
        rows = rows.where(reports.c.received_at >= filters.since)
    if filters.until is not None:
        rows = rows.where(reports.c.received_at <= filters.until)
    if filters.open is not None:
        closed = cases.c.state == "closed"
        rows = rows.where(~closed if filters.open else closed)
    if filters.not_fixed:
        rows = rows.where(reports.c.not_fixed > 0)
    if filters.unit is not None:
        rows = rows.where(cases.c.unit == filters.unit)
    if filters.streets:
        rows = rows.where(cases.c.street.in_(filters.streets))
    if cursor is not None:
        rows = rows.where(order.after(*read(cursor, sort, order)))
    return rows


def page(found: list[Report], limit: int, sort: Sort) -> Page:
    """The page, of what :func:`query` found."""
    items = tuple(found[:limit])
    if len(found) <= limit:
        return Page(items, None)
    last = items[-1]
    return Page(items, cursor_of(sort, getattr(last, sort), last.id))


_ORDERS: dict[Sort, Order] = {
    "received_at": Order(reports.c.received_at, reports.c.id, descending=True),
    "satisfaction": Order(reports.c.satisfaction, reports.c.id, nullable=True),
    "not_fixed_at": Order(reports.c.not_fixed_at, reports.c.id, descending=True, nullable=True),
}
