"""Subscriptions: who else is told of cases, beside the units that have them or stand above them.

It is data: ``subscriptions.toml`` in the data directory, of the form of
``examples/subscriptions.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import msgspec

from cases.filing.standard import SEVERITIES, Severity
from cases.notices.contacts import Reachable, Recipient, Wrong, read_entries, recipient, refused
from cases.notices.wording import Book
from cases.people.who import Role

EXAMPLE = Path(__file__).with_name("examples") / "subscriptions.toml"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a recipient wants to be told of; what is empty does not narrow.

    ``events`` are those of its role where it names none. ``types`` may have ``*`` in them.
    ``severity`` is the least that a case must have, ``level`` the least of its supervision.
    """

    recipient: Recipient
    events: frozenset[str]
    streets: frozenset[str]
    units: frozenset[str]
    types: tuple[str, ...]
    severity: Severity
    level: int

    def wants(self, facts: dict[str, Any]) -> bool:
        """Whether an event of these facts (:func:`cases.notices.wording.facts_of`) is for it."""
        return (
            facts["event"] in self.events
            and (not self.streets or facts["street"] in self.streets)
            and (not self.units or facts["unit"] in self.units)
            and (not self.types or any(fnmatchcase(facts["type"], one) for one in self.types))
            and SEVERITIES.index(facts["severity"]) >= SEVERITIES.index(self.severity)
            and facts["level"] >= self.level
        )


def load(path: Path, book: Book) -> tuple[Subscription, ...]:
    """The subscriptions of a file; none where it is not there. UsageError, with line and key.

    ``book`` says which events there are, and which are for each role.
    """
    if not path.exists():
        return ()
    written, text = read_entries(path, _Written, "subscriptions")
    try:
        return tuple(_checked(written.subscriptions, book))
    except Wrong as error:
        raise refused(path, text, "subscriptions", error.index, str(error)) from None


class _WrittenSubscription(Reachable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    role: Role
    events: tuple[str, ...] = ()
    streets: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    severity: Severity = "notice"
    level: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    subscriptions: tuple[_WrittenSubscription, ...]


def _checked(written: Sequence[_WrittenSubscription], book: Book) -> list[Subscription]:
    names: set[str] = set()
    found = []
    for index, one in enumerate(written):
        if one.name in names:
            raise Wrong(index, f"`name`: {one.name!r} is there twice")
        names.add(one.name)
        if not one.contacts:
            raise Wrong(index, "`contacts` is missing: nobody could be told")
        if unknown := sorted({*one.events} - book.events):
            raise Wrong(
                index,
                f"`events`: nobody is told of {unknown[0]!r}; of: {', '.join(sorted(book.events))}",
            )
        found.append(
            Subscription(
                recipient(one, index, "subscription"),
                frozenset(one.events) or book.events_of[one.role],
                one.streets,
                one.units,
                one.types,
                one.severity,
                one.level,
            )
        )
    return found
