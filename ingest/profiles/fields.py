"""From a sensor's raw values to the fields of our measurements, as a profile declares it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from facility.measurements import MEASUREMENTS, Measurement
from ingest.profiles.installed import Angles, Installed
from ingest.profiles.layout import Raw, Sentinel, Values
from ingest.units import ROOM_C, convert, tidy

_NO_GRAVITY = 0.1
"""Below this length the three angles cannot be of one position (it should be 1)."""


class Rule(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"source": "from"}):
    """Where one field's value comes from, exactly one of ``from``, ``tilt`` and ``flags``.

    ``from`` a raw value, in ``unit``, times ``scale``; of a gas in ppm, ``temperature`` names the
    raw value (°C) that it is converted at. ``subtract`` takes away, in the field's unit, a number
    set for the device; where none is, ``otherwise``, and where there is none either, the field is
    not known. ``means`` says what texts or numbers mean. ``tilt`` the three angles between the axes
    and the horizontal plane (°). ``flags`` word → the raw values of which any sets it.
    """

    source: str = ""
    unit: str | None = None
    scale: float = 1
    temperature: str = ""
    subtract: str = ""
    otherwise: float | None = None
    means: dict[str, bool | float | str] = {}
    tilt: list[str] = []
    flags: dict[str, list[str]] = {}


class Dropped(ValueError):
    """A field that cannot be given. The text is the reason, one of messages.DROPS."""


def evaluate(
    rule: Rule, measurement: Measurement, values: Values, device: str, installed: Installed
) -> Any:
    """The field's cell, None where the message has nothing of it. Dropped with a reason."""
    if rule.tilt:
        return _tilt(rule, values, device, installed)
    if rule.flags:
        return _flags(rule, values)
    value = values.get(rule.source)
    if isinstance(value, Sentinel):
        raise Dropped("sentinel")
    if value is None:
        return None
    if rule.means:
        value = rule.means.get(_text(value))
        if value is None:
            raise Dropped("choice")
    if measurement.type == "bool" and isinstance(value, int):
        return bool(value)
    if measurement.type != "number":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Dropped("type")
    return _number(rule, measurement, value, values, device, installed)


def _number(
    rule: Rule,
    measurement: Measurement,
    value: float,
    values: Values,
    device: str,
    installed: Installed,
) -> float:
    warm = values.get(rule.temperature)
    celsius = float(warm) if isinstance(warm, int | float) else ROOM_C
    unit = measurement.unit if rule.unit is None else rule.unit
    try:
        converted = convert(tidy(float(value) * rule.scale), unit, measurement, celsius)
    except OverflowError:
        raise Dropped("range") from None
    if converted is None:
        raise Dropped("unit")
    if not rule.subtract:
        return converted
    away = installed.number(device, rule.subtract)
    if away is None:
        away = rule.otherwise
    if away is None:
        raise Dropped("not_installed")
    return tidy(converted - away)


def _tilt(rule: Rule, values: Values, device: str, installed: Installed) -> float | None:
    angles = [values.get(name) for name in rule.tilt]
    if any(isinstance(angle, Sentinel) for angle in angles):
        raise Dropped("sentinel")
    degrees = [a for a in angles if isinstance(a, int | float) and not isinstance(a, bool)]
    if len(degrees) < len(angles):
        return None
    plausible = all(-180 <= angle <= 180 for angle in degrees)
    if not plausible or math.hypot(*_down(degrees)) < _NO_GRAVITY:
        raise Dropped("range")
    return tilt_between(installed.position(device, degrees), degrees)


def tilt_between(installed: Angles, now: Angles) -> float:
    """Degrees (0–180) between two positions, each the angles of the axes to the horizontal plane.

    An axis at angle α to the plane sees sin α of gravity, so (sin αx, sin αy, sin αz) is the
    direction down as the sensor sees it, and the tilt is the angle between the two directions,
    atan2(|u × v|, u · v), which keeps its precision near 0 and 180.
    """
    u, v = _down(installed), _down(now)
    cross = (
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    )
    dot = sum(a * b for a, b in zip(u, v, strict=True))
    return round(math.degrees(math.atan2(math.hypot(*cross), dot)), 3)


def _down(angles: Angles) -> list[float]:
    return [math.sin(math.radians(angle)) for angle in angles]


def _flags(rule: Rule, values: Values) -> list[str] | None:
    """The words that are set; None where the message says nothing of any."""
    given = {
        word: [values[name] for name in names if name in values]
        for word, names in rule.flags.items()
    }
    if not any(given.values()):
        return None
    return [word for word, raws in given.items() if any(raw is True or raw == 1 for raw in raws)]


def _text(value: Raw) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def problems(table: str, rules: dict[str, Rule]) -> list[str]:
    """What is wrong with a profile's rules, in words."""
    found = []
    for name, rule in rules.items():
        measurement = MEASUREMENTS[table].get(name)
        if measurement is None:
            found.append(f"{table} has no field {name!r}; it has {', '.join(MEASUREMENTS[table])}")
            continue
        if sum(map(bool, (rule.source, rule.tilt, rule.flags))) != 1:
            found.append(f"{name} needs one of from, tilt and flags")
        if rule.tilt and len(rule.tilt) != 3:
            found.append(f"{name}: tilt needs three angles")
        unknown = set(rule.flags) - set(measurement.choices)
        if unknown:
            found.append(f"{name}: {', '.join(sorted(unknown))} is none of its words")
        if rule.unit is not None and convert(1, rule.unit, measurement) is None:
            found.append(f"{name}: {rule.unit!r} cannot be converted to {measurement.unit!r}")
    return found


def names_used(rules: Sequence[Rule]) -> set[str]:
    """The raw values that rules read."""
    used = {name for rule in rules for name in (rule.source, rule.temperature, *rule.tilt)}
    return (used | {raw for rule in rules for raws in rule.flags.values() for raw in raws}) - {""}
