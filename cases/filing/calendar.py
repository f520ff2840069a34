"""The working calendar of a place: which days are worked, and in which hours. It is data
(``calendars/china.toml``); public holidays and moved working weekends (调休) are the package
``holidays``'s."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
import msgspec

from facility import tomlfile
from facility.clock import DAY, HOUR, MINUTE
from facility.errors import UsageError

_BUILT_IN = Path(__file__).with_name("calendars") / "china.toml"
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_SATURDAY = 5


class Span(NamedTuple):
    """The time from ``begin`` up to ``end``, ms."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working time of a place.

    ``hours`` are spans of ms after local midnight, in order, not touching the next day.
    ``holidays`` is the country whose holidays hold, as ISO 3166 has it, or None; ``off`` and
    ``working`` are decreed here and stand above them.
    """

    timezone: ZoneInfo
    hours: tuple[Span, ...]
    holidays: str | None = None
    off: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    @property
    def working_day_ms(self) -> int:
        """How much working time a working day has."""
        return sum(end - begin for begin, end in self.hours)

    def day_of(self, at: int) -> date:
        """The local day of a time (ms)."""
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self.timezone).date()

    def is_working(self, day: date) -> bool:
        """Whether work is done on the day."""
        if day in self.off or day in self.working:
            return day in self.working
        if self.holidays is not None:
            free, moved = _decreed(self.holidays, day.year)
            if day in free or day in moved:
                return day in moved
        return day.weekday() < _SATURDAY

    def working_time(self, day: date) -> tuple[Span, ...]:
        """The working time of a local day, in order; empty where no work is done."""
        if not self.is_working(day):
            return ()
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.timezone)
        # Adding to a local time moves its hands, whatever the offset does meanwhile.
        return tuple(
            Span(
                _ms(midnight + timedelta(milliseconds=begin)),
                _ms(midnight + timedelta(milliseconds=end)),
            )
            for begin, end in self.hours
        )


def load(timezone: str, path: Path | None = None) -> Calendar:
    """The built-in calendar, with what the file at ``path`` says in its place.

    UsageError, with the key, where the file is not there or says something that is none.
    """
    book = tomlfile.read(_BUILT_IN)
    name = _BUILT_IN.name
    if path is not None:
        name = str(path)
        book |= tomlfile.read(path)
    try:
        written = msgspec.convert(book, _Written)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {error}") from None
    both = sorted({*written.off} & {*written.working})
    if both:
        raise UsageError(f"{name}: {both[0]} is both in `off` and in `working`; take one out")
    country = written.holidays or None
    if country is not None and country not in holidays.list_supported_countries():
        raise UsageError(f"{name}: `holidays`: no country {country!r}; write CN, or leave it empty")
    return Calendar(
        ZoneInfo(timezone),
        _hours(name, written.hours),
        country,
        frozenset(written.off),
        frozenset(written.working),
    )


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    holidays: str
    hours: list[tuple[str, str]]
    off: list[date]
    working: list[date]


def _hours(name: str, written: list[tuple[str, str]]) -> tuple[Span, ...]:
    spans = tuple(Span(_after_midnight(name, a), _after_midnight(name, b)) for a, b in written)
    edges = [edge for span in spans for edge in span]
    if not edges or any(a >= b for a, b in itertools.pairwise(edges)):
        raise UsageError(
            f"{name}: `hours` must be spans one after another, "
            'like [["08:00", "12:00"], ["14:00", "18:00"]]'
        )
    return spans


def _after_midnight(name: str, text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise UsageError(f"{name}: `hours`: {text!r} is no time of day; write it like 08:00")
    hour, minute = match.groups()
    return DAY if hour is None else int(hour) * HOUR + int(minute) * MINUTE


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=64)
def _decreed(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The holidays of a year, and the weekend days that are worked in their stead."""
    found = holidays.country_holidays(country, years=year)
    return frozenset(found), frozenset(found.weekend_workdays)
