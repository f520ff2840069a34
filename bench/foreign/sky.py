"""The sun over a foreign fleet, by formulas of its own: its height, and how light it is."""

from __future__ import annotations

import numpy as np

from facility.readings import Floats, Times

_DAY_S = 86_400


def height_deg(ts: Times, lat: float, lon: float) -> Floats:
    """The sun's height above the horizon (Spencer's series), degrees."""
    seconds = ts / 1000
    days = seconds / _DAY_S
    year = 2 * np.pi * ((days - 20_454) % 365.2422) / 365.2422
    decline = (
        0.006918 - 0.399912 * np.cos(year) + 0.070257 * np.sin(year)
        - 0.006758 * np.cos(2 * year) + 0.000907 * np.sin(2 * year)
    )  # fmt: skip
    ahead_min = 229.18 * (
        0.000075 + 0.001868 * np.cos(year) - 0.032077 * np.sin(year)
        - 0.014615 * np.cos(2 * year) - 0.040849 * np.sin(2 * year)
    )  # fmt: skip
    minutes = seconds % _DAY_S / 60 + ahead_min + 4 * lon
    hour = np.radians(minutes / 4 - 180)
    phi = np.radians(lat)
    sine = np.sin(phi) * np.sin(decline) + np.cos(phi) * np.cos(decline) * np.cos(hour)
    return np.asarray(np.degrees(np.arcsin(sine)))


def daylight_lx(height: Floats) -> Floats:
    """Light on the ground by the sun's height, log-linear between known points of twilight."""
    points = (-18, -12, -6, -0.8, 5, 20, 60)
    lux = (0.001, 0.008, 3.4, 410, 5_000, 25_000, 95_000)
    return np.asarray(np.exp(np.interp(height, points, np.log(lux))))
