"""A case as it stands: the sum of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from cases.events import CaseEvent

State = Literal["open", "recovered", "closed"]
STATES: tuple[State, ...] = ("open", "recovered", "closed")


@dataclass(frozen=True, slots=True)
class Case:
    """One fault and what became of it so far. Times are ms.

    ``members`` are the assets it is about now; ``cause``, ``evidence`` and the rule are those of
    the event that opened it, or took it up again: what comes after does not hide them.
    ``version`` counts its events.
    """

    id: str
    type: str
    subject: str
    state: State
    opened_at: int
    members: tuple[str, ...]
    recovered_at: int | None = None
    closed_at: int | None = None
    cause: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    rule: str = ""
    rule_version: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its place in the one order that all events of all cases have."""

    seq: int
    event: CaseEvent
