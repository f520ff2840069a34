"""States: what is held of every asset at one moment, as the map and the lists show it.

An asset has the gravest state that an open case gives it, else what its reports say; one that is
silent and has no such case is silent, and one that was never heard is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from facility.bus import KindState
from facility.measurements import Kind
from facility.readings import split_series
from rules.fleet import Fleet, Mask
from rules.lamps import evidence
from rules.lamps.state import UNLIT, Lamps
from rules.tracker import FAMILY, Tracker

VOCABULARY: dict[Kind, tuple[str, ...]] = {
    Kind.STREETLIGHT: ("unknown", "silent", "lit", "dark", "off", "degraded", "burning"),
    Kind.CABINET: ("unknown", "silent", "ok", "lamps_lost"),
    Kind.COVER: ("unknown", "silent", "ok", "rattling", "flooded", "displaced"),
    Kind.STATION: (
        *("unknown", "silent", "ok"),
        *("leachate", "odour", "backlog", "fault", "gas"),
    ),
}
"""The states of each kind, as :class:`facility.bus.KindState` carries them."""

_UNKNOWN, _SILENT, _OK = 0, 1, 2

_WORDS = {
    "streetlight.degraded": "degraded",
    "streetlight.day_burning": "burning",
    "cabinet.lamps_lost": "lamps_lost",
    "cover.rattle": "rattling",
    "cover.flooding": "flooded",
    "cover.displaced": "displaced",
    "station.leachate": "leachate",
    "station.odour": "odour",
    "station.backlog": "backlog",
    "station.equipment": "fault",
    "station.gas_hazard": "gas",
}
"""Case types that are a state of their own, the gravest of a kind last."""


def held_of(
    now: int, fleet: Fleet, lamps: Lamps, silent: Mask, tracker: Tracker
) -> Iterator[KindState]:
    """The states of each kind at ``now`` (ms); ``silent`` is of every row of the fleet."""
    for kind in Kind:
        span = fleet.span(kind)
        heard = fleet.heard[span]
        state = np.where(heard > 0, _OK, _UNKNOWN).astype(np.int8)
        if kind == Kind.STREETLIGHT:
            _show_lamps(state, lamps, now)
        state[silent[span]] = _SILENT
        for type_, word in _WORDS.items():
            if word in VOCABULARY[kind]:
                for member in tracker.members(FAMILY[type_]):
                    row = fleet.row_of.get(split_series(member)[0], -1) - span.start
                    if 0 <= row < len(state):
                        state[row] = VOCABULARY[kind].index(word)
        yield KindState(kind, now, tuple(fleet.ids[span]), VOCABULARY[kind], state, heard.copy())


def _show_lamps(state: NDArray[np.int8], lamps: Lamps, now: int) -> None:
    """lit; dark where it was judged against the plan; off where it is just not lit."""
    words = VOCABULARY[Kind.STREETLIGHT]
    shown, runs = lamps.shown, lamps.runs
    state[shown == evidence.UNKNOWN] = _UNKNOWN
    state[shown == evidence.LIT] = words.index("lit")
    state[shown == evidence.DARK] = words.index("off")
    lit, since = lamps.planned_now(now)
    dark = (shown == evidence.DARK) & (runs.doing == UNLIT)
    state[dark & lit & (runs.since >= since)] = words.index("dark")
