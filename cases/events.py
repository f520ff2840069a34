"""What happens to a case: events, appended and never edited; a case is the sum of its events."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from cases.filing.filed import Filed
from facility.clock import to_rfc3339

SensorEvent = Literal[
    "opened", "joined", "left", "recovered", "relapsed", "verified", "persisted", "closed"
]
"""What the rules say of a case. ``opened`` also opens a resident's or a schedule's, and ``closed``
ends one that people brought to its end. ``verified``: the recovery has held; ``persisted``: seen
still at fault after it was handled."""

StageEvent = Literal[
    "filed",
    "dispatched",
    "accepted",
    "returned",
    "extension_requested",
    "extended",
    "extension_refused",
    "suspended",
    "resumed",
    "handled",
    "checking",
    "confirmed",
    "reworked",
    "voided",
    "overridden",
    "supervised",
    "unsupervised",
    "noted",
]
"""What people do with a case, or the clock does in their stead."""

EventName = SensorEvent | StageEvent
EVENTS: tuple[EventName, ...] = (*get_args(SensorEvent), *get_args(StageEvent))

Source = Literal["sensor", "resident", "schedule"]
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a case as it opens, beside what its event says.

    ``street`` and ``cell`` are grid codes; ``lon`` and ``lat`` the place of what is no asset.
    ``previous`` is the case of the same type and subject that was closed a short while before.
    """

    source: Source = "sensor"
    lon: float | None = None
    lat: float | None = None
    street: str | None = None
    cell: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One step of a case, by the rules, the clock, a resident or a person.

    ``at`` is the time it was decided (ms). ``members`` are asset ids: on ``opened`` and
    ``relapsed`` all of them, on ``joined`` and ``left`` those that did, on any other those that
    were left. ``rule`` and ``rule_version`` say what decided; a person's event has ``author``
    instead, and in ``evidence`` what they gave: ``reason``, ``unit``, ``until`` and so on
    (cases/actions.py). ``filed`` is what the case is filed under from this event on, where that
    changes; ``opening`` is of the first alone. (case, at, event, members) identifies an event:
    recording it twice is recording it once.
    """

    at: int
    event: EventName
    case: str
    type: str
    subject: str
    members: tuple[str, ...]
    cause: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    rule: str = ""
    rule_version: str = ""
    author: str = "rules"
    filed: Filed | None = None
    opening: Opening | None = None


def new_case_id(at: int, type_: str, subject: str) -> str:
    """Day and a hash of what and when: the same run gives the same ids."""
    digest = hashlib.sha256(f"{type_}|{subject}|{at}".encode()).hexdigest()
    return f"{to_rfc3339(at)[:10].replace('-', '')}-{digest[:8]}"
