"""What people have shelved, as a running service hears of it from the case database."""

from __future__ import annotations

import time

import msgspec

from cases.shelvings import Shelvings
from rules.book.scope import Where
from rules.book.suppression import Shelving, Suppression

_LOOK_EVERY_S = 2.0


class LiveShelvings:
    """Tells a suppression of the shelvings, every few seconds; of none where there is no store."""

    def __init__(self, kept: Shelvings | None) -> None:
        self._kept = kept
        self._told: Suppression | None = None
        self._looked = 0.0

    def tell(self, suppression: Suppression, since: int) -> None:
        """Those that were not over at ``since`` (ms); at once where it was another suppression
        before. Raises Retryable while the database is away.
        """
        lately = time.monotonic() - self._looked < _LOOK_EVERY_S
        if self._kept is None or (suppression is self._told and lately):
            return
        known = self._kept.not_over(since)
        self._told, self._looked = suppression, time.monotonic()
        suppression.shelve(
            [
                Shelving(one.types, msgspec.convert(one.place, Where), one.since, one.over_at)
                for one in known
            ]
        )
