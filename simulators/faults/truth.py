"""The truth of a run: what was wrong, since when it could be seen, and what only looked like it."""

from __future__ import annotations

from typing import Any

import numpy as np

from facility.clock import to_rfc3339
from simulators.faults.effects import Fault, LookAlike
from simulators.faults.plan import Plan
from simulators.fleet import Fleet
from simulators.scenario import Scenario
from simulators.sorts import DIMMING, HALF_NIGHT


def truth(
    scenario: Scenario, fleet: Fleet, plan: Plan, start_ms: int, end_ms: int
) -> dict[str, Any]:
    """What :mod:`rules.trials.score` holds cases against.

    Faults that can be seen within [start, end), in order of being so; ``end`` is None for those
    that outlast the run. ``also``: cases that a fault may cause besides its own.
    """
    plan.extend(end_ms)
    faults = [fault for fault in plan.faults if fault.visible < end_ms]
    faults.sort(key=lambda fault: (fault.visible, fault.id))
    lookalikes = [item for item in plan.lookalikes if item.start < end_ms]
    # A lamp with a fault of its own says nothing about the sound ones that look like it.
    faulty = {member for fault in faults for member in fault.members}
    standing = [item for item in _standing(fleet, faulty, start_ms, end_ms) if item.subjects]
    return {
        "scenario": scenario.name,
        "seed": scenario.seed,
        "from": to_rfc3339(start_ms),
        "to": to_rfc3339(end_ms),
        "faults": [_fault(fault, end_ms) for fault in faults],
        "lookalikes": [_lookalike(item, end_ms) for item in [*lookalikes, *standing]],
    }


def _fault(fault: Fault, end_ms: int) -> dict[str, Any]:
    return {
        "id": fault.id,
        "sort": fault.sort,
        "type": fault.type,
        "subject": fault.subject,
        "members": list(fault.members),
        "start": to_rfc3339(fault.start),
        "visible": to_rfc3339(fault.visible),
        "end": to_rfc3339(fault.end) if fault.end < end_ms else None,
        "cause": fault.cause,
        "also": [{"type": of_type, "subject": subject} for of_type, subject in fault.also],
    }


def _lookalike(item: LookAlike, end_ms: int) -> dict[str, Any]:
    return {
        "id": item.id,
        "sort": item.sort,
        "subjects": list(item.subjects),
        "start": to_rfc3339(item.start),
        "end": to_rfc3339(min(item.end, end_ms)),
    }


def _standing(fleet: Fleet, without: set[str], start_ms: int, end_ms: int) -> list[LookAlike]:
    """What looks like a fault every night: plans with a dark half, and lamps that dim."""
    wiring = fleet.wiring
    return [
        LookAlike(
            sort,
            tuple(
                f"streetlight:{fleet.streetlights[row].id}"
                for row in rows.tolist()
                if fleet.streetlights[row].id not in without
            ),
            start_ms,
            end_ms,
            (),
            sort,
        )
        for sort, rows in (
            (HALF_NIGHT, np.flatnonzero(wiring.half_night)),
            (DIMMING, np.flatnonzero(wiring.dim > 0)),
        )
    ]
