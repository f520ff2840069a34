"""Events for tests, in one line each."""

from __future__ import annotations

from typing import Any

from cases.events import CaseEvent, EventName


def event(at: int, name: EventName, *members: str, case: str = "c1", **more: Any) -> CaseEvent:
    """An event of an unlit segment's case."""
    values: dict[str, Any] = {"type": "streetlight.segment_unlit", "subject": "segment:S1"}
    return CaseEvent(at=at, event=name, case=case, members=members, **{**values, **more})


def opened(at: int, case: str, **more: Any) -> CaseEvent:
    """The first event of a case of one lamp."""
    return event(at, "opened", "L1", case=case, **more)
