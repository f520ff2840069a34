"""The list of what is supervised (督办台账): for what, since when, and who was told.

A cause is kept once for each case. It is over when it holds no more, when a person lifts it, or
when the case ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from cases.case import Case
from cases.events import CaseEvent
from cases.notices.units import Units
from cases.schema import cases, supervision
from facility.clock import from_rfc3339

BY_HAND = "by_hand"
CLOCK = "clock"
_MANY = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause that a case is, or was, supervised for. Times are ms.

    ``told`` is the unit that was told; ``author`` who found it, and ``ended_by`` who lifted it.
    """

    case: str
    cause: str
    level: int
    since: int
    term: int | None = None
    told: str | None = None
    author: str = CLOCK
    ended_at: int | None = None
    ended_by: str | None = None

    @property
    def lifted(self) -> bool:
        """Whether a person ended it: then it is not found again by itself."""
        return self.ended_by is not None and self.ended_by != CLOCK


@dataclass(frozen=True, slots=True)
class Ledger:
    """Keeps the list as cases' events say. :meth:`hook` is the desk's."""

    units: Units

    def hook(
        self, connection: Connection, before: Case | None, after: Case, event: CaseEvent
    ) -> None:
        """Keeps what an event says of supervision, in the event's transaction."""
        del before
        if event.event == "supervised":
            put(connection, self.entries(after, event))
        elif event.event == "unsupervised" and event.author == CLOCK:
            end(connection, after.id, event.at, CLOCK, event.evidence["causes"])
        elif event.event == "unsupervised" or after.state == "closed":
            end(connection, after.id, event.at, event.author)

    def entries(self, case: Case, event: CaseEvent) -> list[Entry]:
        """What a ``supervised`` event is for."""
        said = event.evidence
        term = said.get("term")
        found = []
        for cause, level in zip(said.get("causes", [BY_HAND]), levels_of(said), strict=True):
            told = self.units.told(case.unit, case.street, level)
            found.append(
                Entry(
                    case.id,
                    cause,
                    level,
                    event.at,
                    None if term is None else from_rfc3339(term),
                    told.name if told else None,
                    event.author,
                )
            )
        return found


def levels_of(said: Mapping[str, Any]) -> list[int]:
    """The levels of a ``supervised`` event's evidence: one a cause, or that of the person."""
    levels: list[int] = said.get("levels", [said["level"]])
    return levels


def put(connection: Connection, entries: Iterable[Entry]) -> None:
    """Keeps entries, each in the place of what was known of its cause."""
    for entry in entries:
        values = {
            "level": entry.level,
            "since": entry.since,
            "term": entry.term,
            "told": entry.told,
            "author": entry.author,
            "ended_at": None,
            "ended_by": None,
        }
        same = (supervision.c.case_id == entry.case) & (supervision.c.cause == entry.cause)
        if connection.scalar(select(supervision.c.level).where(same)) is None:
            row = {"case_id": entry.case, "cause": entry.cause, **values}
            connection.execute(insert(supervision), [row])
        else:
            connection.execute(update(supervision).where(same).values(values))


def end(
    connection: Connection, case_id: str, at: int, by: str, causes: Sequence[str] | None = None
) -> None:
    """Ends what a case is supervised for: these causes, or all of them."""
    live = (supervision.c.case_id == case_id) & supervision.c.ended_at.is_(None)
    if causes is not None:
        live &= supervision.c.cause.in_(causes)
    connection.execute(update(supervision).where(live).values(ended_at=at, ended_by=by))


def of_unclosed(connection: Connection) -> dict[str, dict[str, Entry]]:
    """What is known of all cases that are not closed, by case and cause; ended entries too."""
    query = (
        select(supervision)
        .join(cases, cases.c.id == supervision.c.case_id)
        .where(cases.c.state != "closed")
    )
    found: dict[str, dict[str, Entry]] = {}
    for row in connection.execute(query):
        entry = _entry(row)
        found.setdefault(entry.case, {})[entry.cause] = entry
    return found


def of_cases(connection: Connection, case_ids: Iterable[str]) -> dict[str, list[Entry]]:
    """What these cases are supervised for now, the highest level first."""
    found: dict[str, list[Entry]] = {}
    wanted = iter(sorted(set(case_ids)))
    while some := list(islice(wanted, _MANY)):
        query = (
            select(supervision)
            .where(supervision.c.case_id.in_(some), supervision.c.ended_at.is_(None))
            .order_by(supervision.c.level.desc(), supervision.c.since)
        )
        for row in connection.execute(query):
            found.setdefault(row.case_id, []).append(_entry(row))
    return found


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(
        row.case_id,
        row.cause,
        row.level,
        row.since,
        row.term,
        row.told,
        row.author,
        row.ended_at,
        row.ended_by,
    )
