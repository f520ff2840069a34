"""The case desk: where the rules and people put what happens to cases, and where it is read.

Every event is kept once, and the case it belongs to is changed in the same transaction, so a
case is always the sum of its events. A desk may be used by several threads, and several desks,
in several processes, on one database.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection, bindparam, func, insert, select, update

from cases import database, listing
from cases.case import STATES, Case, State, StoredEvent
from cases.events import CaseEvent
from cases.filing import Filing
from cases.lifecycle import ACTIONS, ActionName, Refusal, apply, possible_actions
from cases.rows import case_of, case_row, event_row, identity, stored_event
from cases.schema import case_events, cases
from facility.errors import Permanent, UsageError

log = logging.getLogger(__name__)

_MANY = 500
"""Values in one IN list: well below what any database takes."""

AUTHOR_MAX = 64
REASON_MAX = 2_000


class Refused(Permanent):
    """A person's action cannot be done to this case now; ``refusal`` says what can."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.en)
        self.refusal = refusal


class NoSuchCase(Permanent):
    """There is no case of that id."""


class Desk:
    """The cases of one database, whose tables :func:`cases.database.upgrade` has made.

    ``filing`` is what cases are filed by as they open; without it none is. Methods raise Retryable
    while the database is away.
    """

    def __init__(self, url: str, filing: Filing | None = None) -> None:
        self.filing = filing
        self._engine = database.connect(url)
        self._counting = threading.Lock()
        self._refused = 0

    @property
    def refused(self) -> int:
        """Events that could not happen to their case, since the start."""
        return self._refused

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def record(self, events: Sequence[CaseEvent]) -> int:
        """Keeps the events, in their order, all or none; how many were new.

        One that is kept already is passed over. One that cannot happen to its case is left out,
        logged, and counted in :attr:`refused`.
        """
        if not events:
            return 0
        refusals: list[Refusal] = []
        with database.writing(self._engine) as connection:
            fresh = _fresh(connection, events)
            before = _cases_of(connection, {event.case for event in fresh})
            after = dict(before)
            kept: list[CaseEvent] = []
            for event in map(self._filed, fresh):
                outcome = apply(after.get(event.case), event)
                if isinstance(outcome, Refusal):
                    refusals.append(outcome)
                else:
                    after[event.case] = outcome
                    kept.append(event)
            _keep(connection, before, after, kept)
        with self._counting:
            self._refused += len(refusals)
        for refusal in refusals:
            log.warning("event refused: %s", refusal.en)
        return len(kept)

    def _filed(self, event: CaseEvent) -> CaseEvent:
        """An event that opens a case, with what the case is filed under; any other as it is."""
        if event.event != "opened" or event.filed is not None or self.filing is None:
            return event
        return replace(event, filed=self.filing.filed(event))

    def act(
        self,
        case_id: str,
        action: ActionName,
        author: str,
        reason: str,
        now: int,
        expected_version: int | None = None,
    ) -> Case:
        """Does what a person wants with a case, at ``now`` (ms); the case after it.

        Raises NoSuchCase; Refused where the case's state, or a version other than the
        expected one, forbids it; UsageError where author or reason is missing or too long.
        """
        author = _said("author", author, AUTHOR_MAX)
        reason = _said("reason", reason, REASON_MAX)
        if action not in ACTIONS:
            raise UsageError(f"unknown action {action!r}; possible: {', '.join(ACTIONS)}")
        with database.writing(self._engine) as connection:
            before = _cases_of(connection, {case_id})
            case = before.get(case_id)
            if case is None:
                raise NoSuchCase(f"no case {case_id!r}")
            if expected_version not in (None, case.version):
                raise Refused(_changed_meanwhile(case))
            event = CaseEvent(
                at=now,
                event=ACTIONS[action].event,
                case=case.id,
                type=case.type,
                subject=case.subject,
                members=case.members,
                evidence={"reason": reason},
                author=author,
            )
            outcome = apply(case, event)
            if isinstance(outcome, Refusal):
                raise Refused(_not_possible(case, action))
            _keep(connection, before, {case.id: outcome}, [event])
        return outcome

    def get(self, case_id: str) -> Case | None:
        """The case, or None."""
        with database.reading(self._engine) as connection:
            return _cases_of(connection, {case_id}).get(case_id)

    def get_many(self, case_ids: Iterable[str]) -> dict[str, Case]:
        """The cases of these ids, by id; those that are not there are left out."""
        with database.reading(self._engine) as connection:
            return _cases_of(connection, set(case_ids))

    def listing(
        self,
        filters: listing.CaseFilter,
        limit: int,
        cursor: str | None = None,
        sort: listing.Sort = "opened_at",
    ) -> listing.Page:
        """A page of cases in the order ``sort``. UsageError where ``cursor`` is none of its."""
        with database.reading(self._engine) as connection:
            rows = connection.execute(listing.query(filters, limit, cursor, sort)).mappings()
            return listing.page([case_of(row) for row in rows], limit, sort)

    def unclosed(self) -> tuple[Case, ...]:
        """Every case that is not closed, oldest first: what the rules start from."""
        query = (
            select(cases).where(cases.c.state != "closed").order_by(cases.c.opened_at, cases.c.id)
        )
        with database.reading(self._engine) as connection:
            return tuple(case_of(row) for row in connection.execute(query).mappings())

    def events_of(self, case_id: str) -> tuple[StoredEvent, ...]:
        """The events of a case, in their order."""
        query = _EVENTS.where(case_events.c.case_id == case_id)
        with database.reading(self._engine) as connection:
            return tuple(stored_event(row) for row in connection.execute(query).mappings())

    def events_after(self, seq: int, limit: int) -> tuple[StoredEvent, ...]:
        """The next events of all cases after number ``seq``, by whomever, in their order."""
        query = _EVENTS.where(case_events.c.seq > seq).limit(limit)
        with database.reading(self._engine) as connection:
            return tuple(stored_event(row) for row in connection.execute(query).mappings())

    def last_seq(self) -> int:
        """The number of the newest event; 0 before the first."""
        with database.reading(self._engine) as connection:
            return connection.scalar(select(func.max(case_events.c.seq))) or 0

    def counts(self) -> dict[State, int]:
        """How many cases there are in each state."""
        query = select(cases.c.state, func.count().label("many")).group_by(cases.c.state)
        with database.reading(self._engine) as connection:
            found = {row.state: row.many for row in connection.execute(query)}
        return {state: found.get(state, 0) for state in STATES}


_EVENTS = (
    select(case_events, cases.c.type, cases.c.subject)
    .join(cases, cases.c.id == case_events.c.case_id)
    .order_by(case_events.c.seq)
)


def _fresh(connection: Connection, events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """The events that are not kept yet, each once, in their order."""
    by_identity: dict[str, CaseEvent] = {}
    for event in events:
        by_identity.setdefault(identity(event), event)
    wanted = iter(list(by_identity))
    while some := list(islice(wanted, _MANY)):
        known = select(case_events.c.identity).where(case_events.c.identity.in_(some))
        for kept in connection.scalars(known):
            del by_identity[kept]
    return list(by_identity.values())


def _cases_of(connection: Connection, case_ids: set[str]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    wanted = iter(sorted(case_ids))
    while some := list(islice(wanted, _MANY)):
        for row in connection.execute(select(cases).where(cases.c.id.in_(some))).mappings():
            case = case_of(row)
            found[case.id] = case
    return found


def _keep(
    connection: Connection,
    before: dict[str, Case],
    after: dict[str, Case],
    events: Sequence[CaseEvent],
) -> None:
    if not events:
        return
    touched = {event.case for event in events}
    new = [case_row(case) for key, case in after.items() if key in touched and key not in before]
    changed = [
        {**case_row(case), "key": key}
        for key, case in after.items()
        if key in touched and key in before
    ]
    if new:
        connection.execute(insert(cases), new)
    if changed:
        connection.execute(update(cases).where(cases.c.id == bindparam("key")), changed)
    connection.execute(insert(case_events), [event_row(event) for event in events])


def _said(what: str, value: str, longest: int) -> str:
    value = value.strip()
    if not value:
        raise UsageError(f"{what} is missing; say it in up to {longest} characters")
    if len(value) > longest:
        raise UsageError(f"{what} has {len(value)} characters; say it in up to {longest}")
    if "\0" in value:
        raise UsageError(f"{what} has a NUL character in it; leave it out")
    return value


def _changed_meanwhile(case: Case) -> Refusal:
    return Refusal(
        f"案件 {case.id} 已有变化(第 {case.version} 版),请重新查看后再操作",
        f"case {case.id} has changed meanwhile (it is at version {case.version}); look again",
        possible_actions(case.state),
    )


def _not_possible(case: Case, action: ActionName) -> Refusal:
    return Refusal(
        f"案件 {case.id} 的状态是 {case.state},不能{ACTIONS[action].zh}",
        f"case {case.id} is {case.state}: {ACTIONS[action].en} is not possible",
        possible_actions(case.state),
    )
