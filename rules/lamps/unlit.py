"""Dark lamps: should be lit, are seen dark. Silence never makes one, and never ends one."""

from __future__ import annotations

from functools import partial

from facility.inventory import Inventory
from rules.book.rulebook import Rulebook
from rules.lamps.correlation import Correlation, Shown, Sort
from rules.lamps.state import LIT_AS_PLANNED, UNLIT, Lamps
from rules.tracker import Tracker


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
        cause=partial(_cause, book.lamps.no_supply_v),
    )
    return Correlation(inventory, lamps, book.segments, tracker, sort)


def _cause(no_supply_v: float, shown: Shown) -> str | None:
    """Upstream of the lamp: nobody switched it on, or nothing feeds it."""
    if shown.get("on") == 0 or shown.get("contactor") == 0:
        return "not_switched"
    return "supply" if shown.get("voltage_v", 230) < no_supply_v else None
