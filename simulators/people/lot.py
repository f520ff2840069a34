"""Chances that are always the same for the same thing and question."""

from __future__ import annotations

import hashlib
from typing import Annotated

from msgspec import Meta

from facility.clock import MINUTE

Minutes = tuple[Annotated[float, Meta(ge=0)], Annotated[float, Meta(ge=0)]]
"""From and to, in minutes of the district's time."""


class Lot:
    """The chances of one thing, by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def share(self, question: str) -> float:
        """Evenly in [0, 1)."""
        digest = hashlib.sha256(f"{self._name}|{question}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32

    def draws(self, question: str, share: float) -> bool:
        return self.share(question) < share

    def minutes(self, question: str, span: Minutes) -> int:
        """Some time within the span, ms."""
        low, high = span
        return round((low + (high - low) * self.share(f"{question}?")) * MINUTE)

    def of(self, many: int, question: str = "which") -> int:
        """One of so many, counted from 0."""
        return int(self.share(question) * many)
