"""Scenarios: what is simulated, as TOML in ``scenarios/`` or in a file of one's own."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from facility.clock import MINUTE
from facility.errors import UsageError
from facility.sun import Place, sun_times
from simulators.sorts import FaultSort, LookAlikeSort

_SCENARIOS = Path(__file__).with_name("scenarios")

AT = r"^(?:([01]\d|2[0-3]):([0-5]\d)|(sunset|sunrise)([+-]\d{1,3})?)$"
"""A time of day as scenarios write it."""

Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Kilometres = Annotated[float, Meta(gt=0.2, le=100)]
Interval = Annotated[int, Meta(ge=10, le=3_600)]


class District(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where: six-digit code, centre in WGS 84 degrees, extent in km from west to east and so on."""

    area: Annotated[str, Meta(pattern=r"^\d{6}$")]
    name: str
    lat: Annotated[float, Meta(ge=-66, le=66)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    timezone: str
    width_km: Kilometres
    height_km: Kilometres


class FleetSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much is installed."""

    main_roads: Count
    secondary_roads: Count
    branch_roads: Count
    lamp_spacing_m: Annotated[float, Meta(ge=10, le=200)] = 35.0
    small_covers: Count
    road_covers: Count
    stations: Count
    tonnes_per_day: Annotated[float, Meta(ge=0)]


class Intervals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Seconds between reports. Cabinets take turns with theirs."""

    streetlight: Interval = 300
    cabinet: Annotated[tuple[Interval, ...], Meta(min_length=1)] = (60, 120, 300)
    road_cover: Interval = 900
    small_cover: Interval = 1800
    station: Interval = 300


class Pinned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When and where: ``at`` each day, repaired after ``hours``, on ``subject``.

    ``at`` is a local time ``HH:MM``, or minutes from the sun: ``sunset-50``, ``sunrise``. What is
    left out is drawn.
    """

    at: Annotated[str, Meta(pattern=AT)] | None = None
    hours: Annotated[float, Meta(gt=0, le=240)] | None = None
    subject: str | None = None


class PinnedFault(Pinned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault of the list."""

    sort: FaultSort


class PinnedLookAlike(Pinned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One look-alike of the list."""

    sort: LookAlikeSort


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A district and what happens in it.

    ``start`` is local time; ``faults`` and ``lookalikes`` say how many a day are drawn by the
    seed, ``fault`` and ``lookalike`` list those that are pinned.
    """

    title: str
    seed: Annotated[int, Meta(ge=0)]
    start: Annotated[datetime, Meta(tz=False)]
    hours: Annotated[float, Meta(gt=0, le=24 * 366)]
    district: District
    fleet: FleetSize
    report_every_s: Intervals = Intervals()
    faults: dict[FaultSort, Count] = {}
    lookalikes: dict[LookAlikeSort, Count] = {}
    fault: tuple[PinnedFault, ...] = ()
    lookalike: tuple[PinnedLookAlike, ...] = ()
    name: str = ""

    @property
    def place(self) -> Place:
        """Where the sun is seen from."""
        return Place(self.district.lat, self.district.lon, self.district.timezone)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.district.timezone)

    @property
    def start_ms(self) -> int:
        """The default start."""
        return round(self.start.replace(tzinfo=self.zone).timestamp() * 1000)


def dusk_ms(scenario: Scenario, day: date) -> int:
    """Sunset of a local day in the scenario's district, ms."""
    return _sun_ms(scenario, day, "sunset")


def time_of_day_ms(scenario: Scenario, at: str, after_ms: int) -> int:
    """When a time of day (:data:`AT`) first comes at or after ``after_ms``, ms."""
    match = re.fullmatch(AT, at)
    if match is None:
        raise ValueError(at)
    hour, minute, sun, offset = match.groups()
    day = datetime.fromtimestamp(after_ms / 1000, scenario.zone).date() - timedelta(days=1)
    while True:
        if sun:
            found = _sun_ms(scenario, day, sun) + int(offset or 0) * MINUTE
        else:
            local = datetime.combine(day, time(int(hour), int(minute)), scenario.zone)
            found = round(local.timestamp() * 1000)
        if found >= after_ms:
            return found
        day += timedelta(days=1)


def _sun_ms(scenario: Scenario, day: date, edge: str) -> int:
    times = sun_times(scenario.place, day)
    if times is None:
        raise UsageError(f"{scenario.name}: the sun does not rise and set there on {day}")
    return times[edge == "sunset"]


def known() -> tuple[str, ...]:
    """The names of the scenarios that come with the program."""
    return tuple(sorted(path.stem for path in _SCENARIOS.glob("*.toml")))


def load(name_or_path: str) -> Scenario:
    """The scenario of a known name, or of a TOML file. UsageError says what is wrong with it."""
    path = Path(name_or_path)
    if name_or_path in known():
        path = _SCENARIOS / f"{name_or_path}.toml"
    elif path.suffix != ".toml":
        raise UsageError(
            f"no scenario {name_or_path!r}; there are {', '.join(known())}, or give a .toml file"
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read the scenario {path}: {reason}") from error
    return parse(text, path.name)


def parse(text: str, file_name: str) -> Scenario:
    """The scenario of a TOML text. UsageError names the key that is wrong, and its line."""
    try:
        content = tomllib.loads(text)
        scenario = msgspec.convert(content, Scenario)
        ZoneInfo(scenario.district.timezone)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file_name}: {error}") from error
    except msgspec.ValidationError as error:
        line = _line_of(text, str(error))
        raise UsageError(f"{file_name}{f':{line}' if line else ''}: {error}") from error
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        line = _line_of(text, "`$.district.timezone`")
        raise UsageError(
            f"{file_name}{f':{line}' if line else ''}: no such time zone; "
            'write one like "Asia/Shanghai"'
        ) from error
    return msgspec.structs.replace(scenario, name=Path(file_name).stem)


def _line_of(text: str, error: str) -> int | None:
    """The line of the key that a validation error speaks of, where it can be found."""
    path = re.search(r"`(?:key` in `)?\$\.?([^`]*)`", error)
    section, _, key = (path[1] if path else "").rpartition(".")
    section = re.sub(r"\[.*", "", section)
    named = re.search(r"unknown field `([^`]+)`|[Ii]nvalid enum value '([^']+)'", error)
    if named:
        section, key = path[1] if path else "", named[1] or named[2]
        section = re.sub(r"\[.*", "", section)
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?\s*([\w.-]+)", line):
            current = header[1]
        wanted = current == section or (not section and not current) or named
        if wanted and re.match(
            rf'\s*(?:[\w-]+\s*=.*)?["\']?{re.escape(key)}["\']?\s*(?:=|$)', line
        ):
            return number
    return None
