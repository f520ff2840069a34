"""What a detector says of one member now: at fault, sound, or nothing; and when that was seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

NOTHING, SOUND, FAULT = range(3)


class Sight(NamedTuple):
    """``at`` is when the newest reading that says so was measured (ms), 0 without any.

    ``hold`` (ms) and ``readings`` are the rule's own: for how long, and by how many at least, a
    member must be seen at fault. Where a lighting plan decides, ``since`` and ``until`` are its
    switching times around ``at``: what is seen in one period says nothing of another.
    """

    says: int = NOTHING
    at: int = 0
    hold: int = 0
    readings: int = 2
    since: int = 0
    until: int = 0


Look = Callable[[str], Sight]
"""member → what is seen of it; nothing of one that is not installed."""
