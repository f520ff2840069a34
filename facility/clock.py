"""Time as an argument: whoever needs the time is handed a clock.

All times inside are integer milliseconds since 1970 UTC (``…_ms``, ``ts``, ``arrived``);
they become RFC 3339 only where a person or another system reads them.
"""

import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = date(1970, 1, 1)


class Clock(Protocol):
    """Where the time comes from; ``speed`` is how many of its seconds pass in a real one."""

    @property
    def speed(self) -> float: ...

    def now_ms(self) -> int: ...


class SystemClock:
    """The machine's own time."""

    speed = 1.0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """A clock that started at ``start_ms`` and runs ``speed`` times as fast as the real one.

    ``origin_s`` is the reading of the machine's wall clock at the start, so processes handed
    the same three numbers agree on the virtual time.
    """

    start_ms: int
    speed: float
    origin_s: float = field(default_factory=time.time)

    def now_ms(self) -> int:
        return self.start_ms + int((time.time() - self.origin_s) * 1000 * self.speed)


def real_seconds(clock: Clock, until_ms: int) -> float:
    """Real seconds until ``clock`` shows ``until_ms``; 0 when it already did."""
    return max(0.0, (until_ms - clock.now_ms()) / 1000 / clock.speed)


def to_rfc3339(ms: int) -> str:
    """``2026-06-21T11:41:00Z``, with milliseconds only where there are any."""
    # By hand, for a list of cases has hundreds of them: a datetime takes three times as long.
    days, in_day = divmod(ms, DAY)
    seconds, fraction = divmod(in_day, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    tail = f".{fraction:03}Z" if fraction else "Z"
    return f"{_date(days)}T{hour:02}:{minute:02}:{second:02}{tail}"


@lru_cache(maxsize=4_096)
def _date(days: int) -> str:
    return (_EPOCH + timedelta(days)).isoformat()


def from_rfc3339(text: str) -> int:
    """Milliseconds of an RFC 3339 time. ValueError where it is not one or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without an offset: {text!r}; add Z or +08:00")
    return round(moment.timestamp() * 1000)
