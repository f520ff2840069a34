"""Replay: the live engine over a recording, without broker or database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from cases.events import CaseEvent
from facility.clock import to_rfc3339
from facility.readings import ReadingBatch
from rules.engine import Engine


def replay(engine: Engine, recording: Iterable[Sequence[ReadingBatch]]) -> Iterator[CaseEvent]:
    """The events of a recording, in order.

    ``recording`` gives the batches of one stretch of arrivals after the other; the engine's clock
    is driven by their arrival alone and stops with the last.
    """
    for batches in recording:
        yield from engine.take(batches)


def event_line(event: CaseEvent) -> bytes:
    """An event as the one line of JSON that ``xiuhua replay`` prints (contract, section 4)."""
    line: dict[str, Any] = {
        "at": to_rfc3339(event.at),
        "event": event.event,
        "case": event.case,
        "type": event.type,
        "subject": event.subject,
        "members": event.members,
        "cause": event.cause,
        "evidence": event.evidence,
    }
    return msgspec.json.encode(line) + b"\n"
