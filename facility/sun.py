"""Sunrise and sunset of a place, by astral (NOAA's equations, good to about a minute)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sun is seen from: WGS 84 degrees and an IANA time zone."""

    lat: float
    lon: float
    timezone: str


@lru_cache(maxsize=8192)
def sun_times(place: Place, day: date) -> tuple[int, int] | None:
    """(sunrise, sunset) of a local day in ms; None where the sun does not cross the horizon."""
    observer = Observer(latitude=place.lat, longitude=place.lon)
    zone = ZoneInfo(place.timezone)
    try:
        rise = sunrise(observer, day, tzinfo=zone)
        fall = sunset(observer, day, tzinfo=zone)
    except ValueError:
        return None
    return round(rise.timestamp() * 1000), round(fall.timestamp() * 1000)
