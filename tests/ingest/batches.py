"""Batches and decoded messages for the tests of what comes behind the decoders."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from facility.readings import Names, ReadingBatch
from ingest.messages import Decoded, Messages, Quarantined
from ingest.pipeline import Pipeline

T0 = 1_750_000_000_000
TOPIC = b"facility/410105/streetlight/L%d/telemetry"


def batch_of(numbers: Sequence[int], names: Names | None = None) -> ReadingBatch:
    """One reading a number: of lamp ``number % 10``, at T0 + number, with the number as power."""
    names = names or Names(f"L{i}" for i in range(10))
    series = np.array([names.code(f"L{number % 10}") for number in numbers], np.int32)
    ts = T0 + np.array(numbers, np.int64)
    return ReadingBatch(
        "streetlight", names, series, ts, ts, {"power_w": np.array(numbers, np.float64)}
    )


def decoded_of(numbers: Sequence[int], quarantined: Sequence[Quarantined] = ()) -> Decoded:
    """What a decoder makes of so many good readings and those in quarantine."""
    return Decoded(
        received=len(numbers) + len(quarantined),
        batches=[batch_of(numbers)] if numbers else [],
        quarantined=list(quarantined),
    )


def bad(number: int, size: int = 10, reason: str = "unreadable") -> Quarantined:
    """A message that was quarantined."""
    return Quarantined(T0 + number, f"t/{number}", b"x" * size, reason, "why")


def message_of(number: int, **fields: object) -> tuple[bytes, bytes]:
    """The topic and payload of a reading."""
    return TOPIC % (number % 10), json.dumps({"ts": T0 + number, **fields}).encode()


def decode(messages: Sequence[tuple[bytes, bytes]], pipeline: Pipeline | None = None) -> Decoded:
    """Messages through the real pipeline, arrived just after T0."""
    topics, payloads = zip(*messages, strict=True)
    arrived = [T0 + 1_000] * len(messages)
    return (pipeline or Pipeline()).decode(Messages(topics, payloads, arrived))
