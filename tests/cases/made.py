"""Events for tests, in one line each."""

from __future__ import annotations

from typing import Any

from cases.actions import Given
from cases.case import Case
from cases.desk import Desk
from cases.events import CaseEvent, EventName
from cases.people import Who

LI = Who("Li", "admin")


def event(at: int, name: EventName, *members: str, case: str = "c1", **more: Any) -> CaseEvent:
    """An event of an unlit segment's case."""
    values: dict[str, Any] = {"type": "streetlight.segment_unlit", "subject": "segment:S1"}
    return CaseEvent(at=at, event=name, case=case, members=members, **{**values, **more})


def opened(at: int, case: str, **more: Any) -> CaseEvent:
    """The first event of a case of one lamp."""
    return event(at, "opened", "L1", case=case, **more)


def close(desk: Desk, case: str, at: int, reason: str = "repaired") -> Case:
    """The case closed by a person, against its sensors."""
    return desk.act(case, "override", LI, at, Given(reason=reason))
