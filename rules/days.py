"""Days as people count them: local, and a night by the day that it begins on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class LocalDays:
    """The days of a time zone that begin at ``begins`` (ms after midnight)."""

    def __init__(self, timezone: str, begins: int = 0) -> None:
        self._zone = ZoneInfo(timezone)
        self._begins = timedelta(milliseconds=begins)

    def of(self, ms: int) -> date:
        """The day that a moment is in."""
        local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone)
        return (local.replace(tzinfo=None) - self._begins).date()

    def start(self, day: date) -> int:
        """When a day begins, ms."""
        local = datetime.combine(day, time()) + self._begins
        return round(local.replace(tzinfo=self._zone).timestamp() * 1000)

    def next(self, ms: int) -> int:
        """When the day after the one that a moment is in begins, ms."""
        return self.start(self.of(ms) + timedelta(days=1))
