"""Scenarios: what is simulated, as TOML in ``scenarios/`` or in a file of one's own."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from facility import tomlfile
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
    seed, ``fault`` and ``lookalike`` list those that are pinned. ``tags`` says which assets, by id,
    the inventory tags with each word.
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
    tags: dict[
        Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^;,]+$")], tuple[str, ...]
    ] = {}
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
    said = tomlfile.parse(text, file_name)
    try:
        scenario = msgspec.convert(said, Scenario)
        ZoneInfo(scenario.district.timezone)
    except msgspec.ValidationError as error:
        raise _wrong(text, file_name, *_place_and_reason(str(error))) from error
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        reason = 'no such time zone; write one like "Asia/Shanghai"'
        raise _wrong(text, file_name, "district.timezone", reason) from error
    if not sum(
        getattr(scenario.fleet, f"{name}_roads") for name in ("main", "secondary", "branch")
    ):
        raise _wrong(text, file_name, "fleet.main_roads", "a district needs at least one road")
    return msgspec.structs.replace(scenario, name=Path(file_name).stem)


_HINTS = {"at": 'write "21:30", "sunset-50" or "sunrise"', "area": "write the six digits"}


def _place_and_reason(error: str) -> tuple[str, str]:
    """(path of the key, what is wrong) of a validation error; a path is like ``fault[0].at``."""
    reason, _, where = error.partition(" - at ")
    path = (re.search(r"\$\.?([^`]*)", where) or ["", ""])[1]
    key = re.search(r"unknown field `([^`]+)`", reason)
    if "`key`" in where:
        key = re.search(r"value '([^']+)'", reason)
        if key:
            reason = f"there is no sort {key[1]!r}"
    if key:
        path = f"{path}.{key[1]}".lstrip(".")
    if "matching regex" in reason:
        reason = _HINTS.get(path.rpartition(".")[2], reason)
    return path, reason


def _wrong(text: str, file_name: str, path: str, reason: str) -> UsageError:
    """The error of a key, with its line where the text has it."""
    *sections, key = re.sub(r"\[(\d+)\]$", "", path).split(".")
    section, _, number = ".".join(sections).rstrip("]").partition("[")
    wanted = section, int(number or 0)
    here, seen = ("", 0), dict[str, int]()
    found = 0
    for line, content in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([\w.-]+)", content):
            here = header[1], seen.get(header[1], 0)
            seen[header[1]] = here[1] + 1
            found = line if here[0] == key and not section else found
        elif here == wanted and re.match(rf'\s*"?{re.escape(key)}"?\s*=', content):
            found = line
    return UsageError(f"{file_name}{f':{found}' if found else ''}: {path}: {reason}")
