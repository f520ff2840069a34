"""The rulebook: every threshold and hold, as data with a version."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from facility.clock import HOUR, MINUTE, SECOND
from facility.errors import UsageError

_BUILT_IN = Path(__file__).with_name("default.toml")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h)")
_UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR}


class Duration(int):
    """Milliseconds, written ``90s``, ``10min`` or ``2h``."""


class Lamps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a lamp counts as dark or as burning, and for how long it must be seen so."""

    settle: Duration
    dark_floor_w: float
    dark_share: float
    burning_floor_w: float
    burning_share: float
    unlit_hold: Duration
    lit_hold: Duration
    burning_hold: Duration
    off_hold: Duration


class Degraded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a lit lamp is weak, cycles or has a poor power factor."""

    hold: Duration
    sound_hold: Duration
    clear: float
    weak_of_peers: float
    factor: float
    factor_below_peers: float
    common: float
    changes: int
    changes_within: Duration


class Segments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When dark lamps are one dark segment, or one dead circuit."""

    neighbours: int
    share: float
    share_min: int
    circuit_share: float


class LampsLost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a circuit draws less than it should."""

    lamps: float
    lamp_w: float
    share: float
    spreads: float
    clear_share: float
    hold: Duration
    sound_hold: Duration
    off_w: float
    leave_alone: Duration
    known_share: float
    nights: int


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device is silent, and when a group of them is one fault."""

    missed: float
    margin: float
    group_share: float


class Displaced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a cover is out of its place."""

    tilt_deg: float
    clear_deg: float
    at_once_deg: float


class Rattle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a cover rattles (跳响), against its own normal."""

    window_passes: float
    windows: int
    z: float
    excess: float
    vibration: float
    learn_windows: int
    prior_median: float
    prior_scale: float


class Backlog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a station was not cleared (日产日清 missed)."""

    tolerance_t: float
    tolerance_share: float
    cleared_t: float


class Flooding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When water has risen to a cover."""

    level_m: float
    clear_m: float
    over_m: float
    rise_m: float
    forget_m_per_h: float
    off_hold: Duration


class Odour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The boundary limits, as means of an hour."""

    h2s_mg_m3: float
    nh3_mg_m3: float
    odour: float
    clear_share: float
    min_share: float


class GasHazard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The workers' limits, at once."""

    h2s_mg_m3: float
    nh3_mg_m3: float
    level_2_share: float
    clear_share: float
    off_hold: Duration


class Leachate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a leachate tank is nearly full."""

    level_pct: float
    clear_pct: float
    hold: Duration
    off_hold: Duration


class Equipment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a station's machines are out of order."""

    motor_c: float
    motor_clear_c: float
    hydraulic_mpa: float
    hydraulic_clear_mpa: float
    off_hold: Duration


class Cases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How faults become cases."""

    relapse_within: Duration
    chatter_times: int
    chatter_within: Duration
    chatter_hold: Duration


class Rulebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every rule's figures; ``version`` is a hash of them and is named in each case event."""

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
    version: str = ""


def load(path: Path | None = None) -> Rulebook:
    """The built-in rulebook, with what the file at ``path`` says in its place.

    UsageError, with the key, where the file is not there or says something that is none.
    """
    book = tomllib.loads(_BUILT_IN.read_text("utf-8"))
    if path is not None:
        try:
            own = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise UsageError(f"cannot read the rulebook {path}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} is not TOML: {error}") from None
        for section, figures in own.items():
            if not isinstance(figures, dict):
                raise UsageError(f"{path}: {section!r} stands outside a section such as [lamps]")
            book.setdefault(section, {}).update(figures)
    version = hashlib.sha256(msgspec.json.encode(book, order="deterministic")).hexdigest()[:12]
    try:
        return msgspec.convert({**book, "version": version}, Rulebook, dec_hook=_duration)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path or _BUILT_IN.name}: {error}") from None


def _duration(type_: type, value: Any) -> Any:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if type_ is not Duration or match is None:
        raise ValueError(f"{value!r} is no duration; write 90s, 10min or 2h")
    return Duration(float(match[1]) * _UNITS[match[2]])
