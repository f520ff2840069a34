"""The messages of the stream, as bytes: case events in their order, and the state of everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from api.foreseen import lighting_now, warnings_now
from api.live import Live
from api.places import CurrentPlaces
from api.represent import case_json, event_json
from api.segments import SegmentsNow, segments_now
from api.unclosed import CurrentUnclosed
from cases.desk import Desk
from facility.clock import Clock, to_rfc3339
from facility.measurements import Kind


@dataclass(frozen=True, slots=True, eq=False)
class StateNow:
    """Everything's state at one moment."""

    summary: dict[str, Any]
    segments: SegmentsNow

    def message(self, before: StateNow | None = None) -> bytes:
        """The event for a client: with every segment, or with those not as they were before."""
        places = None if before is None else self.segments.changed_since(before.segments)
        return sse("state", {**self.summary, "segments": self.segments.summaries(places)})


@dataclass(frozen=True, slots=True)
class Feed:
    """What the stream tells. Methods may raise Retryable: the case database is away."""

    clock: Clock
    places: CurrentPlaces
    live: Live
    desk: Desk
    unclosed: CurrentUnclosed

    def last_seq(self) -> int:
        """The number of the newest case event."""
        return self.desk.last_seq()

    def events_after(self, seq: int, limit: int) -> list[tuple[int, bytes]]:
        """The next case events, each with its number, its case being as it is now."""
        stored = self.desk.events_after(seq, limit)
        cases = self.desk.get_many({one.event.case for one in stored}) if stored else {}
        places, now = self.places.now(), self.clock.now_ms()
        filing = self.desk.filing
        shown = {key: case_json(case, places, filing, now) for key, case in cases.items()}
        return [
            (
                one.seq,
                sse("case", {"event": event_json(one), "case": shown[one.event.case]}, one.seq),
            )
            for one in stored
        ]

    def state(self) -> StateNow:
        """The state of everything now."""
        places = self.places.now()
        kinds = {kind: self.live.kind(kind, places) for kind in Kind}
        unclosed = self.unclosed.now(places)
        now = self.clock.now_ms()
        told = self.live.told_by_rules()
        return StateNow(
            {
                "now": to_rfc3339(now),
                "counts": {kind: now.counts() for kind, now in kinds.items()},
                "cases": {**unclosed.counts, "overdue": unclosed.overdue(now)},
                "lighting": lighting_now(told),
                "coverage": told.get("coverage", {}),
                "warnings": warnings_now(told, places),
            },
            segments_now(places, kinds[Kind.STREETLIGHT], unclosed.dark),
        )


def sse(event: str, data: dict[str, Any], seq: int | None = None) -> bytes:
    """One server-sent event; JSON has no line breaks, so its data is one line."""
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"event: %s\n%sdata: %s\n\n" % (event.encode(), number, msgspec.json.encode(data))
