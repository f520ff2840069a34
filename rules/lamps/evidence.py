"""What one reading of a lamp shows by itself: lit, dark, or neither.

Power speaks first: a relay said to be closed without consumption is a dark lamp (lamp failure, OMA
LwM2M object 3416). But a driver that stands by, or has lost its lamp, draws some watts of its own
(1 to 8 W in the trade), and a lamp dimmed to a tenth draws no more; so what little power means is
decided by the level that was asked for, or where that is not sent by what the lamp draws by day and
by the lamps beside it. Without power it is what the controller reports, its relay, its supply, and
the light of a dark sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facility.measurements import LAMP_FAULTS
from facility.readings import Floats, ReadingBatch
from rules.book import figures
from rules.fleet import Mask

UNKNOWN, DARK, LIT = -1, 0, 1

_NOT_LIT = sum(1 << LAMP_FAULTS.index(f) for f in ("lamp_failure", "gear_failure", "supply_loss"))
_DAY_BURNER = 1 << LAMP_FAULTS.index("day_burner")

_DARK_BESIDE, _LIT_BESIDE = 0.3, 0.6
"""Of what the lamps beside it draw: below is dark, above is lit."""

_AS_BY_DAY, _NOISE_W = 1.2, 0.3
"""Times what it draws by day, and so much more, that a lamp draws which does not shine."""

_APPARENT = 1.5
"""Current × voltage without a power factor has the reactive power of a driver's filter in it."""

_OFF_AGAIN = 0.75
"""Of the limit from which a lamp burns: below it is off, in between it is neither."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside a reading, each (n,).

    ``planned`` where the lamp should be lit; ``night`` where the sky is dark, so that light is a
    lamp's; ``full_w`` what the lamp draws at full level and ``idle_w`` while it is off, NaN where
    unknown; ``beside`` the mean share of ``full_w`` which lit lamps of its segment draw, NaN where
    there are too few.
    """

    planned: Mask
    night: Mask
    full_w: Floats
    idle_w: NDArray[np.float32]
    beside: NDArray[np.float32]


def evidence(batch: ReadingBatch, around: Around, book: figures.Lamps) -> NDArray[np.int8]:
    """DARK, LIT or UNKNOWN by each reading, int8 (n,)."""
    planned = around.planned
    shown = _by_power(batch, around, book)
    rest = shown == UNKNOWN
    rest &= np.isnan(consumption(batch))
    if not rest.any():
        return shown
    faults = batch.column("faults")
    flags = np.nan_to_num(faults).astype(np.int64)
    on, lux = batch.column("on"), batch.column("lux")
    by_word = np.select(
        [
            (flags & _NOT_LIT) != 0,
            ((flags & _DAY_BURNER) != 0) & ~planned,
            batch.column("voltage_v") < book.no_supply_v,
            on == 0,
            on == 1,
            (lux >= book.lit_lux) & around.night & planned,
            (lux < book.dark_lux) & planned,
            # Who reports faults and has none does as it should.
            ~np.isnan(faults) & np.isnan(lux),
        ],
        [DARK, LIT, DARK, DARK, LIT, LIT, DARK, np.where(planned, LIT, DARK)],
        default=UNKNOWN,
    )
    return np.where(rest, by_word, shown).astype(np.int8)


def _by_power(batch: ReadingBatch, around: Around, book: figures.Lamps) -> NDArray[np.int8]:
    power, full = consumption(batch), around.full_w
    on, dim = batch.column("on"), batch.column("dim_pct")
    says_off = (on == 0) | (dim == 0)
    levelled = (dim > 0) & ~says_off
    # A driver's own draw, of a lamp that does not shine.
    apparent = np.isnan(batch.column("power_w")) & np.isnan(batch.column("power_factor"))
    factor = np.where(apparent, _APPARENT, 1.0)
    idle = factor * np.fmax(book.standby_floor_w, book.standby_share * full)
    by_level = np.fmax(1.0, book.dark_of_least * low_power_share(dim / 100, book) * full)
    dark = np.where(levelled, by_level, np.fmax(book.dark_floor_w, book.dark_share * full))
    dark = np.where(says_off, idle, dark)
    lit = np.where(levelled, book.clear * by_level, idle)
    # While it should be off only what no standby explains is light; and of a lamp that nobody knows
    # the size of nothing tells how much reactive power its driver draws.
    burning = np.where(levelled, np.fmax(book.standby_floor_w, by_level), idle)
    lit = np.where(around.planned, lit, np.where(apparent & np.isnan(full), np.nan, burning))
    dark = np.where(around.planned, dark, _OFF_AGAIN * burning)
    is_dark, is_lit = power < dark, power >= lit
    shown = np.full(len(power), UNKNOWN, dtype=np.int8)
    np.copyto(shown, LIT, where=is_lit)
    np.copyto(shown, DARK, where=is_dark)
    # What a lamp that is dimmed draws may be what it draws by day, and less than a sound one would:
    # then it is dark, or weak, and no reading tells which.
    small = is_lit & levelled & around.planned & (power * book.dark_of_least < by_level)
    rows = np.flatnonzero(small)
    rows = rows[power[rows] <= _AS_BY_DAY * around.idle_w[rows] + _NOISE_W]
    shown[rows] = UNKNOWN
    # Between the two lie few.
    between = np.flatnonzero(around.planned & ~is_dark & ~is_lit & ~np.isnan(power))
    if len(between):
        drawn = power[between]
        beside = np.divide(drawn, around.beside[between] * full[between])
        idle_w = around.idle_w[between]
        as_by_day = drawn <= _AS_BY_DAY * idle_w + _NOISE_W
        # A driver that is fed by day shows then what it draws by itself: what draws more is dimmed.
        # One that is cut off by its relay does not, and the lamps beside it have to tell.
        dimmed = ~as_by_day & (idle_w >= dark[between])
        # However big the lamp, no driver draws more by itself than the trade's few watts.
        dimmed |= drawn >= (factor * book.standby_floor_w)[between]
        shown[between] = np.select(
            [
                as_by_day & ~(beside >= _DARK_BESIDE),
                (beside < _DARK_BESIDE) & ~dimmed,
                (beside >= _LIT_BESIDE) & ~as_by_day,
            ],
            [DARK, DARK, LIT],
            default=UNKNOWN,
        )
    return shown


def low_power_share(level: Floats, book: figures.Lamps) -> Floats:
    """The least share of its rating that a sound lamp draws at a dimming level of 0 to 1.

    A straight line from a tenth of the level to all of it, as a maker of controllers sets it.
    """
    low, high = book.least_w_at_10, book.least_w_at_100
    watts = low + (high - low) * (np.clip(level, 0.1, 1.0) - 0.1) / 0.9
    return np.asarray(watts / book.least_of_w)


def consumption(batch: ReadingBatch) -> Floats:
    """Active power in W, from power or else current × voltage × power factor; NaN where unknown."""
    power = batch.column("power_w")
    if not np.isnan(power).any():
        return power
    factor = np.nan_to_num(batch.column("power_factor"), nan=1.0)
    # With a power factor of 0 there is no telling; the apparent power still shows a load.
    derived = batch.column("current_a") * batch.column("voltage_v") * factor
    return np.where(np.isnan(power), derived, power)
