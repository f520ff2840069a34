"""Cases and events as rows, and back."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from cases.case import Case, StoredEvent
from cases.events import CaseEvent, Opening
from cases.filing.calendar import Span
from cases.filing.filed import Filed


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


def case_of(row: RowMapping) -> Case:
    """A case, of a row of ``cases``."""
    values = dict(row)
    filed = None
    if values["deadline"] is not None:
        filed = Filed(**{name: values[column] for name, column in _FILED.items()})
    return Case(
        **{name: values[name] for name in _PLAIN},
        members=tuple(values["members"]),
        pauses=tuple(Span(*pause) for pause in values["pauses"]),
        filed=filed,
    )


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


def _filed_row(filed: Filed | None) -> dict[str, Any]:
    return {column: getattr(filed, name, None) for name, column in _FILED.items()}
