"""What comes through the door: raw messages in, readings or quarantined messages out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from facility.readings import ReadingBatch


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages as columns: the topic, the payload, and the time of arrival (ms) of each."""

    topics: Sequence[str | bytes]
    payloads: Sequence[bytes | str]
    arrived: Sequence[int]

    def __len__(self) -> int:
        return len(self.topics)

    def only(self, at: int) -> Messages:
        """Message ``at`` alone."""
        return Messages([self.topics[at]], [self.payloads[at]], [self.arrived[at]])


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message, or one reading of it, that could not be used: its bytes and the reason.

    ``reason`` is one of :data:`REASONS`; ``detail`` says it in words for a person.
    """

    arrived: int
    topic: str
    payload: bytes
    reason: str
    detail: str = ""

    @classmethod
    def of(
        cls, messages: Messages, at: int, reason: str, detail: str = "", raw: bytes | None = None
    ) -> Quarantined:
        """Message ``at``, or of its payload only the reading that ``raw`` holds."""
        payload = messages.payloads[at] if raw is None else raw
        topic = messages.topics[at]
        return cls(
            messages.arrived[at],
            topic.decode("utf-8", "replace") if isinstance(topic, bytes) else topic,
            payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload,
            reason,
            detail,
        )


@dataclass(frozen=True, slots=True)
class Burst:
    """A captured waveform to be kept: of which series and when, and as it came.

    ``samples`` int16 little-endian, ``rate_hz`` of them a second, one count being ``scale_g`` g.
    """

    series: str
    ts: int
    arrived: int
    rate_hz: float
    scale_g: float
    samples: bytes


REASONS = {
    "topic": "the topic is not facility/{area}/{kind}/{device}/{channel}, nor an uplink's",
    "unreadable": "the payload is not JSON",
    "not_an_object": "the payload is neither a JSON object nor an array of them",
    "bad_senml": "the payload is SenML that breaks RFC 8428, or is of several devices",
    "bad_uplink": "the message is not an uplink as its network server sends them",
    "no_profile": "no device profile is for this model and port",
    "bad_payload": "the payload is not laid out as the device's profile says",
    "no_measurement": "the message is sound and carries no measurement: joining, an answer",
    "bad_ts": "ts is neither integer milliseconds nor an RFC 3339 time with an offset",
    "future_ts": "ts is more than 5 min ahead of arrival: the device's clock is wrong",
    "bad_circuit": "circuit is not printable text of at most 64 characters",
    "nothing_left": "no field of the reading can be used",
    "decoder_failed": "the decoder has a fault; the log shows where",
    "oversized": "the message is larger than the setting mqtt.max_message_bytes",
}


DROPS = {
    "unknown": "the table has no such field",
    "type": "the value is not of the field's type",
    "range": "the value is outside of the field's range",
    "choice": "the word is none of the field's",
    "unit": "the unit cannot be converted to the field's",
    "too_long": "the waveform has more than 65,536 samples",
    "sentinel": "the device says that it has no reading",
    "not_installed": "it is not known how the sensor was installed",
}


@dataclass(slots=True)
class Decoded:
    """What became of some messages.

    ``received`` readings = rows of ``batches`` + ``quarantined``, always. ``dropped`` counts the
    fields that were dropped, whatever became of their readings, by (table, field, reason), the
    reason one of :data:`DROPS`. ``without_ts`` counts the readings timed by their receipt.
    ``bursts`` are the waveforms of readings that were kept.
    """

    received: int = 0
    batches: list[ReadingBatch] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    dropped: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    without_ts: int = 0
    bursts: list[Burst] = field(default_factory=list)

    def add(self, other: Decoded) -> None:
        """Takes in what became of further messages."""
        self.received += other.received
        self.batches += other.batches
        self.quarantined += other.quarantined
        self.dropped += other.dropped
        self.without_ts += other.without_ts
        self.bursts += other.bursts
