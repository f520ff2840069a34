"""The working calendar: the State Council's notice for 2026, local decrees, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cases.filing import calendar
from facility.clock import HOUR
from facility.errors import UsageError
from tests.cases.filings import SHANGHAI, local


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(n) for n in range((end - start).days + 1)]


# 国务院办公厅关于2026年部分节假日安排的通知, 2025-11-04,
# https://politics.gmw.cn/2025-11/04/content_38391083.htm
OFF_2026 = [
    *days("2026-01-01", "2026-01-03"),
    *days("2026-02-15", "2026-02-23"),
    *days("2026-04-04", "2026-04-06"),
    *days("2026-05-01", "2026-05-05"),
    *days("2026-06-19", "2026-06-21"),
    *days("2026-09-25", "2026-09-27"),
    *days("2026-10-01", "2026-10-07"),
]
MOVED_2026 = [date(2026, *one) for one in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))]


def test_2026_is_as_the_state_council_decreed() -> None:
    for day in days("2026-01-01", "2026-12-31"):
        expected = day in MOVED_2026 or (day.weekday() < 5 and day not in OFF_2026)
        assert SHANGHAI.is_working(day) == expected, day


def test_the_hours_of_a_working_day_are_local_time() -> None:
    assert SHANGHAI.working_day_ms == 8 * HOUR
    assert SHANGHAI.working_time(date(2026, 2, 24)) == (
        (local("2026-02-24 08:00"), local("2026-02-24 12:00")),
        (local("2026-02-24 14:00"), local("2026-02-24 18:00")),
    )
    assert SHANGHAI.working_time(date(2026, 2, 23)) == ()
    assert SHANGHAI.day_of(local("2026-02-24 00:00")) == date(2026, 2, 24)
    assert SHANGHAI.day_of(local("2026-02-24 00:00") - 1) == date(2026, 2, 23)


def test_the_hours_keep_to_the_wall_clock_where_summer_time_begins() -> None:
    berlin = calendar.load("Europe/Berlin")
    before, after = (berlin.working_time(day)[0] for day in (date(2026, 3, 27), date(2026, 3, 30)))
    assert after.begin - before.begin == 3 * 24 * HOUR - HOUR


def test_a_local_file_stands_in_place_of_what_is_shipped(tmp_path: Path) -> None:
    own = tmp_path / "calendar.toml"
    own.write_text('off = [2026-03-02]\nworking = [2026-02-17]\nhours = [["09:00", "24:00"]]')
    found = calendar.load("Asia/Shanghai", own)
    assert not found.is_working(date(2026, 3, 2)), "a Monday that is decreed free"
    assert found.is_working(date(2026, 2, 17)), "New Year's Day, decreed worked"
    assert not found.is_working(date(2026, 2, 18)), "the country's holidays still hold"
    assert found.working_day_ms == 15 * HOUR
    assert found.working_time(date(2026, 3, 3))[0].end == local("2026-03-04 00:00")


def test_without_a_country_only_the_weekend_is_free(tmp_path: Path) -> None:
    own = tmp_path / "calendar.toml"
    own.write_text('holidays = ""')
    found = calendar.load("Asia/Shanghai", own)
    assert found.is_working(date(2026, 2, 17))
    assert not found.is_working(date(2026, 2, 14))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hours = []", "hours"),
        ('hours = [["08:00", "08:00"]]', "hours"),
        ('hours = [["14:00", "18:00"], ["08:00", "12:00"]]', "hours"),
        ('hours = [["8:00", "12:00"]]', "8:00"),
        ('hours = [["08:00", "25:00"]]', "25:00"),
        ('off = ["spring"]', "off"),
        ("off = [2026-03-02]\nworking = [2026-03-02]", "2026-03-02"),
        ('holidays = "ZZ"', "ZZ"),
        ("weekends = []", "weekends"),
        ("off = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_one_line_with_the_key(tmp_path: Path, text: str, key: str) -> None:
    own = tmp_path / "calendar.toml"
    own.write_text(text)
    with pytest.raises(UsageError, match=key) as caught:
        calendar.load("Asia/Shanghai", own)
    assert "calendar.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        calendar.load("Asia/Shanghai", tmp_path / "calendar.toml")
