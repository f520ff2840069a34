"""Units: what others send becomes what the table of measurements declares.

The names are those of SenML (RFC 8428 section 12.1, RFC 8798) beside our own. A conversion that
makes no sense (volts of a temperature) is none.
"""

from __future__ import annotations

import math

from facility.measurements import Measurement

ROOM_C = 25.0
"""The temperature taken for a gas where none is measured beside it."""

_MOLAR_VOLUME_L = 22.414
"""Litres of a mole of ideal gas at 0 °C and 101.325 kPa."""

_GRAMS_PER_MOLE = {"h2s_mg_m3": 34.081, "nh3_mg_m3": 17.031}

_STANDARD_GRAVITY = 9.80665

# unit → (what it is of, factor to the unit of that, offset added first)
_UNITS: dict[str, tuple[str, float, float]] = {
    "": ("ratio", 1, 0),
    "/": ("ratio", 1, 0),
    "1": ("ratio", 1, 0),
    "count": ("ratio", 1, 0),
    "%": ("ratio", 1e-2, 0),
    "/100": ("ratio", 1e-2, 0),
    "%RH": ("ratio", 1e-2, 0),
    "%EL": ("ratio", 1e-2, 0),
    "/1000": ("ratio", 1e-3, 0),
    "W": ("W", 1, 0),
    "mW": ("W", 1e-3, 0),
    "kW": ("W", 1e3, 0),
    "MW": ("W", 1e6, 0),
    "V": ("V", 1, 0),
    "mV": ("V", 1e-3, 0),
    "kV": ("V", 1e3, 0),
    "A": ("A", 1, 0),
    "mA": ("A", 1e-3, 0),
    "J": ("J", 1, 0),
    "kJ": ("J", 1e3, 0),
    "MJ": ("J", 1e6, 0),
    "Ws": ("J", 1, 0),
    "Wh": ("J", 3.6e3, 0),
    "kWh": ("J", 3.6e6, 0),
    "MWh": ("J", 3.6e9, 0),
    "lx": ("lx", 1, 0),
    "Cel": ("°C", 1, 0),
    "°C": ("°C", 1, 0),
    "K": ("°C", 1, -273.15),
    "deg": ("°", 1, 0),
    "°": ("°", 1, 0),
    "rad": ("°", 180 / math.pi, 0),
    "m": ("m", 1, 0),
    "dm": ("m", 1e-1, 0),
    "cm": ("m", 1e-2, 0),
    "mm": ("m", 1e-3, 0),
    "km": ("m", 1e3, 0),
    "kg": ("kg", 1, 0),
    "t": ("kg", 1e3, 0),
    "Pa": ("Pa", 1, 0),
    "hPa": ("Pa", 1e2, 0),
    "kPa": ("Pa", 1e3, 0),
    "MPa": ("Pa", 1e6, 0),
    "bar": ("Pa", 1e5, 0),
    "Hz": ("Hz", 1, 0),
    "kHz": ("Hz", 1e3, 0),
    "m/s2": ("m/s2", 1, 0),
    "mg/m³": ("kg/m3", 1e-6, 0),
    "mg/m3": ("kg/m3", 1e-6, 0),
    "ug/m3": ("kg/m3", 1e-9, 0),
    "kg/m3": ("kg/m3", 1, 0),
}
# One letter, two meanings: SenML's gram, and our acceleration.
_OURS = {"g": ("m/s2", _STANDARD_GRAVITY, 0.0)}
_THEIRS = {"g": ("kg", 1e-3, 0.0)}
_PARTS = {"ppm": 1.0, "ppb": 1e-3}


def convert(
    value: float, unit: str, measurement: Measurement, celsius: float = ROOM_C
) -> float | None:
    """``value``, given in ``unit``, in the measurement's own; None where the two do not fit.

    A gas given in ppm is converted at ``celsius`` and 101.325 kPa.
    """
    if unit == measurement.unit:
        return value
    if unit in _PARTS:
        return ppm_to_mg_m3(value * _PARTS[unit], measurement, celsius)
    source = _THEIRS.get(unit) or _UNITS.get(unit)
    target = _OURS.get(measurement.unit) or _UNITS.get(measurement.unit)
    if source is None or target is None or source[0] != target[0]:
        return None
    return tidy(((value + source[2]) * source[1]) / target[1] - target[2])


def ppm_to_mg_m3(ppm: float, measurement: Measurement, celsius: float = ROOM_C) -> float | None:
    """mg/m³ = ppm · M / V, V = 22.414 L · (273.15 + t) / 273.15; None where M is not known.

    At 25 °C, 0.043 ppm of hydrogen sulphide are 0.06 mg/m³ and 2.15 ppm of ammonia 1.5.
    """
    grams = _GRAMS_PER_MOLE.get(measurement.name)
    if grams is None or celsius <= -273.15:
        return None
    return tidy(ppm * grams / (_MOLAR_VOLUME_L * (273.15 + celsius) / 273.15))


def tidy(value: float) -> float:
    """The value to twelve digits: 2116 mm are 2.116 m, not 2.1160000000000001."""
    return float(f"{value:.12g}")
