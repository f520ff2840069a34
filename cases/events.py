"""What happens to a case: events, appended and never edited; a case is the sum of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from cases.filed import Filed

EventName = Literal["opened", "joined", "left", "recovered", "relapsed", "closed"]


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One step of a case, by the rules or by a person.

    ``at`` is the time it was decided (ms). ``members`` are asset ids: on ``opened`` and
    ``relapsed`` all of them, on ``joined`` and ``left`` those that did, on ``recovered`` and
    ``closed`` those that were left. ``rule`` and ``rule_version`` say what decided; a person's
    event has ``author`` instead. ``filed`` is what the desk filed the case under when it was
    opened. (case, at, event, members) identifies an event: recording it twice is recording it once.
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
