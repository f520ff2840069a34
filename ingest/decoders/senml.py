"""SenML JSON (RFC 8428) on the native topics: a pack becomes readings in the native form.

The topic says which device the pack is of. A record's full name (``bn`` + ``n``) ends in the
field, by its name or without its unit (``power_w``, ``power``), behind ``/`` or ``:``; of a cabinet
the circuit may stand before it (``CAB-7/C2/power``). Records of one time are one reading.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from facility.measurements import MEASUREMENTS, Kind, Measurement
from ingest.units import convert

RELATIVE_S = 1 << 28
"""A time below this, in seconds, is relative to now (RFC 8428, section 4.5.3)."""

_VERSION = 10
_BASES = {"bn": str, "bt": float, "bu": str, "bv": float, "bs": float, "bver": float}
_VALUES = ("v", "vb", "vs", "vd")
_LABELS = frozenset({*_BASES, *_VALUES, "n", "u", "t", "s", "ut"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")
_UNIT = re.compile(r"_(pct|w|v|a|kwh|c|ma|deg|g|m|t|mg_m3|mpa|hz)$")
_ALIASES = {"temperature": "temp_c", "illuminance": "lux", "motor_temperature": "motor_temp_c"}
_WORDS = re.compile(r"[\s,;]+")

Reading = dict[str, object]
Drops = Counter[tuple[str, str, str]]


class BadPack(ValueError):
    """A pack that cannot be resolved. The text says why."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A resolved record: base values are in, ``seconds`` are as given, absolute or relative."""

    name: str
    unit: str
    seconds: float
    values: dict[str, Any]


def is_pack(value: list[Any], table: str) -> bool:
    """Whether an array is a pack and not readings in the native form, told by its first object."""
    first = value[0]
    if not isinstance(first, dict) or _LABELS.isdisjoint(first):
        return False
    return "ts" not in first and MEASUREMENTS[table].keys().isdisjoint(first)


def readings(
    pack: list[Any], table: str, device: str, arrived: int, dropped: Drops
) -> list[Reading]:
    """The readings of a pack, in the native form; one without a time of its own has no ``ts``.

    Adds to ``dropped``: ``unit`` (cannot be converted), ``type`` (not one value). BadPack where
    the pack breaks the standard, or is of several devices.
    """
    found: dict[tuple[str | None, int | None], Reading] = {}
    prefixes: set[str] = set()
    for record in _resolve(pack):
        prefix, circuit, name = _split(record.name, table, device)
        prefixes.add(prefix)
        ts = _ms(record.seconds, arrived)
        reading = found.setdefault((circuit, ts), {})
        if ts is not None:
            reading["ts"] = ts
        if circuit is not None:
            reading["circuit"] = circuit
        _put(reading, name, record, table, dropped)
    if not found:
        raise BadPack("no record has a value")
    if len(prefixes) > 1:
        raise BadPack(f"the pack is of several devices: {', '.join(sorted(prefixes))[:200]}")
    return list(found.values())


def _resolve(pack: list[Any]) -> list[_Record]:
    """The records with their base values in (section 4.6), without those that only set bases."""
    bases: dict[str, Any] = {"bn": "", "bt": 0.0, "bu": ""}
    records = []
    for number, entry in enumerate(pack, 1):
        if not isinstance(entry, dict):
            raise BadPack(f"record {number} is no object")
        for label, value in entry.items():
            if label in _BASES:
                bases[label] = _checked(value, _BASES[label], label, number)
            elif label.endswith("_"):
                raise BadPack(f"record {number} has {label!r:.40}, which must be understood")
        if bases.get("bver", _VERSION) > _VERSION:
            raise BadPack(f"version {bases['bver']:g} is newer than {_VERSION}")
        values = {label: entry[label] for label in (*_VALUES, "s") if label in entry}
        if not values and not ({"bv", "bs"} & bases.keys() and "n" in entry):
            continue
        _add_bases(values, bases, number)
        name = bases["bn"] + _checked(entry.get("n", ""), str, "n", number)
        if not _NAME.fullmatch(name):
            raise BadPack(f"record {number} has no valid name: {name!r:.60}")
        seconds = bases["bt"] + _checked(entry.get("t", 0), float, "t", number)
        unit = _checked(entry.get("u", bases["bu"]), str, "u", number)
        records.append(_Record(name, unit, seconds, values))
    return records


def _add_bases(values: dict[str, Any], bases: dict[str, Any], number: int) -> None:
    """A base value or sum is added to a number, and stands for one that is not there."""
    for label, base in (("v", "bv"), ("s", "bs")):
        if label in values:
            values[label] = _checked(values[label], float, label, number) + bases.get(base, 0.0)
        elif base in bases and not values:
            values[label] = bases[base]


def _checked(value: Any, kind: type, label: str, number: int) -> Any:
    if kind is str:
        if isinstance(value, str):
            return value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise BadPack(f"{label} of record {number} is {value!r:.40}")


def _ms(seconds: float, arrived: int) -> int | None:
    """The time in ms, None where the record says none: that of its receipt."""
    if seconds == 0:
        return None
    try:
        ms = round(seconds * 1000)
    except OverflowError:
        raise BadPack(f"a time is {seconds} s") from None
    return arrived + ms if abs(seconds) < RELATIVE_S else ms


def _split(full: str, table: str, device: str) -> tuple[str, str | None, str]:
    """(what stands before, circuit, field) of a full name."""
    prefix, cut, name = full.rpartition("/")
    if not cut:
        prefix, _, name = full.rpartition(":")
        return prefix, None, name
    if table == Kind.CABINET:
        before, _, circuit = prefix.rpartition("/")
        if circuit != device and ":" not in circuit:
            return before, circuit, name
    return prefix, None, name


def _put(reading: Reading, name: str, record: _Record, table: str, dropped: Drops) -> None:
    """Puts the record's value into the reading, in the field's own unit."""
    measurement = _measurement(name, table)
    if measurement is None:
        # An unknown field, for the judge of all readings to count.
        reading.setdefault(name if name not in {"ts", "circuit"} else f"{name}?", record.values)
        return
    given = [label for label in _VALUES if label in record.values]
    if given == ["v"] and measurement.type == "number":
        value = convert(record.values["v"], record.unit or measurement.unit, measurement)
        if value is None:
            dropped[table, measurement.name, "unit"] += 1
        else:
            reading[measurement.name] = value
    elif len(given) == 1:
        cell = record.values[given[0]]
        if measurement.type == "flags" and isinstance(cell, str):
            cell = [word for word in _WORDS.split(cell) if word]
        reading[measurement.name] = cell
    elif not given and measurement.name == "power_w":
        _put_sum(reading, record, table, dropped)
    else:
        dropped[table, measurement.name, "type"] += 1


def _put_sum(reading: Reading, record: _Record, table: str, dropped: Drops) -> None:
    """The sum of a power over time (``s``, its unit times a second) is an energy."""
    joules = "J" if record.unit in {"", "W"} else {"kW": "kJ", "MW": "MJ"}.get(record.unit, "?")
    energy = MEASUREMENTS[table]["energy_kwh"]
    value = convert(record.values["s"], joules, energy)
    if value is None:
        dropped[table, energy.name, "unit"] += 1
    else:
        reading[energy.name] = value


def _measurement(name: str, table: str) -> Measurement | None:
    fields = MEASUREMENTS[table]
    return fields.get(name) or fields.get(_ALIASES.get(name, "")) or _STEMS[table].get(name)


def _stems(table: str) -> dict[str, Measurement]:
    """Field names without their unit, which SenML gives apart."""
    return {_UNIT.sub("", name): field for name, field in MEASUREMENTS[table].items()}


_STEMS = {table: _stems(table) for table in MEASUREMENTS}
