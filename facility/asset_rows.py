"""A row of the inventory and an asset, each made of the other, as the contract writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from facility.assets import ASSET_CLASSES, Asset, CoverType, Station
from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from facility.rowfile import Row, is_missing


class Fault(Exception):
    """What is wrong with a cell or a row, in words."""


Check = Callable[[Any], Any]
"""Turns a cell that is not missing into the property's value; Fault says what it is not."""

_DEVICE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_AREA = re.compile(r"[0-9]{6}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_MONTH_S = 31 * 86_400
_MOST_TAGS = 16


def _text(longest: int) -> Check:
    def check(cell: Any) -> str:
        text = str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
        if not isinstance(text, str):
            raise Fault("is not text")
        text = text.strip()
        if not text.isprintable():
            raise Fault("has characters that cannot be printed")
        if len(text) > longest:
            raise Fault(f"is longer than {longest} characters")
        return text

    return check


checked_name = _text(200)
checked_code = _text(64)


def _pattern(pattern: re.Pattern[str], words: str) -> Check:
    def check(cell: Any) -> str:
        text: str = checked_name(cell)
        if not pattern.fullmatch(text):
            raise Fault(f"is not {words}")
        return text

    return check


_device_id = _pattern(_DEVICE_ID, "1 to 64 characters of A-Z a-z 0-9 . _ -")


def _number(low: float, high: float, unit: str) -> Check:
    def check(cell: Any) -> float:
        if isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
            cell = float(cell)
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            raise Fault("is not a number")
        if not low <= cell <= high:
            raise Fault(f"is not between {low:g} and {high:g} {unit}".rstrip())
        return float(cell)

    return check


def _whole(low: int, high: int, unit: str) -> Check:
    number = _number(low, high, unit)

    def check(cell: Any) -> int:
        value: float = number(cell)
        if not value.is_integer():
            raise Fault("is not a whole number")
        return int(value)

    return check


def _circuits(cell: Any) -> tuple[str, ...]:
    names = cell.split(";") if isinstance(cell, str) else cell
    if not isinstance(names, list):
        raise Fault("is not a list of circuits")
    circuits = tuple(checked_code(name) for name in names if not is_missing(name))
    if len(set(circuits)) < len(circuits):
        raise Fault("names a circuit twice")
    return circuits


def _tags(cell: Any) -> tuple[str, ...]:
    words = cell.split(";") if isinstance(cell, str) else cell
    if not isinstance(words, list):
        raise Fault("is not a list of tags")
    tags = {_tag(word) for word in words if not is_missing(word)}
    if len(tags) > _MOST_TAGS:
        raise Fault(f"has more than {_MOST_TAGS} tags")
    return tuple(sorted(tags))


def _tag(word: Any) -> str:
    tag: str = checked_code(word)
    if ";" in tag or "," in tag:
        raise Fault("has a tag with ; or , in it")
    return tag


def _clear_by(cell: Any) -> int:
    match = _TIME.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None or int(match[2]) > 59:
        raise Fault("is not a time HH:MM")
    ms = int(match[1]) * HOUR + int(match[2]) * MINUTE
    if ms > 24 * HOUR:
        raise Fault("is later than 24:00")
    if ms == 0:
        raise Fault("is the start of the day; write 24:00 for its end")
    return ms


def _cover_type(cell: Any) -> CoverType:
    try:
        return CoverType(cell)
    except ValueError:
        raise Fault(f"is none of {', '.join(CoverType)}") from None


_COMMON: dict[str, Check] = {
    "id": _device_id,
    "area": _pattern(_AREA, "six digits"),
    "name": checked_name,
    "lon": _number(-180, 180, "degrees"),
    "lat": _number(-90, 90, "degrees"),
    "grid": checked_code,
    "owner": checked_name,
    "report_every_s": _whole(1, _MONTH_S, "s"),
    "gateway": checked_code,
    "tags": _tags,
}
CHECKS: dict[Kind, dict[str, Check]] = {
    Kind.STREETLIGHT: _COMMON
    | {
        "road": checked_name,
        "segment": checked_code,
        "seq": _whole(-(2**31), 2**31 - 1, ""),
        "circuit": checked_code,
        "cabinet": _device_id,
        "rated_w": _number(0.1, 5_000, "W"),
        "plan": checked_code,
        "road_class": checked_name,
    },
    Kind.CABINET: _COMMON | {"circuits": _circuits},
    Kind.COVER: _COMMON
    | {"road": checked_name, "cover_type": _cover_type, "road_class": checked_name},
    Kind.STATION: _COMMON | {"capacity_t_day": _number(0.001, 100_000, "t"), "clear_by": _clear_by},
}
"""kind → property → its check; the property names are the contract's."""

_REQUIRED = ("id", "area", "lon", "lat")
_LOCATED = "grid_from"
_NOT_HELD = {"kind", _LOCATED}


def positioned(row: Row) -> dict[str, Any]:
    """The row's cells with ``lon`` and ``lat``, from its geometry where it has one.

    Fault where that is no Point.
    """
    if row.geometry is None:
        return row.values
    geometry = row.geometry if isinstance(row.geometry, dict) else {}
    coordinates = geometry.get("coordinates")
    if geometry.get("type") != "Point" or not isinstance(coordinates, list):
        raise Fault(f"its geometry is a {geometry.get('type')!r:.40}, not a Point")
    if len(coordinates) < 2:
        raise Fault("its Point has no coordinates")
    return {**row.values, "lon": coordinates[0], "lat": coordinates[1]}


def to_asset(values: Mapping[str, Any], plans: Collection[str] | None) -> tuple[Asset, list[str]]:
    """The asset of a row, and the names of cells its kind does not have.

    ``values``: property → cell; ``plans``: the names a plan may have, None for any. Fault names
    every property that is missing or wrong.
    """
    kind = values.get("kind")
    if is_missing(kind):
        raise Fault("kind is missing")
    if not isinstance(kind, str) or kind.strip() not in CHECKS:
        raise Fault(f"kind {_shown(kind)} is none of {', '.join(Kind)}")
    kind = Kind(kind.strip())
    properties, wrong, unknown = _checked(values, CHECKS[kind])
    plan = properties.get("plan")
    if plan is not None and plans is not None and plan not in plans:
        wrong.append(f"plan {plan!r} is none of {', '.join(sorted(plans))}")
    if properties.get("lon") == 0 and properties.get("lat") == 0:
        wrong.append("lon 0, lat 0 is a location that was never filled in")
    if wrong:
        raise Fault("; ".join(wrong))
    properties.setdefault("name", properties["id"])
    if _LOCATED in values:
        properties.pop("grid", None)
    if "clear_by" in properties:
        properties["clear_by_ms"] = properties.pop("clear_by")
    return ASSET_CLASSES[kind](**properties), unknown


def _checked(
    values: Mapping[str, Any], checks: Mapping[str, Check]
) -> tuple[dict[str, Any], list[str], list[str]]:
    """(property → value, what is wrong, names of cells there is no check for)."""
    properties: dict[str, Any] = {}
    wrong: list[str] = []
    unknown: list[str] = []
    for name, cell in values.items():
        if name in _NOT_HELD or is_missing(cell):
            continue
        check = checks.get(name)
        if check is None:
            unknown.append(name)
            continue
        try:
            properties[name] = check(cell)
        except Fault as fault:
            wrong.append(f"{name} {_shown(cell)} {fault}")
    wrong.extend(f"{name} is missing" for name in _REQUIRED if is_missing(values.get(name)))
    return properties, wrong, unknown


def to_feature(asset: Asset, located: str | None = None) -> dict[str, Any]:
    """The asset as a GeoJSON feature; properties it does not have are left out.

    ``located``: the code of the cell it lies in, written for an asset without one of its own and
    marked as such (``grid_from``), so that :func:`to_asset` gives back the asset as it was.
    """
    properties: dict[str, Any] = {"id": asset.id, "kind": asset.kind}
    for name in CHECKS[asset.kind]:
        if name not in {"id", "lon", "lat", "clear_by"}:
            value = getattr(asset, name)
            if value is not None and (name != "tags" or value):
                properties[name] = value
    if isinstance(asset, Station):
        minutes = asset.clear_by_ms // MINUTE
        properties["clear_by"] = f"{minutes // 60:02}:{minutes % 60:02}"
    if asset.grid is None and located is not None:
        properties["grid"], properties[_LOCATED] = located, "location"
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [asset.lon, asset.lat]},
        "properties": properties,
    }


def from_own_feature(properties: dict[str, Any], lon: float, lat: float, *, cells: bool) -> Asset:
    """The asset of a feature that :func:`to_feature` made: five times as fast for not checking.

    ``cells``: with the code of the cell it lies in. ``properties`` is used up.
    """
    kind = Kind(properties.pop("kind"))
    if "tags" in properties:
        properties["tags"] = tuple(properties["tags"])
    if properties.pop(_LOCATED, None) and not cells:
        del properties["grid"]
    if kind is Kind.COVER:
        properties["cover_type"] = CoverType(properties["cover_type"])
    elif kind is Kind.CABINET:
        properties["circuits"] = tuple(properties["circuits"])
    elif kind is Kind.STATION:
        properties["clear_by_ms"] = _clear_by(properties.pop("clear_by"))
    return ASSET_CLASSES[kind](lon=lon, lat=lat, **properties)


def _shown(cell: Any) -> str:
    """The cell as quoted in a reason."""
    text = repr(cell)
    return text if len(text) <= 60 else f"{text[:57]}…"
