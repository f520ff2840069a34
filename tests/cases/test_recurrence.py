"""Recurrence rules: by the hands of the local clock, in zones with summer time and without."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.periodic import recurrence
from cases.periodic.recurrence import Recurrence
from facility.clock import DAY, HOUR, from_rfc3339, to_rfc3339
from facility.errors import UsageError

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str, start: str = "2026-01-05T08:00", zone: ZoneInfo = SHANGHAI) -> Recurrence:
    return recurrence.read(text, start, zone)


def at(text: str) -> int:
    return from_rfc3339(text)


def local(ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)


def walls(found: tuple[int, ...], zone: ZoneInfo) -> list[str]:
    return [local(ms, zone).strftime("%m-%d %H:%M") for ms in found]


def test_every_weekday_morning() -> None:
    rule = read("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
    week = rule.between(at("2026-01-08T00:00:00+08:00"), at("2026-01-14T00:00:00+08:00"))
    assert walls(week, SHANGHAI) == ["01-08 08:00", "01-09 08:00", "01-12 08:00", "01-13 08:00"]


def test_the_last_friday_of_a_quarter() -> None:
    rule = read("RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR")
    year = rule.between(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))
    assert walls(year, SHANGHAI) == ["01-30 08:00", "04-24 08:00", "07-31 08:00", "10-30 08:00"]


def test_a_start_that_the_rule_does_not_name_is_none() -> None:
    rule = read("FREQ=WEEKLY;BYDAY=TU")
    assert walls(rule.between(0, at("2026-01-10T00:00:00Z")), SHANGHAI) == ["01-06 08:00"]


def test_next_is_at_or_after() -> None:
    rule = read("FREQ=DAILY;COUNT=2")
    first = at("2026-01-05T00:00:00Z")
    assert rule.next(0) == rule.next(first) == first
    assert rule.next(first + 1) == first + DAY
    assert rule.next(first + DAY + 1) is None


def test_until_takes_the_whole_day_or_the_moment() -> None:
    whole = read("FREQ=DAILY;UNTIL=20260107")
    assert len(whole.between(0, at("2027-01-01T00:00:00Z"))) == 3
    moment = read("FREQ=DAILY;UNTIL=20260106T235959Z")
    assert walls(moment.between(0, at("2027-01-01T00:00:00Z")), SHANGHAI)[-1] == "01-06 08:00"


def test_in_spring_a_time_that_is_left_out_comes_an_hour_later() -> None:
    rule = read("FREQ=DAILY", "2026-03-27T02:30", BERLIN)
    found = rule.between(0, at("2026-03-31T00:00:00Z"))
    assert walls(found, BERLIN) == ["03-27 02:30", "03-28 02:30", "03-29 03:30", "03-30 02:30"]


def test_in_spring_two_times_that_fall_on_one_moment_are_one() -> None:
    rule = read("FREQ=DAILY;BYHOUR=2,3", "2026-03-29T00:30", BERLIN)
    found = rule.between(0, at("2026-03-30T00:00:00Z"))
    assert walls(found, BERLIN) == ["03-29 03:30"]


def test_in_autumn_a_time_that_comes_twice_is_the_first() -> None:
    rule = read("FREQ=DAILY;COUNT=2", "2026-10-25T02:30", BERLIN)
    first, second = rule.between(0, at("2027-01-01T00:00:00Z"))
    assert to_rfc3339(first) == "2026-10-25T00:30:00Z"
    assert second - first == 25 * HOUR


def test_the_29th_of_february_is_found() -> None:
    rule = read("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
    assert walls(rule.between(0, at("2033-01-01T00:00:00Z")), SHANGHAI) == [
        "02-29 08:00",
        "02-29 08:00",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "FREQ must be"),
        ("INTERVAL=2", "FREQ must be"),
        ("FREQ=SECONDLY", "FREQ must be"),
        ("FREQ=HOURLY", "FREQ"),
        ("FREQ=DAILY;BYSECOND=0,1,2", "BYSECOND"),
        ("FREQ=DAILY;BYMINUTE=1", "BYMINUTE"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be"),
        ("FREQ=DAILY;COUNT=10001", "COUNT must be"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=999", "INTERVAL must be"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is there twice"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "cannot both be"),
        ("FREQ=DAILY;UNTIL=20250101", "before the start"),
        ("FREQ=DAILY;UNTIL=20261301", "UNTIL=20261301"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "UNTIL=99991231"),
        ("FREQ=DAILY;UNTIL=20260108T080000", "UNTIL"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR has 24"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY has 0"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTH=2,4;BYMONTHDAY=31", "no such day"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=30,31", "never occurs"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=3", "never occurs"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "use WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=5", "BYSETPOS"),
        ("FREQ=DAILY\nRDATE:20260101", "FREQ"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
    ],
)
def test_a_rule_beyond_the_bounds_says_which_part(text: str, words: str) -> None:
    with pytest.raises(UsageError, match="`rule`") as caught:
        read(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("start", ["", "2026-01-05", "2026-13-05T08:00", "1026-01-05T08:00"])
def test_a_start_is_a_local_time(start: str) -> None:
    with pytest.raises(UsageError, match="`start`"):
        read("FREQ=DAILY", start)


rules = st.builds(
    lambda frequency, interval, hours: (
        f"FREQ={frequency};INTERVAL={interval}"
        + (f";BYHOUR={','.join(str(hour) for hour in sorted(hours))}" if hours else "")
    ),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 5),
    st.sets(st.integers(0, 23), max_size=4),
)
starts = st.datetimes(
    datetime.fromisoformat("2025-01-01"), datetime.fromisoformat("2026-12-01")
).map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M"))
zones = st.sampled_from([SHANGHAI, BERLIN])
moments = st.integers(at("2025-01-01T00:00:00Z"), at("2027-06-01T00:00:00Z"))


@given(rules, starts, zones, moments, moments, moments)
def test_spans_add_up_and_agree_with_the_next(
    text: str, start: str, zone: ZoneInfo, one: int, two: int, three: int
) -> None:
    begin, middle, end = sorted((one, two, three))
    rule = recurrence.read(text, start, zone)
    whole = rule.between(begin, end)
    assert rule.between(begin, middle) + rule.between(middle, end) == whole
    assert list(whole) == sorted(set(whole))
    following = rule.next(begin)
    assert (following if following is not None and following < end else None) == next(
        iter(whole), None
    )


@given(starts, zones, st.integers(1, 4))
def test_the_hands_of_the_clock_stay_where_they_are(
    start: str, zone: ZoneInfo, interval: int
) -> None:
    rule = recurrence.read(f"FREQ=DAILY;INTERVAL={interval}", start, zone)
    begin = datetime.fromisoformat(start)
    found = rule.between(0, at("2028-01-01T00:00:00Z"), 400)
    for number, ms in enumerate(found):
        wall = begin + timedelta(days=number * interval)
        shown = local(ms, zone).replace(tzinfo=None)
        left_out = shown - wall == timedelta(hours=1) and zone is BERLIN
        assert shown == wall or left_out
