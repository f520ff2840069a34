"""Lists of reports, newest first, page by page."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec
from sqlalchemy import Select, select, tuple_

from cases.residents.reported import Channel, Report
from cases.schema import cases, reports
from facility.errors import UsageError


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


def query(filters: ReportFilter, limit: int, cursor: str | None) -> Select[tuple[object, ...]]:
    """The reports of a page and one more, which tells whether there is a next page."""
    rows = (
        select(reports)
        .join(cases, cases.c.id == reports.c.case_id)
        .order_by(reports.c.received_at.desc(), reports.c.id.desc())
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
        rows = rows.where(tuple_(reports.c.received_at, reports.c.id) < tuple_(*_decode(cursor)))
    return rows


def page(found: list[Report], limit: int) -> Page:
    """The page, of what :func:`query` found."""
    items = tuple(found[:limit])
    return Page(items, _encode(items[-1]) if len(found) > limit else None)


def _encode(report: Report) -> str:
    key = msgspec.json.encode((report.received_at, report.id))
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _decode(cursor: str) -> tuple[int, int]:
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, report_id = msgspec.json.decode(key, type=tuple[int, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise UsageError(f"not a cursor of this list: {cursor!r}; start without one") from error
    if not all(-(2**63) <= one < 2**63 for one in (at, report_id)):
        raise UsageError(f"not a cursor of this list: {cursor!r}; start without one")
    return at, report_id
