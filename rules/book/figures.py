"""The figures of each rule: the sections of a rulebook, one class a section.

What a figure means, its unit and its source are told in docs/rules.md, which a test holds to these.
Times are in milliseconds; other units are in the names.
"""

from __future__ import annotations

from typing import Annotated

import msgspec


class Duration(int):
    """Milliseconds, written ``90s``, ``10min`` or ``2h``."""


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Lamps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a lamp counts as dark or as burning, and for how long it must be seen so."""

    settle: Duration
    dark_floor_w: NotNegative
    dark_share: Share
    dark_of_least: Share
    clear: Annotated[float, msgspec.Meta(ge=1)]
    least_w_at_10: NotNegative
    least_w_at_100: Positive
    least_of_w: Positive
    no_supply_v: NotNegative
    standby_floor_w: NotNegative
    standby_share: Share
    lit_lux: Positive
    dark_lux: NotNegative
    unlit_hold: Duration
    lit_hold: Duration
    burning_hold: Duration
    off_hold: Duration


class Degraded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a lit lamp is weak, cycles or has a poor power factor."""

    hold: Duration
    sound_hold: Duration
    clear: Positive
    weak_of_peers: Share
    factor: Share
    factor_below_peers: NotNegative
    common: Share
    changes: Annotated[int, msgspec.Meta(ge=2, le=100)]
    changes_within: Duration


class Segments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When dark lamps are one dark segment, or one dead circuit."""

    neighbours: Count
    share: Share
    share_min: Count
    circuit_share: Share


class LampsLost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a circuit draws less than it should."""

    lamps: Positive
    lamp_w: Positive
    share: Share
    spreads: Positive
    clear_share: Share
    hold: Duration
    sound_hold: Duration
    off_w: Positive
    leave_alone: Duration
    known_share: Share
    data_share: Share
    nights: Count


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device is silent, and when a group of them is one fault."""

    missed: Positive
    margin: NotNegative
    chance: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    off_hold: Duration
    group_share: Share
    feed_share: Share
    feed_hold: Duration


class Displaced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a cover is out of its place."""

    tilt_deg: Positive
    clear_deg: Positive
    at_once_deg: Positive
    passing: Duration
    no_wheel_for: Duration
    hold: Duration
    off_hold: Duration


class Rattle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a cover rattles (跳响), against its own normal."""

    window_passes: Positive
    windows: Count
    hold: Duration
    off_hold: Duration
    long_windows: Count
    long_hold: Duration
    z: Positive
    least_deviation: Positive
    usual_share: Share
    excess: NotNegative
    clear_share: Share
    vibration: Positive
    burst: Positive
    double_impacts: Positive
    least_windows: Count
    learn_windows: Count
    prior_scale: Positive


class Backlog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a station was not cleared (日产日清 missed)."""

    tolerance_t: NotNegative
    tolerance_share: Share
    cleared_t: NotNegative
    load_t: Positive
    most_share_per_h: Positive
    capacity_t_day: Positive
    stock_step_t: NotNegative
    hold: Duration
    off_hold: Duration


class Flooding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When water has risen to a cover."""

    level_m: float
    clear_m: float
    over_m: float
    rise_m: NotNegative
    forget_m_per_h: NotNegative
    hold: Duration
    off_hold: Duration


class Odour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The boundary limits, as means of an hour."""

    h2s_mg_m3: Positive
    nh3_mg_m3: Positive
    odour: Positive
    mean_over: Duration
    clear_share: Share
    min_share: Share
    hold: Duration
    off_hold: Duration


class GasHazard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The workers' limits, at once."""

    h2s_mg_m3: Positive
    nh3_mg_m3: Positive
    level_2_share: Positive
    clear_share: Share
    hold: Duration
    off_hold: Duration


class Leachate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a leachate tank is nearly full."""

    level_pct: Positive
    clear_pct: Positive
    hold: Duration
    off_hold: Duration


class Equipment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a station's machines are out of order."""

    motor_c: Positive
    motor_clear_c: Positive
    hydraulic_mpa: Positive
    hydraulic_clear_mpa: Positive
    hold: Duration
    off_hold: Duration


class Forecast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When it is foreseen that a station will not be clear by its deadline."""

    ahead: Duration
    pace_over: Duration
    heard_within: Duration
    cleared_days: Count


class Coverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device that reports is not to be trusted."""

    stuck_for: Duration
    stuck_readings: Count
    contradictory: Share


class Lighting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the lighting rate should be: of roads of these classes, and of others."""

    main_classes: tuple[str, ...]
    main_target: Share
    other_target: Share


class Verify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it takes to believe that a recovery has held."""

    lit_share: float
    lit_least: Duration
    off_for: Duration
    sound_for: Duration
    drawn_for: Duration
    level_for: Duration
    quiet_passes: float
    fallen_for: Duration
    cleared_for: Duration
    clean_for: Duration
    drained_for: Duration
    repaired_for: Duration
    heard_for: Duration


class Cases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How faults become cases."""

    relapse_within: Duration
    chatter_times: Count
    chatter_within: Duration
    chatter_hold: Duration
    late: Duration
