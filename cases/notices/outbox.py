"""The outbox: what is to be told of cases, kept in the case's own transaction and sent after it.

A row is one notice to one contact. Rows of one contact are taken up together, as one message, and
stay that message until it is sent or given up: a message that is tried again is the same one. Only
who holds the lease sends it; a lease that runs out says that its holder has died.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from cases.schema import outbox

RowState = Literal["waiting", "sending", "sent", "given_up", "dry_run"]
ROW_STATES: tuple[RowState, ...] = get_args(RowState)

MOST_ROWS = 50
"""Notices in one message; what is more goes into the next."""

_ENDED = ("sent", "given_up", "dry_run")


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice to one contact, to be put in. Times are ms."""

    recipient: str
    contact: str
    case: str
    at: int
    urgent: bool
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message that was taken up: its rows are nobody else's until the lease runs out.

    ``attempt`` counts from 1.
    """

    id: str
    recipient: str
    contact: str
    attempt: int
    facts: tuple[dict[str, Any], ...]


Quiet = Callable[[str], bool]
"""Whether the recipient of this name is to be left in peace now."""


def put(connection: Connection, entries: Iterable[Entry], window_ms: int) -> None:
    """Puts notices in, to wait ``window_ms`` for others to the same contact; urgent ones do not."""
    rows = [
        {
            "recipient": entry.recipient,
            "contact": entry.contact,
            "case_id": entry.case,
            "at": entry.at,
            "urgent": entry.urgent,
            "facts": entry.facts,
            "state": "waiting",
            "due_at": entry.at if entry.urgent else entry.at + window_ms,
            "attempts": 0,
        }
        for entry in entries
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def is_due(connection: Connection, now: int) -> bool:
    """Whether :func:`take` may find something: asked first, for it takes no write lock."""
    return connection.scalar(select(outbox.c.id).where(_due(now)).limit(1)) is not None


def take(connection: Connection, now: int, lease_ms: int, quiet: Quiet) -> Parcel | None:
    """The next message that is due, leased from ``now``; None where there is none.

    Messages that were tried before, or whose holder died, come first. A contact has one message
    under way at a time.
    """
    parcel = _again(connection, now) or _fresh(connection, now, quiet)
    if parcel is not None:
        connection.execute(
            update(outbox)
            .where(outbox.c.message == parcel.id)
            .values(state="sending", leased_until=now + lease_ms, attempts=parcel.attempt)
        )
    return parcel


def sent(connection: Connection, parcel: Parcel, now: int, *, dry: bool = False) -> None:
    """Marks a message as sent; ``dry``: as one that would have been."""
    _finish(connection, parcel, "dry_run" if dry else "sent", now, None)


def failed(connection: Connection, parcel: Parcel, retry_at: int, error: str) -> None:
    """Lets a message wait until ``retry_at`` (ms)."""
    connection.execute(
        update(outbox)
        .where(_held(parcel))
        .values(state="waiting", due_at=retry_at, leased_until=None, error=error)
    )


def give_up(connection: Connection, parcel: Parcel, now: int, error: str) -> None:
    """Ends a message that could not be sent; ``error`` is kept."""
    _finish(connection, parcel, "given_up", now, error)


def forget(connection: Connection, before: int) -> int:
    """Deletes what ended before a time (ms); how many rows."""
    old = and_(outbox.c.state.in_(_ENDED), outbox.c.finished_at < before)
    return connection.execute(delete(outbox).where(old)).rowcount


@dataclass(frozen=True, slots=True)
class Standing:
    """How the outbox stands: rows by state, the contacts that cannot be reached, and why."""

    counts: dict[RowState, int]
    given_up_lately: int
    failing: tuple[tuple[str, str, str], ...]
    """(recipient, contact, error) of messages that wait for another try."""


def standing(connection: Connection, lately: int) -> Standing:
    """How the outbox stands; ``lately`` (ms) is since when what was given up is news."""
    counted = select(outbox.c.state, func.count().label("many")).group_by(outbox.c.state)
    found = {row.state: row.many for row in connection.execute(counted)}
    waiting = (
        select(outbox.c.recipient, outbox.c.contact, func.max(outbox.c.error))
        .where(outbox.c.state.in_(("waiting", "sending")), outbox.c.error.is_not(None))
        .group_by(outbox.c.recipient, outbox.c.contact)
        .order_by(outbox.c.recipient, outbox.c.contact)
    )
    failing = tuple((who, by, error) for who, by, error in connection.execute(waiting))
    lost = select(func.count()).where(outbox.c.state == "given_up", outbox.c.finished_at >= lately)
    counts = {state: found.get(state, 0) for state in ROW_STATES}
    return Standing(counts, connection.scalar(lost) or 0, failing)


def _again(connection: Connection, now: int) -> Parcel | None:
    query = select(outbox.c.message).where(outbox.c.message.is_not(None), _due(now))
    message = connection.scalar(query.order_by(outbox.c.id).limit(1))
    if message is None:
        return None
    rows = connection.execute(
        select(outbox).where(outbox.c.message == message).order_by(outbox.c.id)
    ).all()
    first = rows[0]
    facts = tuple(row.facts for row in rows)
    return Parcel(message, first.recipient, first.contact, first.attempts + 1, facts)


def _fresh(connection: Connection, now: int, quiet: Quiet) -> Parcel | None:
    """A new message of what waits for one contact, urgent or not, once anything of it is due."""
    new = and_(outbox.c.state == "waiting", outbox.c.message.is_(None))
    busy = (
        select(outbox.c.recipient, outbox.c.contact)
        .where(outbox.c.state.in_(("waiting", "sending")), outbox.c.message.is_not(None))
        .distinct()
    )
    under_way = {(row.recipient, row.contact) for row in connection.execute(busy)}
    urgent_due = case((outbox.c.urgent, outbox.c.due_at))
    contacts = connection.execute(
        select(
            outbox.c.recipient,
            outbox.c.contact,
            func.min(outbox.c.due_at).label("due"),
            func.min(urgent_due).label("urgent_due"),
        )
        .where(new)
        .group_by(outbox.c.recipient, outbox.c.contact)
        .order_by(func.min(outbox.c.id))
    ).all()
    for to in contacts:
        hushed = quiet(to.recipient)
        due = to.urgent_due if hushed else to.due
        if due is None or due > now or (to.recipient, to.contact) in under_way:
            continue
        its = and_(new, outbox.c.recipient == to.recipient, outbox.c.contact == to.contact)
        if hushed:
            its = and_(its, outbox.c.urgent)
        return _bundled(connection, to.recipient, to.contact, its)
    return None


def _bundled(
    connection: Connection, recipient: str, contact: str, its: ColumnElement[bool]
) -> Parcel:
    rows = connection.execute(
        select(outbox.c.id, outbox.c.facts).where(its).order_by(outbox.c.id).limit(MOST_ROWS)
    ).all()
    message = uuid.uuid4().hex
    connection.execute(
        update(outbox).where(outbox.c.id.in_([row.id for row in rows])).values(message=message)
    )
    return Parcel(message, recipient, contact, 1, tuple(row.facts for row in rows))


def _due(now: int) -> ColumnElement[bool]:
    return or_(
        and_(outbox.c.state == "waiting", outbox.c.due_at <= now),
        and_(outbox.c.state == "sending", outbox.c.leased_until <= now),
    )


def _held(parcel: Parcel) -> ColumnElement[bool]:
    """The rows of a message, while this attempt at it is the newest."""
    return and_(
        outbox.c.message == parcel.id,
        outbox.c.state == "sending",
        outbox.c.attempts == parcel.attempt,
    )


def _finish(
    connection: Connection, parcel: Parcel, state: RowState, now: int, error: str | None
) -> None:
    connection.execute(
        update(outbox)
        .where(_held(parcel))
        .values(state=state, finished_at=now, leased_until=None, error=error)
    )
