"""Cases and events as rows, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, fields
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Row, RowMapping

from cases.case import Case, StoredEvent
from cases.events import CaseEvent, Opening
from cases.filing.calendar import Span
from cases.filing.filed import Filed
from cases.schema import cases


def identity(event: CaseEvent) -> str:
    """What makes an event the same event: its case, time, name and members, in any order."""
    key = msgspec.json.encode([event.case, event.at, event.event, sorted(set(event.members))])
    return hashlib.blake2b(key, digest_size=16).hexdigest()


def event_row(event: CaseEvent) -> dict[str, Any]:
    """The row of ``case_events``; the database gives it its number."""
    return {
        "identity": identity(event),
        "case_id": event.case,
        "at": event.at,
        "event": event.event,
        "members": list(event.members),
        "cause": event.cause,
        "evidence": event.evidence,
        "rule": event.rule,
        "rule_version": event.rule_version,
        "author": event.author,
        "filed": None if event.filed is None else asdict(event.filed),
        "opening": None if event.opening is None else asdict(event.opening),
    }


def stored_event(row: RowMapping) -> StoredEvent:
    """An event, of a row of ``case_events`` with its case's type and subject."""
    return StoredEvent(
        row.seq,
        CaseEvent(
            at=row.at,
            event=row.event,
            case=row.case_id,
            type=row.type,
            subject=row.subject,
            members=tuple(row.members),
            cause=row.cause,
            evidence=row.evidence,
            rule=row.rule,
            rule_version=row.rule_version,
            author=row.author,
            filed=None if row.filed is None else Filed(**row.filed),
            opening=None if row.opening is None else Opening(**row.opening),
        ),
    )


def case_row(case: Case) -> dict[str, Any]:
    """The row of ``cases``."""
    plain = {name: getattr(case, name) for name in _PLAIN}
    return {
        **plain,
        "members": list(case.members),
        "pauses": [list(pause) for pause in case.pauses],
        "stopped_at": case.stopped_at,
        **_filed_row(case.filed),
    }


def cases_in(rows: Iterable[Row[Any]]) -> list[Case]:
    """The cases that a ``select(cases)`` found."""
    # Read by place, not by name: a list has fifty rows of as many columns, which is most of its
    # work.
    found = []
    for row in rows:
        filed = Filed(*_FILED_AT(row))
        members, pauses = _LISTS_AT(row)
        found.append(
            Case(
                **dict(zip(_PLAIN, _PLAIN_AT(row), strict=True)),
                members=tuple(members),
                pauses=tuple(Span(*pause) for pause in pauses),
                filed=None if filed.deadline is None else filed,
            )
        )
    return found


_PLAIN = tuple(
    each.name for each in fields(Case) if each.name not in ("members", "pauses", "filed")
)
"""What a case has and its row has just so."""

_FILED = {
    "standard": "filed_standard",
    "version": "filed_version",
    "code": "filed_code",
    "condition": "filed_condition",
    "limit": "filed_limit",
    "clock": "filed_clock",
    "deadline": "deadline",
}
"""What a case is filed under, and the columns it is kept in."""


_COLUMNS = cases.columns.keys()


def _at(*names: str) -> itemgetter[Any]:
    """Takes these columns out of a row."""
    return itemgetter(*(_COLUMNS.index(name) for name in names))


_PLAIN_AT = _at(*_PLAIN)
_FILED_AT = _at(*(_FILED[each.name] for each in fields(Filed)))
_LISTS_AT = _at("members", "pauses")


def _filed_row(filed: Filed | None) -> dict[str, Any]:
    return {column: getattr(filed, name, None) for name, column in _FILED.items()}
