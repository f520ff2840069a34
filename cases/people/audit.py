"""The trail of changes: who did what to what, when, and from which address.

Rows are never edited, and deleted by age alone. Those of accounts and keys are appended in the
transaction of the change; those of other calls of the API when it is done. Times are the
machine's own, of a demo too: its virtual clock says nothing about who was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from cases import database
from cases.schema import audit
from facility.clock import DAY, Clock, SystemClock

_AT_ONCE = 1_000
"""Rows that one transaction deletes: others are waiting to write."""


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


class Trail:
    """How long the trail is kept: ``keep_days``, by the machine's own time."""

    def __init__(self, engine: Engine, keep_days: int, clock: Clock | None = None) -> None:
        self._engine = engine
        self._keep_ms = keep_days * DAY
        self._clock = clock or SystemClock()

    def tidy(self) -> int:
        """Deletes what is older, from the oldest row on; how many rows. Raises Retryable."""
        before = self._clock.now_ms() - self._keep_ms
        gone = 0
        while last := self._last_of_some(before):
            with database.writing(self._engine) as connection:
                gone += connection.execute(delete(audit).where(audit.c.seq <= last)).rowcount
        return gone

    def _last_of_some(self, before: int) -> int | None:
        """The last of the oldest rows that are older than ``before``; None where the oldest is not.

        In the order of their numbers, which is that of their times as long as nobody turns the
        clock back; where somebody did, some are kept a little longer.
        """
        query = select(audit.c.seq, audit.c.at).order_by(audit.c.seq).limit(_AT_ONCE)
        with database.reading(self._engine) as connection:
            rows = connection.execute(query).all()
        old = [row.seq for row in takewhile(lambda row: row.at < before, rows)]
        return old[-1] if old else None
