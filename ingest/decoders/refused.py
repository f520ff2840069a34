"""Readings that cannot be used, on their way to quarantine: few of a message alone, more together.

A megabyte of ``[0,0,0,…]`` would be half a million rows, seconds of work, and push all else out of
the quarantine.
"""

from __future__ import annotations

from collections import Counter

from ingest.messages import Decoded, Messages, Quarantined

MOST_APART = 100
"""Readings of one message that are quarantined each by itself; its others are one array."""


class Refused:
    """Takes the readings of one decode that cannot be used, then starts afresh.

    An array counts as one reading, as a message does that cannot be read at all.
    """

    def __init__(self) -> None:
        self._apart: Counter[int] = Counter()
        self._together: dict[int, tuple[str, list[bytes]]] = {}

    def is_apart(self, at: int) -> bool:
        """Whether the next reading of message ``at`` still goes by itself."""
        return self._apart[at] < MOST_APART

    def take(
        self,
        messages: Messages,
        at: int,
        reason: str,
        decoded: Decoded,
        raw: bytes | None,
        detail: str = "",
    ) -> None:
        """Takes a reading of message ``at``: its bytes ``raw``, None where that is the message."""
        if raw is None or self.is_apart(at):
            self._apart[at] += 1
            decoded.quarantined.append(Quarantined.of(messages, at, reason, detail, raw))
        else:
            self._together.setdefault(at, (reason, []))[1].append(raw)

    def finish(self, messages: Messages, decoded: Decoded) -> None:
        """Puts what is left of each message into quarantine."""
        for at, (reason, raws) in self._together.items():
            decoded.received -= len(raws) - 1
            detail = f"{len(raws):,} more of this message, the first of them for this"
            together = b"[" + b",".join(raws) + b"]"
            decoded.quarantined.append(Quarantined.of(messages, at, reason, detail, together))
        self._apart.clear()
        self._together.clear()
