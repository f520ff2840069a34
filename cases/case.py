"""A case as it stands: the sum of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from cases.events import CaseEvent
from cases.filed import Filed

State = Literal["open", "recovered", "closed"]
STATES: tuple[State, ...] = ("open", "recovered", "closed")


@dataclass(frozen=True, slots=True)
class Case:
    """One fault and what became of it so far. Times are ms.

    ``members`` are the assets it is about now; ``cause``, ``evidence`` and the rule are those of
    the event that opened it, or took it up again: what comes after does not hide them.
    ``filed`` is what it was filed under when it was opened, and stays so when it is taken up again;
    None where it was not filed. ``version`` counts its events.
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
    filed: Filed | None = None
    version: int = 1


def is_overdue(case: Case, now: int) -> bool:
    """Whether the case ran past its deadline: by its end, or by ``now`` (ms) while it is open.

    A recovery ends it as a closing does: what was wrong is over. A relapse takes that back.
    """
    if case.filed is None:
        return False
    ended = case.recovered_at if case.recovered_at is not None else case.closed_at
    return (now if ended is None else ended) > case.filed.deadline


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its place in the one order that all events of all cases have."""

    seq: int
    event: CaseEvent
