"""Tonnes weighed in and out between two reports, whatever the counters do.

A counter that leaps was replaced or has slipped, and what it shows then is not tonnes; one that
falls back by a load or less was corrected, one that falls further began anew, and one that is back
where it was had only slipped. Two that have changed places are told by it. A station
that has not both counters is weighed by its stock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rules.book.figures import Backlog


@dataclass(slots=True)
class Counter:
    """What a counter last showed, and what before it last leapt or fell, t; NaN while unknown."""

    shown: float = math.nan
    before: float = math.nan


@dataclass(slots=True)
class Scales:
    """A station's two counters, and the ``level`` of its stock that was last taken for one, t."""

    inbound: Counter = field(default_factory=Counter)
    outbound: Counter = field(default_factory=Counter)
    level: float = math.nan

    @property
    def counted(self) -> bool:
        """Whether both counters are known; else the station is weighed by its stock."""
        return not (math.isnan(self.inbound.shown) or math.isnan(self.outbound.shown))


@dataclass(frozen=True, slots=True)
class Weighed:
    """Tonnes that came in and went out since the report before; less than nothing where a weighing
    was corrected. ``broken`` where a counter leapt, so some of it is not known, or is back from
    where it leapt to, so some of it may be known already."""

    came: float = 0.0
    went: float = 0.0
    broken: bool = False


def weigh(
    scales: Scales, inbound: float, outbound: float, stock: float, most: float, book: Backlog
) -> Weighed:
    """Takes in what a report shows, NaN where it does not; ``most`` t can have been weighed since
    the one before."""
    counted = scales.counted
    if counted and _swapped(scales, inbound, outbound, most):
        inbound, outbound = outbound, inbound
    slipped = _slipped(scales.inbound) or _slipped(scales.outbound)
    came = _gain(scales.inbound, inbound, most, book.load_t)
    went = _gain(scales.outbound, outbound, most, book.load_t)
    back = slipped and not (_slipped(scales.inbound) or _slipped(scales.outbound))
    change = _change(scales, stock, book.stock_step_t)
    if not scales.counted:
        return Weighed(max(change, 0.0), max(-change, 0.0))
    if not counted:
        # The first report of both: there is nothing to hold it against yet.
        return Weighed()
    return Weighed(came or 0.0, went or 0.0, back or came is None or went is None)


def _swapped(scales: Scales, inbound: float, outbound: float, most: float) -> bool:
    """Whether one counter fell and the other rose because each shows what the other should."""
    was_in, was_out = scales.inbound.shown, scales.outbound.shown
    if (inbound < was_in) == (outbound < was_out):
        return False
    return 0 <= outbound - was_in <= most and 0 <= inbound - was_out <= most


def _slipped(counter: Counter) -> bool:
    """Whether a counter leapt or fell, and may be back yet."""
    return not math.isnan(counter.before)


def _gain(counter: Counter, shows: float, most: float, load: float) -> float | None:
    """What a counter gained; None where it leapt. One that began anew gained what it shows."""
    if math.isnan(shows):
        return 0.0
    was, before = counter.shown, counter.before
    counter.shown = shows
    if math.isnan(was):
        return 0.0
    gained = shows - was
    if 0 <= gained <= most or (-load <= gained < 0 and shows >= was / 2):
        return gained
    if 0 <= shows - before <= most:
        counter.before = math.nan
        return shows - before
    counter.before = was
    return shows if gained < 0 and shows <= most else None


def _change(scales: Scales, stock: float, step: float) -> float:
    """By how much the stock rose, less than nothing where it fell; less than ``step`` is noise."""
    if math.isnan(stock):
        return 0.0
    if math.isnan(scales.level):
        scales.level = stock
        return 0.0
    change = stock - scales.level
    if abs(change) < step:
        return 0.0
    scales.level = stock
    return change
