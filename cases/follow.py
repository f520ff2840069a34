"""What follows of itself from an event: how telemetry verifies, and how a case ends.

A sensor's case that was handled is closed by its sensor alone: once the rule's recovery has held
(``verified``). Seen still at fault (``persisted``) it goes back to the unit. What vanished before
anybody accepted it has recovered by itself.
"""

from __future__ import annotations

from dataclasses import replace

from cases.case import Case, How
from cases.events import CaseEvent


def following(case: Case, event: CaseEvent) -> CaseEvent | None:
    """The event that follows at once from ``event``, after which the case is ``case``; or None."""
    if event.event == "persisted":
        return replace(event, event="reworked", members=case.members)
    how = _ends(case, event)
    if how is None:
        return None
    evidence = {"how": how}
    if reason := event.evidence.get("reason"):
        evidence["reason"] = reason
    return replace(event, event="closed", members=case.members, evidence=evidence, cause="")


def _ends(case: Case, event: CaseEvent) -> How | None:
    """How the event ends the case; None where it does not."""
    match event.event:
        case "confirmed":
            return "confirmed"
        case "overridden":
            return "overridden"
        case "verified" if case.accepted_at is None:
            return "self_recovered"
        case "verified" | "handled" if case.stage == "verifying" and case.verified_at is not None:
            return "verified"
    return None
