"""The case desk: where the rules, people and the clock put what happens to cases, and where it is
read.

Every event is kept once, and the case it belongs to is changed in the same transaction, so a
case is always the sum of its events. A desk may be used by several threads, and several desks,
in several processes, on one database.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from cases import database, listing, opening
from cases.actions import ActionName, Given, WrongField, decide
from cases.case import STATES, Case, State, StoredEvent
from cases.deadlines import lapsed
from cases.events import CaseEvent
from cases.filing.basis import Filing
from cases.filing.filed import Filed
from cases.indicators.recurrent import Recurrent, recurrent
from cases.lifecycle import Refusal
from cases.opening import Periodic
from cases.people.who import Who
from cases.rows import cases_in, stored_event
from cases.schema import case_events, cases
from cases.turn import Hook, Turn, cases_of, fresh
from facility.errors import Permanent

log = logging.getLogger(__name__)

_NOTHING = Given()


class Refused(Permanent):
    """An action cannot be done to this case now, or not by this person; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.en)
        self.refusal = refusal


class Stale(Permanent):
    """The case has changed since the version that the person looked at."""

    def __init__(self, case: Case) -> None:
        super().__init__(
            f"case {case.id} has changed meanwhile (it is at version {case.version}); look again"
        )
        self.zh = f"案件 {case.id} 已有变化(第 {case.version} 版),请重新查看后再操作"


class NoSuchCase(Permanent):
    """There is no case of that id."""


class Desk:
    """The cases of one database, whose tables :func:`cases.database.upgrade` has made.

    ``filing`` is what cases are filed by as they open; without it none is, and no deadline moves.
    ``hooks`` are called for each kept event, in its transaction. A case that comes back within
    ``recurs_within`` ms of its closing is a recurrence. Methods raise Retryable while the
    database is away.
    """

    def __init__(
        self,
        url: str,
        filing: Filing | None = None,
        hooks: Sequence[Hook] = (),
        recurs_within: int = opening.RECURS_WITHIN,
    ) -> None:
        self.filing = filing
        self._recurs_within = recurs_within
        self.hooks = tuple(hooks)
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
        """Keeps the events of the rules or the clock, in their order, all or none; how many.

        What follows of itself (cases/follow.py) is kept with them, and not counted. An event that
        is kept already is passed over. One that cannot happen to its case is left out, logged, and
        counted in :attr:`refused`.
        """
        if not events:
            return 0
        refusals: list[Refusal] = []
        kept = 0
        with database.writing(self._engine) as connection:
            new = fresh(connection, events)
            turn = self._turn(connection, {event.case for event in new})
            for event in new:
                whole = opening.completed(
                    connection, event, turn.cases.values(), self.filing, self._recurs_within
                )
                refusal = turn.add(whole)
                if refusal is None:
                    kept += 1
                else:
                    refusals.append(refusal)
            turn.keep(self.hooks)
        with self._counting:
            self._refused += len(refusals)
        for refusal in refusals:
            log.warning("event refused: %s", refusal.en)
        return kept

    def act(
        self,
        case_id: str,
        action: ActionName,
        who: Who,
        now: int,
        given: Given = _NOTHING,
        expected_version: int | None = None,
    ) -> Case:
        """Does what a person wants with a case, at ``now`` (ms); the case after it.

        Raises NoSuchCase; Stale where the case is not at the expected version; Refused where the
        case or the person's role, unit or street forbids it; WrongField where what was given is
        missing or wrong.
        """
        with database.writing(self._engine) as connection:
            turn = self._turn(connection, {case_id})
            case = turn.cases.get(case_id)
            if case is None:
                raise NoSuchCase(f"no case {case_id!r}")
            if expected_version not in (None, case.version):
                raise Stale(case)
            event = decide(case, action, who, now, given)
            if isinstance(event, Refusal):
                raise Refused(event)
            if action == "file":
                event = replace(event, filed=self._row(case, given))
            if refusal := turn.add(turn.unused(event)):
                raise Refused(refusal)
            turn.keep(self.hooks)
            return turn.cases[case_id]

    def open_periodic(self, what: Periodic, at: int, also: Hook | None = None) -> Case:
        """Opens a schedule's case at ``at`` (ms), and hands it over where its unit is known.

        WrongField where its row is not in the standard of that day.
        """
        filed = self._filed_under(what.code, what.condition, at)
        return self._open(opening.periodic(what, at, filed, self.filing), also)

    def tidy(self) -> None:
        """Keeps the lists of many cases quick (:func:`cases.database.analyze`)."""
        database.analyze(self._engine)

    def resume_due(self, now: int) -> int:
        """Takes up the suspended cases whose time is over at ``now`` (ms); how many."""
        query = select(cases).where(cases.c.suspended_until <= now, cases.c.state != "closed")
        with database.reading(self._engine) as connection:
            found = cases_in(connection.execute(query))
        return self.record([event for case in found for event in lapsed(case, now)])

    def proposed_unit(self, case: Case) -> str | None:
        """The unit to hand the case over to: its asset's owner, else who is responsible for its
        cell, else the owner that its row names; None where nobody is known."""
        return self.filing.proposed_unit(case) if self.filing else None

    def _turn(self, connection: Connection, case_ids: set[str]) -> Turn:
        return Turn(connection, case_ids, self.filing.calendar if self.filing else None)

    def _open(self, events: list[CaseEvent], also: Hook | None) -> Case:
        case_id = events[0].case
        with database.writing(self._engine) as connection:
            turn = self._turn(connection, {case_id})
            for event in events:
                if refusal := turn.add(event):
                    raise Refused(refusal)
            turn.keep((*self.hooks, *((also,) if also else ())))
            return turn.cases[case_id]

    def _row(self, case: Case, given: Given) -> Filed:
        """What a reported case is filed under: the row that is given, else the one it came with."""
        if given.code or given.condition or case.filed is None:
            return self._filed_under(given.code, given.condition, case.opened_at)
        return case.filed

    def _filed_under(self, code: str, condition: str, at: int) -> Filed:
        filed = self.filing and self.filing.filed_under(code.strip(), condition.strip(), at)
        if not filed:
            raise WrongField(
                "code",
                f"立案标准中没有 {code} {condition}".strip(),
                f"the standard has no row {code!r} with the condition {condition!r}",
            )
        return filed

    def get(self, case_id: str) -> Case | None:
        """The case, or None."""
        with database.reading(self._engine) as connection:
            return cases_of(connection, {case_id}).get(case_id)

    def get_many(self, case_ids: Iterable[str]) -> dict[str, Case]:
        """The cases of these ids, by id; those that are not there are left out."""
        with database.reading(self._engine) as connection:
            return cases_of(connection, set(case_ids))

    def listing(
        self,
        filters: listing.CaseFilter,
        limit: int,
        cursor: str | None = None,
        sort: listing.Sort = "opened_at",
    ) -> listing.Page:
        """A page of cases in the order ``sort``. UsageError where ``cursor`` is none of its."""
        with database.reading(self._engine) as connection:
            return listing.page(connection, filters, limit, cursor, sort)

    def unclosed(self) -> tuple[Case, ...]:
        """Every case that is not closed, oldest first: what the rules start from."""
        query = (
            select(cases).where(cases.c.state != "closed").order_by(cases.c.opened_at, cases.c.id)
        )
        with database.reading(self._engine) as connection:
            return tuple(cases_in(connection.execute(query)))

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

    def recurrent(
        self,
        start: int,
        end: int,
        now: int,
        type_: str | None = None,
        street: str | None = None,
        least: int = 2,
    ) -> list[Recurrent]:
        """Subjects that were at fault again and again (indicators/recurrent.py), worst first."""
        with database.reading(self._engine) as connection:
            return recurrent(connection, start, end, now, type_, street, least)

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
