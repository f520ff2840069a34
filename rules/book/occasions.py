"""When something holds: hours of the day, days of the week, from and to, in local time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Hours:
    """``22:00-04:00``: a span of each day, in minutes since midnight; it may pass midnight."""

    __slots__ = ("begin", "end")

    def __init__(self, text: str) -> None:
        """ValueError where it is none."""
        match = _HOURS.fullmatch(text)
        if not match:
            raise ValueError(f'{text!r} is no span of a day; write "22:00-04:00"')
        begin, end = (int(match[i]) * 60 + int(match[i + 1]) for i in (1, 3))
        if begin == end or end > 24 * 60:
            raise ValueError(f"{text!r} is no span of a day; the whole of it is 00:00-24:00")
        self.begin, self.end = begin, end

    def day_of(self, local: datetime) -> date | None:
        """The day on which the span around a local time began; None outside of it."""
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return local.date() if self.begin <= minute < self.end else None
        if minute >= self.begin:
            return local.date()
        return local.date() - timedelta(days=1) if minute < self.end else None


class Edge:
    """A day or a moment that something begins or ends with; without an offset in local time."""

    __slots__ = ("day", "moment")

    def __init__(self, value: object) -> None:
        """TypeError where it is none."""
        self.day: date | None = None
        if isinstance(value, datetime):
            self.moment = value
        elif isinstance(value, date):
            self.day, self.moment = value, datetime.combine(value, time())
        else:
            raise TypeError(f"{value!r} is no time; write 2026-06-21 or 2026-06-21T22:00:00+08:00")

    def ms(self, zone: ZoneInfo, *, ends: bool) -> int:
        """The moment; of a day its start, or where something ``ends`` with it, its end."""
        moment = self.moment + timedelta(days=ends and self.day is not None)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)


def decode(type_: type, value: Any) -> Any:
    """Hours and edges of what TOML has; ValueError where it is none."""
    if type_ is Hours and isinstance(value, str):
        return Hours(value)
    if type_ is Edge:
        return Edge(value)
    raise ValueError(f"{value!r} is not what is meant here")


class Occasion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that is given must hold. A span past midnight belongs to the day on which it began."""

    hours: Hours | None = None
    weekdays: tuple[Weekday, ...] = ()
    from_: Edge | None = msgspec.field(name="from", default=None)
    to: Edge | None = None

    def span(self, zone: ZoneInfo) -> tuple[int, int]:
        """[begin, end) of it as a whole, ms."""
        begin = self.from_.ms(zone, ends=False) if self.from_ else 0
        return begin, self.to.ms(zone, ends=True) if self.to else 1 << 62

    def holds(self, now: int, zone: ZoneInfo) -> bool:
        """Whether it is now (ms)."""
        begin, end = self.span(zone)
        if self.hours is None and not self.weekdays:
            return begin <= now < end
        local = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
        day = self.hours.day_of(local) if self.hours else local.date()
        if day is None or (self.weekdays and _WEEK[day.weekday()] not in self.weekdays):
            return False
        # The night that begins on the last day is meant to its end.
        if self.to is not None and self.to.day is not None:
            return begin <= now and day <= self.to.day
        return begin <= now < end
