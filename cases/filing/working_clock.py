"""The working clock: when a limit runs out, and how much of it has run.

Four kinds of clock, as the filing standards have them: an *urgent hour* (紧急工作时) runs around
the clock; a *working hour* (工作时) in working time alone; a *working day* (工作日) is the working
time of one day, so two days from 10:00 end at 10:00; a *natural day* (自然日) is 24 hours around
the clock. A pause stops every kind. All of it is arithmetic: nothing here knows what time it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Literal, get_args

from cases.filing.calendar import Calendar, Span
from facility.clock import DAY, HOUR

ClockKind = Literal["urgent_hour", "working_hour", "working_day", "natural_day"]
CLOCK_KINDS: tuple[ClockKind, ...] = get_args(ClockKind)

_NEVER = sys.maxsize


def length(limit: int, kind: ClockKind, calendar: Calendar) -> int:
    """A limit in the unit of its clock, as the ms that the clock has to run."""
    match kind:
        case "urgent_hour" | "working_hour":
            return limit * HOUR
        case "working_day":
            return limit * calendar.working_day_ms
        case "natural_day":
            return limit * DAY


def deadline(
    start: int, run: int, kind: ClockKind, calendar: Calendar, pauses: Sequence[Span] = ()
) -> int:
    """The first time at which the clock, started at ``start``, has run for ``run`` ms.

    It never falls at the opening of business what could have ended at its close the day before.
    """
    left = run
    if left <= 0:
        return start
    for begin, end in _running(start, kind, calendar, pauses):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise AssertionError("time has no end")


def elapsed(
    start: int, until: int, kind: ClockKind, calendar: Calendar, pauses: Sequence[Span] = ()
) -> int:
    """How long the clock has run between the two times, ms; 0 where ``until`` is the earlier."""
    ran = 0
    for begin, end in _running(start, kind, calendar, pauses):
        if begin >= until:
            break
        ran += min(end, until) - begin
        if end >= until:
            break
    return ran


def working_time(start: int, until: int, calendar: Calendar) -> list[Span]:
    """The working time between the two times, in order."""
    found = []
    for begin, end in _running(start, "working_hour", calendar, ()):
        if begin >= until:
            break
        found.append(Span(begin, min(end, until)))
    return found


def _running(
    start: int, kind: ClockKind, calendar: Calendar, pauses: Sequence[Span]
) -> Iterator[Span]:
    """The spans from ``start`` in which the clock runs, in order, without end."""
    if kind in ("urgent_hour", "natural_day"):
        return _outside(pauses, (Span(start, _NEVER),))
    return _outside(pauses, _working(start, calendar))


def _working(start: int, calendar: Calendar) -> Iterator[Span]:
    day = calendar.day_of(start)
    while True:
        for begin, end in calendar.working_time(day):
            if end > start:
                yield Span(max(begin, start), end)
        day += timedelta(days=1)


def _outside(pauses: Iterable[Span], spans: Iterable[Span]) -> Iterator[Span]:
    """What of the spans, which are in order, lies in no pause. Pauses may be in any order."""
    ordered = sorted(pauses)
    for begin, end in spans:
        at = begin
        for paused, resumed in ordered:
            if paused >= end:
                break
            if at < paused:
                yield Span(at, paused)
            at = max(at, resumed)
        if at < end:
            yield Span(at, end)
