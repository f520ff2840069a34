"""A message to one contact: the notices of a burst, in words for people, as facts for machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once. ``id`` stays the same when it is tried again.

    ``lines`` are one a notice, ``facts`` the same for machines; ``more`` is the line that stands
    for ``{count}`` lines which had no room.
    """

    id: str
    title: str
    lines: tuple[str, ...]
    facts: tuple[dict[str, Any], ...]
    more: str = "… +{count}"

    def text(self, longest: int) -> str:
        """The lines in up to ``longest`` bytes of UTF-8; the last counts what has no room."""
        whole = "\n".join(self.lines)
        if len(whole.encode()) <= longest:
            return whole
        kept = list(self.lines)
        while kept:
            kept.pop()
            last = self.more.format(count=len(self.lines) - len(kept))
            cut = "\n".join([*kept, last])
            if len(cut.encode()) <= longest:
                return cut
        return whole.encode()[:longest].decode(errors="ignore")


class Channel(Protocol):
    """A way to one contact."""

    @property
    def host(self) -> tuple[str, int] | None:
        """The host and port that it speaks to, where that is known."""

    def send(self, message: Message) -> None:
        """Hands the message over.

        Retryable where trying again can help, Permanent where it cannot; no text of either holds a
        secret.
        """
