"""Burning lamps: should be off, are seen lit, by day or in the dark half of a half-night plan."""

from __future__ import annotations

from facility.inventory import Inventory
from rules.book.rulebook import Rulebook
from rules.lamps.correlation import Correlation, Shown, Sort
from rules.lamps.state import BURNING, OFF_AS_PLANNED, Lamps
from rules.tracker import Tracker

TYPE = "streetlight.day_burning"


def day_burning_detector(
    inventory: Inventory, lamps: Lamps, book: Rulebook, tracker: Tracker
) -> Correlation:
    """Opens and ends ``streetlight.day_burning``, of a lamp, a segment or a circuit."""
    sort = Sort(
        single=TYPE,
        group=TYPE,
        fault=BURNING,
        sound=OFF_AS_PLANNED,
        lit=False,
        hold=book.lamps.burning_hold,
        sound_hold=book.lamps.off_hold,
        ended="off",
        cause=_cause,
    )
    return Correlation(inventory, lamps, book.segments, tracker, sort)


def _cause(shown: Shown) -> str | None:
    """Power through a relay that says it is open: its contacts stick."""
    return "relay" if shown.get("on") == 0 and "power_w" in shown else None
