"""One turn at the desk: events added to their cases within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy import Connection, bindparam, insert, select, update

from cases import words
from cases.case import Case
from cases.deadlines import with_deadline
from cases.events import CaseEvent
from cases.filing.calendar import Calendar
from cases.follow import following
from cases.lifecycle import Refusal, apply
from cases.rows import case_row, cases_in, event_row, identity
from cases.schema import case_events, cases

Hook = Callable[[Connection, Case | None, Case, CaseEvent], None]
"""Called for each kept event, in order, in its transaction: the case before (None as it opens) and
after it, both rows being written. What it raises undoes the whole turn."""

_MANY = 500
"""Values in one IN list: well below what any database takes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event that was added: its case before and after it."""

    before: Case | None
    after: Case
    event: CaseEvent


class Turn:
    """Events added one after another to the cases that ``connection`` sees.

    ``calendar`` moves deadlines; without it they stay.
    """

    def __init__(
        self, connection: Connection, case_ids: Iterable[str], calendar: Calendar | None
    ) -> None:
        self.connection = connection
        self.cases = cases_of(connection, set(case_ids))
        self.steps: list[Step] = []
        self._calendar = calendar
        self._there = set(self.cases)
        self._identities: set[str] = set()

    def add(self, event: CaseEvent) -> Refusal | None:
        """Adds an event and what follows of itself; why it cannot happen, or None."""
        before = self.cases.get(event.case)
        if before is not None and self._calendar is not None:
            event = with_deadline(before, event, self._calendar)
        after = apply(before, event)
        if isinstance(after, Refusal):
            return after
        self.cases[event.case] = after
        self._identities.add(identity(event))
        self.steps.append(Step(before, after, event))
        if next_event := following(after, event):
            self.add(self.unused(next_event))
        return None

    def unused(self, event: CaseEvent) -> CaseEvent:
        """The event, a little later where the same thing happened to its case in this very ms."""
        while (key := identity(event)) in self._identities or _is_kept(self.connection, key):
            event = replace(event, at=event.at + 1)
        return event

    def keep(self, hooks: Sequence[Hook]) -> None:
        """Writes the cases and the events, then calls the hooks."""
        if not self.steps:
            return
        touched = {step.event.case for step in self.steps}
        new = [self.cases[key] for key in touched - self._there]
        changed = [{**case_row(self.cases[key]), "key": key} for key in touched & self._there]
        if new:
            self.connection.execute(insert(cases), [case_row(case) for case in new])
            words.keep(self.connection, new)
        if changed:
            self.connection.execute(update(cases).where(cases.c.id == bindparam("key")), changed)
        rows = [event_row(step.event) for step in self.steps]
        self.connection.execute(insert(case_events), rows)
        for step in self.steps:
            for hook in hooks:
                hook(self.connection, step.before, step.after, step.event)


def fresh(connection: Connection, events: Sequence[CaseEvent]) -> list[CaseEvent]:
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


def cases_of(connection: Connection, case_ids: set[str]) -> dict[str, Case]:
    """The cases of these ids, by id; those that are not there are left out."""
    found: dict[str, Case] = {}
    wanted = iter(sorted(case_ids))
    while some := list(islice(wanted, _MANY)):
        query = select(cases).where(cases.c.id.in_(some))
        found |= {case.id: case for case in cases_in(connection.execute(query))}
    return found


def _is_kept(connection: Connection, key: str) -> bool:
    query = select(case_events.c.seq).where(case_events.c.identity == key)
    return connection.scalar(query) is not None
