"""A case as it stands: the sum of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from cases.events import CaseEvent, Source
from cases.filing.calendar import Span
from cases.filing.filed import Filed

State = Literal["open", "recovered", "closed"]
"""What the sensors say."""
STATES: tuple[State, ...] = get_args(State)

Stage = Literal[
    "reported", "filed", "dispatched", "handling", "handled", "verifying", "closed", "void"
]
"""Where people are with it. ``closed`` and ``void`` are of the state ``closed``, and only they."""
STAGES: tuple[Stage, ...] = get_args(Stage)

How = Literal["verified", "self_recovered", "confirmed", "overridden", "merged", "void"]
"""What ended it: telemetry after it was handled, telemetry before anybody accepted it, a person's
check, a person against the sensors, another case that took its members, or that it was none."""
HOWS: tuple[How, ...] = get_args(How)


@dataclass(frozen=True, slots=True)
class Case:
    """One fault and what became of it so far. Times are ms.

    ``members`` are the assets it is about now; ``cause``, ``evidence`` and the rule are those of
    the event that opened it, or took it up again: what comes after does not hide them. ``filed``
    stays when the case is taken up again; its deadline moves with the clock (cases/deadlines.py).
    ``version`` counts its events; the last was at ``changed_at``.

    ``unit`` and ``handler`` have it now. ``filed_at`` is None while a resident's waits to be filed;
    ``dispatched_at`` is when it was first handed over; ``accepted_at``, ``handled_at`` and
    ``verified_at`` are None again once a return, a rework or a relapse undid them. While its clock
    stands still ``paused_since`` says since when, and ``suspended_until`` when it comes back by
    itself; ``pauses`` are those that are over.
    ``extension_asked_at`` is of a request that waits for an answer. ``supervision`` is the level, 0
    without; ``reports`` counts the residents' reports in it.
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
    changed_at: int = 0
    source: Source = "sensor"
    stage: Stage = "filed"
    how: How | None = None
    unit: str | None = None
    handler: str | None = None
    street: str | None = None
    cell: str | None = None
    lon: float | None = None
    lat: float | None = None
    previous: str | None = None
    filed_at: int | None = None
    dispatched_at: int | None = None
    accepted_at: int | None = None
    handled_at: int | None = None
    verified_at: int | None = None
    paused_since: int | None = None
    suspended_until: int | None = None
    pauses: tuple[Span, ...] = ()
    extension_asked_at: int | None = None
    extensions: int = 0
    reworks: int = 0
    supervision: int = 0
    reports: int = 0

    @property
    def stopped_at(self) -> int | None:
        """Since when its clock does not run: it was handled, recovered, ended or is paused.

        None while it runs. A recovery ends it as a closing does: what was wrong is over. A relapse
        takes that back, and so does a rework.
        """
        stops = (self.handled_at, self.recovered_at, self.paused_since, self.closed_at)
        return min((at for at in stops if at is not None), default=None)


def is_overdue(case: Case, now: int) -> bool:
    """Whether the case ran past its deadline: when its clock stopped, or by ``now`` (ms)."""
    if case.filed is None:
        return False
    stopped = case.stopped_at
    return (now if stopped is None else stopped) > case.filed.deadline


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event and its place in the one order that all events of all cases have."""

    seq: int
    event: CaseEvent
