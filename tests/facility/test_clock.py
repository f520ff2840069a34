"""Clocks, and times as people and other systems read them."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.clock import (
    DAY,
    HOUR,
    MINUTE,
    SystemClock,
    VirtualClock,
    from_rfc3339,
    real_seconds,
    to_rfc3339,
)

START = 1_781_956_800_000


@dataclass
class Wall:
    """The machine's wall clock, to be set by hand."""

    now: float

    def time(self) -> float:
        return self.now


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall(1_000_000.0)
    monkeypatch.setattr("facility.clock.time.time", wall.time)
    return wall


def test_the_system_clock_is_the_machines() -> None:
    before = time.time_ns() // 1_000_000
    now = SystemClock().now_ms()
    assert before <= now <= time.time_ns() // 1_000_000
    assert isinstance(now, int)
    assert SystemClock.speed == 1


def test_a_virtual_clock_starts_when_it_is_told_and_runs_as_fast(wall: Wall) -> None:
    clock = VirtualClock(START, 60, wall.now)
    assert clock.now_ms() == START
    wall.now += 60
    assert clock.now_ms() == START + HOUR
    assert isinstance(clock.now_ms(), int)


def test_a_virtual_clock_starts_when_it_is_made_where_it_is_not_told() -> None:
    clock = VirtualClock(START, 1)
    assert START <= clock.now_ms() < START + HOUR


def test_clocks_of_the_same_three_numbers_agree(wall: Wall) -> None:
    one = VirtualClock(START, 60, wall.now)
    wall.now += 7.25
    other = VirtualClock(START, 60, one.origin_s)
    assert one.now_ms() == other.now_ms() == START + 435_000


def test_a_virtual_clock_can_run_slower(wall: Wall) -> None:
    clock = VirtualClock(START, 0.5, wall.now)
    wall.now += 10
    assert clock.now_ms() == START + 5_000


def test_how_long_to_wait_for_a_time(wall: Wall) -> None:
    clock = VirtualClock(START, 60, wall.now)
    assert real_seconds(clock, START + HOUR) == 60
    wall.now += 60
    assert real_seconds(clock, START + HOUR) == 0
    wall.now += 1
    assert real_seconds(clock, START + HOUR) == 0


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (START, "2026-06-20T12:00:00Z"),
        (START + 250, "2026-06-20T12:00:00.250Z"),
        (-MINUTE, "1969-12-31T23:59:00Z"),
    ],
)
def test_times_are_written_as_rfc_3339(ms: int, text: str) -> None:
    assert to_rfc3339(ms) == text
    assert from_rfc3339(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-20T12:00:00Z",
        "2026-06-20T12:00:00+00:00",
        "2026-06-20T20:00:00+08:00",
        "2026-06-20T20:00:00.000+08:00",
        "2026-06-20T07:30:00-04:30",
        "2026-06-20 12:00:00Z",
    ],
)
def test_the_offset_says_which_moment(text: str) -> None:
    assert from_rfc3339(text) == START


@given(st.integers(-50 * 365 * DAY, 130 * 365 * DAY))
def test_a_time_survives_being_written(ms: int) -> None:
    assert from_rfc3339(to_rfc3339(ms)) == ms


@given(st.integers(0, 130 * 365 * DAY), st.integers(-23 * 60, 23 * 60))
def test_any_offset_is_read(ms: int, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    assert from_rfc3339(moment.isoformat(timespec="milliseconds")) == ms


@pytest.mark.parametrize("text", ["2026-06-20T12:00:00", "2026-06-20"])
def test_a_time_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="add Z or"):
        from_rfc3339(text)


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01T00:00:00Z", "1781956800000"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_rfc3339(text)
