"""The trail of changes: who did what to what, when, and from which address.

Rows are never edited. Those of accounts and keys are appended in the transaction of the change;
those of other calls of the API when it is done. Times are the
machine's own, of a demo too: its virtual clock says nothing about who was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from cases.schema import audit


@dataclass(frozen=True, slots=True)
class By:
    """Who makes a change: a name, when (ms), and from which network address; "" for none."""

    who: str
    at: int
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``what`` is a word such as ``account.added``, or a call; ``seq`` grows by time."""

    seq: int
    at: int
    who: str
    address: str
    what: str
    subject: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows: those by exactly ``who``, about a ``subject`` that has these characters in it, of
    [``start``, ``end``) ms. None leaves it open."""

    who: str | None = None
    subject: str | None = None
    start: int | None = None
    end: int | None = None


ALL = Sought()


def note(
    connection: Connection,
    by: By,
    what: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Appends a row."""
    row = {"at": by.at, "who": by.who, "address": by.address, "what": what, "subject": subject}
    connection.execute(insert(audit).values(**row, details=dict(details or {})))


def entries(
    connection: Connection, limit: int, before: int | None, sought: Sought = ALL
) -> tuple[Entry, ...]:
    """The newest rows first; those older than the number ``before`` where one is given."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.seq < before)
    if sought.who is not None:
        query = query.where(audit.c.who == sought.who)
    if sought.subject is not None:
        query = query.where(audit.c.subject.icontains(sought.subject, autoescape=True))
    if sought.start is not None:
        query = query.where(audit.c.at >= sought.start)
    if sought.end is not None:
        query = query.where(audit.c.at < sought.end)
    return tuple(Entry(**row) for row in connection.execute(query).mappings())
