"""The rulebook: every threshold and hold, as data with a version.

Sections hold the figures of a rule. What a book says besides about some of the assets or for some
of the time is in ``override`` (:mod:`rules.book.overrides`), ``off``, ``schedule`` and ``window``
(:mod:`rules.book.suppression`).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

from facility import tomlfile
from facility.clock import HOUR, MINUTE, SECOND
from rules.book import occasions
from rules.book.check import Allowed, Override, check
from rules.book.figures import (
    Backlog,
    Cases,
    Coverage,
    Degraded,
    Displaced,
    Duration,
    Equipment,
    Flooding,
    Forecast,
    GasHazard,
    Lamps,
    LampsLost,
    Leachate,
    Lighting,
    Odour,
    Rattle,
    Segments,
    Silence,
    Verify,
)
from rules.book.suppression import Off, Schedule, Window

_BUILT_IN = Path(__file__).with_name("default.toml")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h)")
_UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR}


class Rulebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every rule's figures; ``version`` is a hash of them and is named in each case event.

    ``content`` is what the version stands for, as TOML has it.
    """

    lamps: Lamps
    degraded: Degraded
    segments: Segments
    lamps_lost: LampsLost
    silence: Silence
    displaced: Displaced
    rattle: Rattle
    flooding: Flooding
    backlog: Backlog
    odour: Odour
    gas_hazard: GasHazard
    leachate: Leachate
    equipment: Equipment
    cases: Cases
    verify: Verify
    forecast: Forecast
    coverage: Coverage
    lighting: Lighting
    override: tuple[Override, ...] = ()
    off: tuple[Off, ...] = ()
    schedule: tuple[Schedule, ...] = ()
    window: tuple[Window, ...] = ()
    version: str = ""
    content: dict[str, Any] = {}


BANDS = (
    ("lamps", "least_w_at_10", "least_w_at_100"),
    ("displaced", "clear_deg", "tilt_deg"),
    ("displaced", "tilt_deg", "at_once_deg"),
    ("flooding", "clear_m", "level_m"),
    ("leachate", "clear_pct", "level_pct"),
    ("equipment", "motor_clear_c", "motor_c"),
    ("equipment", "hydraulic_clear_mpa", "hydraulic_mpa"),
)
"""(section, lower figure, upper figure): the dead band between them is never upside down."""


def _all_but(section: type[msgspec.Struct], *names: str) -> tuple[str, ...]:
    return tuple(name for name in section.__struct_fields__ if name not in names)


SCOPED: dict[str, tuple[str, ...]] = {
    "lamps": _all_but(Lamps, "no_supply_v"),
    "degraded": ("hold", "sound_hold", "clear", "weak_of_peers", "factor_below_peers"),
    "segments": _all_but(Segments),
    "lamps_lost": _all_but(LampsLost, "nights"),
    "silence": ("missed", "margin", "off_hold"),
    "displaced": _all_but(Displaced),
    "rattle": _all_but(Rattle),
    "flooding": _all_but(Flooding),
    "backlog": _all_but(Backlog),
    "odour": _all_but(Odour),
    "gas_hazard": _all_but(GasHazard),
    "leachate": _all_but(Leachate),
    "equipment": _all_but(Equipment),
}
"""Figures that an override may change for some assets. The others compare many assets with each
other, or say how faults become cases: they are one for all."""


def load(path: Path | None = None) -> Rulebook:
    """The built-in rulebook, with what the file at ``path`` says in its place.

    UsageError, a line of the file for each thing that is wrong with it.
    """
    if path is None:
        return parse("", "")
    return parse(tomlfile.read_text(path), str(path))


def parse(text: str, name: str) -> Rulebook:
    """The built-in rulebook with what ``text`` says in its place; errors call the text ``name``."""
    built_in = tomlfile.read(_BUILT_IN)
    sections = {
        one.name: one.type for one in msgspec.structs.fields(Rulebook) if one.name in built_in
    }
    tables: dict[str, type[msgspec.Struct]] = {"off": Off, "schedule": Schedule, "window": Window}
    checked = check(text, name, Allowed(built_in, sections, SCOPED, BANDS, tables, decode))
    content = checked.content
    version = hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:12]
    parts: dict[str, Any] = {**checked.sections, **checked.tables}
    return Rulebook(**parts, override=checked.overrides, version=version, content=content)


def decode(type_: type, value: Any) -> Any:
    """Durations, hours and edges of what TOML has: msgspec's ``dec_hook``."""
    return _duration(value) if type_ is Duration else occasions.decode(type_, value)


def _duration(value: Any) -> Duration:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration; write 90s, 10min or 2h")
    return Duration(float(match[1]) * _UNITS[match[2]])
