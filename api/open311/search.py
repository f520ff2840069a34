"""GET requests of GeoReport v2: its filters, and how far back they reach."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from api.open311.faults import Fault
from cases.residents.listing import ReportFilter
from facility.clock import DAY, SECOND, from_rfc3339

MOST = 1_000
SPAN_MS = 90 * DAY
"""The standard's volume: 90 days or 1000 requests, whichever is smaller."""

_LATEST_ID = 2**63 - 1


def filters_of(given: Mapping[str, str], now: int) -> ReportFilter:
    """The filters of a query; Fault where one cannot be meant.

    Numbers of requests override all others. Of a span longer than 90 days the last 90 count.
    """
    if "service_request_id" in given:
        return ReportFilter(ids=_ids(given["service_request_id"]))
    since, until = _time(given, "start_date"), _time(given, "end_date")
    if until is not None:
        # Times are told in seconds: the last of them is a whole one.
        until += SECOND - 1
    if since is not None and until is not None and since > until:
        raise Fault(400, "start_date: is after end_date")
    if until is None:
        until = now if since is None else since + SPAN_MS
    since = until - SPAN_MS if since is None else max(since, until - SPAN_MS)
    return ReportFilter(
        services=_listed(given, "service_code"),
        since=since,
        until=until,
        open=_open(_listed(given, "status")),
    )


def _ids(text: str) -> tuple[int, ...]:
    """The numbers that are listed; what is none is of no request. None at all would be every."""
    named = (part.strip() for part in text.split(","))
    numbers = (int(one) for one in named if one.isascii() and one.isdecimal())
    known = tuple(islice((one for one in numbers if one <= _LATEST_ID), MOST))
    return known or (0,)


def _open(statuses: tuple[str, ...]) -> bool | None:
    for status in statuses:
        if status not in ("open", "closed"):
            raise Fault(400, f"status: {status[:40]!r} is neither open nor closed")
    return None if len(set(statuses)) != 1 else statuses[0] == "open"


def _listed(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = (part.strip() for part in given.get(name, "").split(","))
    return tuple(islice((part for part in parts if part), MOST))


def _time(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        # A + that was not written as %2B arrives as a blank.
        return from_rfc3339(text.replace(" ", "+"))
    except (ValueError, OverflowError):
        raise Fault(
            400, f"{name}: write a time with its offset, like 2026-06-21T12:00:00Z"
        ) from None
