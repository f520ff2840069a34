"""Dark lamps: should be lit, are seen dark. Silence never makes one, and never ends one."""

from __future__ import annotations

from facility.inventory import Inventory
from rules.book.rulebook import Rulebook
from rules.lamps.correlation import Correlation, Shown, Sort
from rules.lamps.state import LIT_AS_PLANNED, UNLIT, Lamps
from rules.tracker import Tracker

_NO_SUPPLY_V = 20.0


def unlit_detector(
    inventory: Inventory, lamps: Lamps, book: Rulebook, tracker: Tracker
) -> Correlation:
    """Opens and ends ``streetlight.unlit`` and ``streetlight.segment_unlit``."""
    sort = Sort(
        single="streetlight.unlit",
        group="streetlight.segment_unlit",
        fault=UNLIT,
        sound=LIT_AS_PLANNED,
        lit=True,
        hold=book.lamps.unlit_hold,
        sound_hold=book.lamps.lit_hold,
        ended="lit",
        cause=_cause,
    )
    return Correlation(inventory, lamps, book.segments, tracker, sort)


def _cause(shown: Shown) -> str | None:
    """Upstream of the lamp: nobody switched it on, or nothing feeds it."""
    if shown.get("on") == 0 or shown.get("contactor") == 0:
        return "not_switched"
    return "supply" if shown.get("voltage_v", 230) < _NO_SUPPLY_V else None
