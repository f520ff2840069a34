"""When a schedule is due: recurrence rules of RFC 5545, in local time, within bounds.

A rule is expanded by the hands of the local clock, so that eight in the morning stays eight in the
morning when the clocks are changed. A time that a change leaves out is taken by the offset before
it, as the RFC says (02:30 is 03:30 then); of a time that comes twice the first is meant. Two
occurrences that fall on one moment are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

from facility.errors import UsageError

MOST_COUNT = 10_000
MOST_INTERVAL = 366

_DAYS = "MO|TU|WE|TH|FR|SA|SU"
_ANY = {
    "FREQ": r"DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"\d{1,3}",
    "COUNT": r"\d{1,5}",
    "UNTIL": r"\d{8}|\d{8}T\d{6}Z",
    "BYMONTH": r"\d{1,2}(,\d{1,2})*",
    "BYHOUR": r"\d{1,2}(,\d{1,2})*",
    "WKST": _DAYS,
}
_WEEKDAYS = {**_ANY, "BYDAY": rf"({_DAYS})(,({_DAYS}))*"}
_OF_MONTHS = {
    **_ANY,
    "BYDAY": rf"(-?[1-5])?({_DAYS})(,(-?[1-5])?({_DAYS}))*",
    "BYMONTHDAY": r"-?\d{1,2}(,-?\d{1,2})*",
}
_PARTS = {
    "DAILY": _WEEKDAYS,
    "WEEKLY": _WEEKDAYS,
    "MONTHLY": {**_OF_MONTHS, "BYSETPOS": r"-?[1-4](,-?[1-4])*"},
    "YEARLY": _OF_MONTHS,
}
"""What a rule may have. There is nothing more often than hourly, no minutes but the start's, and
nothing that dateutil would search thousands of years of days for in vain."""

_RANGES = {"BYMONTH": (1, 12), "BYMONTHDAY": (1, 31), "BYHOUR": (0, 23)}
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_START = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d")


class WrongPlan(UsageError):
    """What a schedule cannot have: ``field`` names it, ``zh`` and ``en`` say why."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(f"`{field}`: {en}")
        self.field = field
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule that begins at a local time; ``start`` counts only where the rule names it."""

    text: str
    start: datetime
    timezone: ZoneInfo
    _rule: rrule | rruleset

    def between(self, begin: int, end: int, most: int | None = None) -> tuple[int, ...]:
        """The occurrences in [begin, end), ms, in order; the first ``most`` of them."""
        found = takewhile(lambda at: at < end, self._from(begin))
        return tuple(islice(found, most))

    def next(self, at: int) -> int | None:
        """The first occurrence at or after ``at`` (ms); None where none is to come."""
        return next(self._from(at), None)

    def _from(self, begin: int) -> Iterator[int]:
        """The occurrences from ``begin`` on, ms, each moment once."""
        before: int | None = None
        for wall in self._rule:
            at = self._moment(wall)
            if at >= begin and at != before:
                before = at
                yield at

    def _moment(self, wall: datetime) -> int:
        return round(wall.replace(tzinfo=self.timezone).timestamp() * 1000)


def read(text: str, start: str, timezone: ZoneInfo) -> Recurrence:
    """The recurrence of an RRULE and a local time to begin at, written 2026-07-01T08:00.

    WrongPlan, with the part, where it is none, or goes beyond the bounds.
    """
    if _START.fullmatch(start) is None:
        raise WrongPlan(
            "start",
            "不是本地时间,请写成 2026-07-01T08:00",
            f"{start!r} is no local time; write it like 2026-07-01T08:00",
        )
    try:
        begin = datetime.fromisoformat(start)
    except ValueError as error:
        raise WrongPlan("start", f"没有 {start} 这个时间", f"{start!r}: {error}") from None
    parts = _parts(text)
    if until := _until(parts.get("UNTIL"), begin, timezone):
        # In the terms of the naive start that the rule is expanded from.
        parts["UNTIL"] = until.strftime("%Y%m%dT%H%M%S")
    bare = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rule = rrulestr(bare, dtstart=begin)
    except ValueError as error:
        raise WrongPlan("rule", "规则无法识别", str(error)) from None
    found = Recurrence(text, begin, timezone, rule)
    if found.next(0) is None:
        raise WrongPlan("rule", "按此规则永远不会到期", f"{text!r} never occurs")
    return found


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in parts:
            raise WrongPlan("rule", f"{name} 重复", f"{name} is there twice")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in _PARTS:
        known = ", ".join(_PARTS)
        raise WrongPlan("rule", f"FREQ 须为 {known} 之一", f"FREQ must be one of {known}")
    possible = _PARTS[frequency]
    for name, value in parts.items():
        if name not in possible:
            others = ", ".join(possible)
            raise WrongPlan(
                "rule",
                f"{frequency} 不能带 {name!r:.40},可带:{others}",
                f"{name!r:.40} is not possible with {frequency}; possible: {others}",
            )
        if re.fullmatch(possible[name], value) is None:
            said = f"{name}={value:.60}"
            raise WrongPlan("rule", f"{said} 有误", f"{said} is not right")
    _check_numbers(parts)
    return parts


def _check_numbers(parts: dict[str, str]) -> None:
    if "COUNT" in parts and "UNTIL" in parts:
        raise WrongPlan("rule", "COUNT 与 UNTIL 只能有一个", "COUNT and UNTIL cannot both be")
    for name, most in (("COUNT", MOST_COUNT), ("INTERVAL", MOST_INTERVAL)):
        if name in parts and not 1 <= int(parts[name]) <= most:
            raise WrongPlan(
                "rule", f"{name} 须为 1 至 {most}", f"{name} must be from 1 to {most:,}"
            )
    for name, (least, most) in _RANGES.items():
        for one in parts[name].split(",") if name in parts else ():
            if not least <= abs(int(one)) <= most:
                raise WrongPlan(
                    "rule",
                    f"{name} 中的 {one} 不在 {least} 至 {most} 之内",
                    f"{name} has {one}, which is none of {least} to {most}",
                )
    if parts["FREQ"] == "DAILY" and "BYDAY" in parts and int(parts.get("INTERVAL", 1)) > 1:
        raise WrongPlan(
            "rule",
            "每若干天且只在某些星期:请用 WEEKLY",
            "every so many days, and only on some weekdays: use WEEKLY",
        )
    if "BYSETPOS" in parts and ("BYDAY" not in parts or "BYMONTHDAY" in parts):
        raise WrongPlan(
            "rule",
            "BYSETPOS 只能与 BYDAY 同用,且不带 BYMONTHDAY",
            "BYSETPOS is for BYDAY, without BYMONTHDAY",
        )
    if parts["FREQ"] == "MONTHLY" and "BYMONTHDAY" in parts:
        _check_days_of_months(parts)


def _check_days_of_months(parts: dict[str, str]) -> None:
    months = parts.get("BYMONTH", "1").split(",")
    longest = max(_LONGEST[int(month) - 1] for month in months)
    if all(abs(int(one)) > longest for one in parts["BYMONTHDAY"].split(",")):
        raise WrongPlan(
            "rule", "BYMONTH 的月份没有这一天", "the months of BYMONTH have no such day"
        )


def _until(value: str | None, begin: datetime, timezone: ZoneInfo) -> datetime | None:
    """The last local time; a day alone counts to its end."""
    if value is None:
        return None
    try:
        if len(value) == len("20261231"):
            day = date.fromisoformat(value)
            until = datetime.combine(day, time.max)
        else:
            utc = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            until = utc.astimezone(timezone).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise WrongPlan("rule", f"UNTIL={value} 不是日期", f"UNTIL={value}: {error}") from None
    if until < begin:
        raise WrongPlan("rule", "截止早于开始", "UNTIL is before the start")
    return until
