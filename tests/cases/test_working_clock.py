"""The working clock: worked by hand around the long holidays, and its laws by property."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.filing.calendar import Calendar, Span
from cases.filing.working_clock import (
    CLOCK_KINDS,
    ClockKind,
    deadline,
    elapsed,
    length,
    working_time,
)
from facility.clock import DAY, HOUR, MINUTE
from tests.cases.filings import SHANGHAI, local

BY_HAND: list[tuple[str, int, ClockKind, str]] = [
    # An ordinary week.
    ("2026-06-22 09:00", 2, "working_hour", "2026-06-22 11:00"),
    ("2026-06-22 11:00", 2, "working_hour", "2026-06-22 15:00"),
    ("2026-06-22 11:00", 1, "working_hour", "2026-06-22 12:00"),
    ("2026-06-22 12:30", 2, "working_hour", "2026-06-22 16:00"),
    ("2026-06-22 20:12", 2, "working_hour", "2026-06-23 10:00"),
    ("2026-06-22 10:00", 2, "working_day", "2026-06-24 10:00"),
    ("2026-06-22 08:00", 1, "working_day", "2026-06-22 18:00"),
    ("2026-06-26 17:30", 1, "working_day", "2026-06-29 17:30"),
    ("2026-06-27 03:00", 4, "working_hour", "2026-06-29 12:00"),
    ("2026-06-27 03:00", 2, "urgent_hour", "2026-06-27 05:00"),
    ("2026-06-26 17:30", 3, "natural_day", "2026-06-29 17:30"),
    # Spring Festival: Saturday the 14th is worked, the 15th to the 23rd free, the 28th worked.
    ("2026-02-13 16:00", 2, "working_day", "2026-02-24 16:00"),
    ("2026-02-13 16:00", 10, "working_hour", "2026-02-14 18:00"),
    ("2026-02-14 17:00", 2, "working_hour", "2026-02-24 09:00"),
    ("2026-02-16 23:50", 2, "urgent_hour", "2026-02-17 01:50"),
    ("2026-02-17 10:00", 4, "working_hour", "2026-02-24 12:00"),
    ("2026-02-17 10:00", 5, "working_day", "2026-02-28 18:00"),
    ("2026-02-14 12:00", 1, "natural_day", "2026-02-15 12:00"),
    # National Day: Sunday 20 September is worked, 25 to 27 September free, 1 to 7 October free,
    # Saturday 10 October worked.
    ("2026-09-19 10:00", 1, "working_day", "2026-09-20 18:00"),
    ("2026-09-24 15:00", 1, "working_day", "2026-09-28 15:00"),
    ("2026-09-30 17:00", 2, "working_day", "2026-10-09 17:00"),
    ("2026-09-30 18:00", 4, "working_hour", "2026-10-08 12:00"),
    ("2026-10-01 00:00", 3, "working_day", "2026-10-10 18:00"),
    ("2026-10-10 17:00", 2, "working_hour", "2026-10-12 09:00"),
]


@pytest.mark.parametrize(("start", "limit", "kind", "expected"), BY_HAND)
def test_deadlines_worked_by_hand(start: str, limit: int, kind: ClockKind, expected: str) -> None:
    run = length(limit, kind, SHANGHAI)
    assert deadline(local(start), run, kind, SHANGHAI) == local(expected)
    assert elapsed(local(start), local(expected), kind, SHANGHAI) == run


def test_a_limit_is_in_the_unit_of_its_clock() -> None:
    found = {kind: length(2, kind, SHANGHAI) // HOUR for kind in CLOCK_KINDS}
    assert found == {"urgent_hour": 2, "working_hour": 2, "working_day": 16, "natural_day": 48}


def test_a_suspension_stops_the_clock() -> None:
    # Four working hours from Monday 09:00 end at 15:00; suspended from 10:00 to Tuesday 09:00,
    # three are left on Tuesday at nine.
    start = local("2026-06-22 09:00")
    pause = Span(local("2026-06-22 10:00"), local("2026-06-23 09:00"))
    assert deadline(start, 4 * HOUR, "working_hour", SHANGHAI, [pause]) == local("2026-06-23 12:00")
    assert elapsed(start, pause.end, "working_hour", SHANGHAI, [pause]) == HOUR
    # A pause outside of working time changes nothing.
    night = Span(local("2026-06-22 18:00"), local("2026-06-23 08:00"))
    assert deadline(start, 9 * HOUR, "working_hour", SHANGHAI, [night]) == local("2026-06-23 10:00")


def test_the_working_time_between_two_times() -> None:
    found = working_time(local("2026-09-30 15:00"), local("2026-10-08 10:00"), SHANGHAI)
    assert found == [
        (local("2026-09-30 15:00"), local("2026-09-30 18:00")),
        (local("2026-10-08 08:00"), local("2026-10-08 10:00")),
    ]
    assert working_time(local("2026-10-02 00:00"), local("2026-10-03 00:00"), SHANGHAI) == []
    assert working_time(local("2026-09-30 17:00"), local("2026-09-30 16:00"), SHANGHAI) == []


FIRST, LAST = local("2025-12-01 00:00"), local("2027-01-31 00:00")
TIMES = st.integers(FIRST, LAST)
RUNS = st.integers(0, 30 * 8 * HOUR)
KINDS = st.sampled_from(CLOCK_KINDS)
PAUSES = st.lists(
    st.builds(lambda at, many: Span(at, at + many), TIMES, st.integers(0, 20 * DAY)), max_size=4
)
HOURS = st.lists(st.integers(0, 24 * 12), min_size=2, max_size=6, unique=True).map(
    lambda edges: tuple(
        Span(a * 5 * MINUTE, b * 5 * MINUTE)
        for a, b in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    )
)
DAYS = st.frozensets(st.dates(date(2025, 12, 1), date(2027, 1, 31)), max_size=20)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "UTC"])


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """The shipped one, or any other."""
    if draw(st.booleans()):
        return SHANGHAI
    off = draw(DAYS)
    found = replace(SHANGHAI, timezone=ZoneInfo(draw(ZONES)), hours=draw(HOURS))
    return replace(found, off=off, working=draw(DAYS) - off)


LAWS = settings(max_examples=200, deadline=None)


@LAWS
@given(start=TIMES, run=RUNS, kind=KINDS, calendar=calendars(), pauses=PAUSES)
def test_what_has_run_at_the_deadline_is_the_limit(
    start: int, run: int, kind: ClockKind, calendar: Calendar, pauses: list[Span]
) -> None:
    due = deadline(start, run, kind, calendar, pauses)
    assert elapsed(start, due, kind, calendar, pauses) == run
    assert run == 0 or elapsed(start, due - 1, kind, calendar, pauses) == run - 1


@LAWS
@given(start=TIMES, runs=st.tuples(RUNS, RUNS), kind=KINDS, calendar=calendars(), pauses=PAUSES)
def test_more_time_never_ends_sooner_and_a_later_start_neither(
    start: int, runs: tuple[int, int], kind: ClockKind, calendar: Calendar, pauses: list[Span]
) -> None:
    less, more = sorted(runs)
    due = deadline(start, less, kind, calendar, pauses)
    assert start <= due <= deadline(start, more, kind, calendar, pauses)
    assert less == 0 or due <= deadline(start + more, less, kind, calendar, pauses)


@LAWS
@given(times=st.tuples(TIMES, TIMES, TIMES), kind=KINDS, calendar=calendars(), pauses=PAUSES)
def test_time_adds_up(
    times: tuple[int, int, int], kind: ClockKind, calendar: Calendar, pauses: list[Span]
) -> None:
    a, b, c = sorted(times)
    first = elapsed(a, b, kind, calendar, pauses)
    assert 0 <= first <= b - a
    assert first + elapsed(b, c, kind, calendar, pauses) == elapsed(a, c, kind, calendar, pauses)
    assert elapsed(c, a, kind, calendar, pauses) == 0


@LAWS
@given(times=st.tuples(*[TIMES] * 4), kind=KINDS, calendar=calendars())
def test_pauses_take_away_what_would_have_run_in_them(
    times: tuple[int, int, int, int], kind: ClockKind, calendar: Calendar
) -> None:
    start, paused, resumed, until = sorted(times)
    pause = Span(paused, resumed)
    whole = elapsed(start, until, kind, calendar)
    assert elapsed(start, until, kind, calendar, [pause]) == whole - elapsed(
        paused, resumed, kind, calendar
    )
    middle = (paused + resumed) // 2
    halves = [Span(middle, resumed), Span(paused, middle), pause]
    assert elapsed(start, until, kind, calendar, halves) == elapsed(
        start, until, kind, calendar, [pause]
    )


@LAWS
@given(start=TIMES, until=TIMES, calendar=calendars())
def test_a_working_clock_runs_in_the_working_time(
    start: int, until: int, calendar: Calendar
) -> None:
    spans = working_time(start, until, calendar)
    assert sum(end - begin for begin, end in spans) == elapsed(
        start, until, "working_hour", calendar
    )
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
