"""MQTT 3.1.1 packets out of a stream of bytes, many at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_PUBLISH = 0x30
_QOS1 = 0x02
_KEPT_OF_OVERSIZED = 4096

SUCCESS = 0
PROTOCOL_ERROR = 2
"""As paho numbers them."""


@dataclass(slots=True, eq=False)
class Delivery:
    """Messages taken from the socket in one go, as columns, in order of receipt.

    ``mids`` has 0 for a message of QoS 0. ``oversized`` holds the positions of messages of which
    only the first bytes were kept. ``connection`` numbers the connection they came on; ``size``
    is about how many bytes of memory they take.
    """

    connection: int
    size: int = 0
    topics: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    mids: list[int] = field(default_factory=list)
    oversized: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.topics)


class Packets:
    """Takes whole packets out of what was read, and keeps the rest for the next read.

    A PUBLISH longer than ``longest`` is cut. ``other`` gets every other packet, as its first byte
    and its body, and answers with paho's number of an error.
    """

    def __init__(self, longest: int, other: Callable[[int, bytes], int]) -> None:
        self._longest = longest
        self._other = other
        self._rest = b""
        self._skip = 0

    def forget(self) -> None:
        """A new stream begins."""
        self._rest = b""
        self._skip = 0

    def take(self, data: bytes, delivery: Delivery) -> int:
        """Adds the messages that ``data`` completes; paho's number of an error, 0 for none."""
        data = self._joined(data)
        topics, payloads, mids = delivery.topics, delivery.payloads, delivery.mids
        position, end, longest = 0, len(data), self._longest
        while end - position >= 2:
            packet = position
            command = data[position]
            length = data[position + 1]
            body = position + 2
            if length & 0x80:
                high = data[body] if body < end else 0x80
                if high & 0x80:
                    length, body = remaining_length(data, position + 1)
                    if body < 0:
                        break
                    if body == 0:
                        return PROTOCOL_ERROR
                else:  # two bytes, as of nearly every message
                    length = length & 0x7F | high << 7
                    body += 1
            after = body + length
            position = after
            publish = command & 0xF0 == _PUBLISH
            if publish and length > longest and end - body >= (kept := _kept(data, body, length)):
                delivery.oversized.add(len(delivery.topics))
                self._skip = max(0, after - end)
                position = min(after, end)
                after = body + kept
            elif after > end:
                position = packet
                break
            if not publish:
                rc = self._other(command, data[body:after])
                if rc:
                    return rc
                continue
            start = body + 2 + (data[body] << 8 | data[body + 1])
            topics.append(data[body + 2 : start])
            if command & _QOS1:
                mids.append(data[start] << 8 | data[start + 1])
                start += 2
            else:
                mids.append(0)
            payloads.append(data[start:after])
        self._rest = data[position:]
        return SUCCESS

    def _joined(self, data: bytes) -> bytes:
        """What was kept and what was read, without what is to be skipped."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        return self._rest + data if self._rest else data


def _kept(data: bytes, body: int, length: int) -> int:
    """Bytes of an oversized PUBLISH's body that are kept: its topic, of any length, its id, and the
    beginning of its payload."""
    topic = int.from_bytes(data[body : body + 2], "big")
    return min(length, 2 + topic + 2 + _KEPT_OF_OVERSIZED)


def remaining_length(data: bytes, at: int) -> tuple[int, int]:
    """(length, position after it); position -1 where bytes are missing, 0 where it is malformed."""
    length = 0
    for i in range(4):
        if at + i >= len(data):
            return 0, -1
        byte = data[at + i]
        length |= (byte & 0x7F) << (7 * i)
        if not byte & 0x80:
            return length, at + i + 1
    return 0, 0
