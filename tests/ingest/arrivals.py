"""Messages as they arrive at the door, and what became of them, easy to compare."""

from __future__ import annotations

import json
from typing import Any

from facility.measurements import MEASUREMENTS, PublicValue
from ingest.messages import Decoded, Messages
from ingest.pipeline import Pipeline

NOW = 1_782_042_060_000
"""2026-06-21T11:41:00Z, when every message of these tests arrives."""

LAMP = "facility/410105/streetlight/L1/telemetry"
CABINET = "facility/410105/cabinet/CAB-7/telemetry"
COVER = "facility/410105/cover/C1/telemetry"
STATION = "facility/410105/station/S1/telemetry"
STATUS = "facility/410105/streetlight/L1/status"

Row = tuple[str, int, dict[str, PublicValue]]


def arrive(topic: str, *payloads: Any, pipeline: Pipeline | None = None) -> Decoded:
    """What becomes of payloads on one topic; what is not bytes is sent as JSON.

    The books balance, whatever was sent.
    """
    raw = [p if isinstance(p, bytes) else json.dumps(p).encode() for p in payloads]
    messages = Messages([topic.encode()] * len(raw), raw, [NOW] * len(raw))
    decoded = (pipeline or Pipeline()).decode(messages)
    assert decoded.received == sum(map(len, decoded.batches)) + len(decoded.quarantined)
    return decoded


def rows(decoded: Decoded) -> list[Row]:
    """(series, ts, given fields in the contract's form) of every reading, batch by batch."""
    found: list[Row] = []
    for batch in decoded.batches:
        fields = MEASUREMENTS[batch.table]
        for row in range(len(batch)):
            values = {
                name: fields[name].to_public(float(column[row]))
                for name, column in batch.columns.items()
            }
            given: dict[str, PublicValue] = {
                name: value for name, value in values.items() if value is not None
            }
            found.append((batch.name(row), int(batch.ts[row]), given))
    return found


def row(decoded: Decoded) -> Row:
    """The one reading, with nothing quarantined beside it."""
    assert decoded.quarantined == []
    (found,) = rows(decoded)
    return found


def reasons(decoded: Decoded) -> list[str]:
    """Why each of the quarantined was."""
    return [q.reason for q in decoded.quarantined]
