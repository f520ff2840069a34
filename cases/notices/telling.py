"""Who is told of an event: the unit that has the case, who stands above it, and subscribers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from cases.case import Case
from cases.events import CaseEvent
from cases.filing.basis import Filing, subject_asset
from cases.notices import outbox
from cases.notices.contacts import Recipient
from cases.notices.outbox import Entry
from cases.notices.subscriptions import Subscription
from cases.notices.units import Units
from cases.notices.wording import Book, facts_of
from cases.supervision.supervised import levels_of
from facility.assets import Cover, Streetlight
from facility.clock import SECOND


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell somebody."""

    recipient: Recipient
    urgent: bool
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told of what. :meth:`hook` is the desk's: it puts what is to be told in the outbox.

    ``window_s`` is how long a notice waits for others.
    """

    units: Units
    subscriptions: tuple[Subscription, ...]
    book: Book
    filing: Filing | None = None
    window_s: float = 60.0

    def recipients(self) -> tuple[Recipient, ...]:
        """Everybody who can be told of anything."""
        return (
            *(unit.recipient for unit in self.units),
            *(one.recipient for one in self.subscriptions),
        )

    def notices(self, before: Case | None, after: Case, event: CaseEvent) -> list[Notice]:
        """What an event is told to whom; to each once."""
        return self._told(event.event, before, after, event)

    def _told(self, name: str, before: Case | None, after: Case, event: CaseEvent) -> list[Notice]:
        if name not in self.book.events:
            return []
        facts = facts_of(after, event, self._place(after), self.filing) | {"event": name}
        urgent = self.book.is_urgent(facts)
        told: dict[str, Recipient] = {}
        for recipient in self._concerned(before, after, facts, event):
            told.setdefault(recipient.name, recipient)
        return [Notice(recipient, urgent, facts) for recipient in told.values()]

    def hook(
        self, connection: Connection, before: Case | None, after: Case, event: CaseEvent
    ) -> None:
        """Puts what an event is told to whom in the outbox, in the event's transaction."""
        self.put(connection, self.notices(before, after, event), event)

    def remind(self, connection: Connection, case: Case, causes: Sequence[str], at: int) -> None:
        """Puts a notice that is no event of the case, ``due_soon``, in the outbox."""
        event = CaseEvent(
            at=at,
            event="noted",
            case=case.id,
            type=case.type,
            subject=case.subject,
            members=case.members,
            evidence={"causes": causes},
            author="clock",
        )
        self.put(connection, self._told("due_soon", None, case, event), event)

    def put(self, connection: Connection, notices: list[Notice], event: CaseEvent) -> None:
        """Puts notices of an event in the outbox, one for each contact."""
        entries = [
            Entry(
                notice.recipient.name,
                contact.name,
                event.case,
                event.at,
                notice.urgent,
                notice.facts,
            )
            for notice in notices
            for contact in notice.recipient.contacts
        ]
        outbox.put(connection, entries, int(self.window_s * SECOND))

    def _concerned(
        self, before: Case | None, after: Case, facts: dict[str, Any], event: CaseEvent
    ) -> Iterator[Recipient]:
        if facts["event"] in self.book.events_of["handler"]:
            unit = self.units.get(after.unit or (before.unit if before else None))
            if unit is not None:
                yield unit.recipient
        if facts["event"] == "supervised":
            # After a break a case may have climbed two levels at once: the person of each is told.
            for level in sorted({*levels_of(event.evidence)}):
                if above := self.units.told(after.unit, after.street, level):
                    yield above.recipient
        for one in self.subscriptions:
            if one.wants(facts):
                yield one.recipient

    def _place(self, case: Case) -> str:
        """Where a case is, in words: the asset's name, or the road of the first one of a group."""
        kind, _, name = case.subject.partition(":")
        if self.filing is None:
            return name
        asset = subject_asset(case, self.filing.asset_of)
        if asset is None:
            return name
        if kind == asset.kind or len(case.members) == 1:
            return asset.name or name
        road = asset.road if isinstance(asset, Streetlight | Cover) else None
        return f"{road} {name}" if road else name
