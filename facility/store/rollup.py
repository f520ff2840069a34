"""When which hours are rolled up, and when what is old is let go."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from facility.clock import DAY, HOUR, MINUTE
from facility.measurements import MEASUREMENTS
from facility.store.base import ReadingsStore
from facility.store.tables import LIMIT_MS

SETTLE_MS = 10 * MINUTE
"""After the end of an hour: most of what is on its way has come by then."""


@dataclass(frozen=True, slots=True)
class Due:
    """An hour of a table that has readings which are not rolled up yet."""

    table: str
    hour: int


class RollUp:
    """Rolls up what is due and lets expire what is old, a step at a time; time is an argument.

    The store itself knows what is due, so a restart repeats nothing and forgets nothing. Once an
    hour, SETTLE_MS past it, it is asked: the hour that ended, and each hour that late readings came
    to, is rolled up once, however many they were. Readings live ``raw_days``, and as long may
    they be late; hours live ``retention_days``; 0 is for ever. Readings are let go only after all
    that is due was rolled up.
    """

    def __init__(self, store: ReadingsStore, *, raw_days: int, retention_days: int) -> None:
        self._store = store
        self._raw_days = raw_days
        self._retention_days = retention_days
        self._queue: deque[Due] = deque()
        self._period: int | None = None
        self._expired = True

    def due(self, now: int) -> list[Due]:
        """What has to be rolled up at ``now``, the oldest first."""
        over = (now - SETTLE_MS) // HOUR * HOUR
        start = _before(now, self._raw_days)
        due = [
            Due(table, hour)
            for table in MEASUREMENTS
            for hour in self._store.stale_hours(table, start, over).tolist()
        ]
        return sorted(due, key=lambda one: one.hour)

    def run(self, now: int) -> int:
        """Takes one step, an hour of one table at most; how many are left to be taken now.

        Retryable where the store is away: the step is taken again at the next call.
        """
        period = (now - SETTLE_MS) // HOUR
        if period != self._period:
            self._queue = deque(self.due(now))
            self._period = period
            self._expired = False
        if self._queue:
            one = self._queue[0]
            self._store.roll_up(one.table, one.hour, one.hour + HOUR)
            self._queue.popleft()
        elif not self._expired:
            self._store.expire(_before(now, self._raw_days), _before(now, self._retention_days))
            self._expired = True
        return len(self._queue) + (not self._expired)


def _before(now: int, days: int) -> int:
    """The start of the first hour that lies in the last ``days`` days as a whole."""
    return -(-(now - days * DAY) // HOUR) * HOUR if days else -LIMIT_MS // HOUR * HOUR
