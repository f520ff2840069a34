"""The cases that are not closed, as the API keeps asking for them; read only after an event."""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass

from api.places import Places
from cases.case import Case, State
from cases.desk import Desk

DARK_SEGMENT = "streetlight.segment_unlit"


@dataclass(frozen=True, slots=True)
class Unclosed:
    """The cases not closed when event ``seq`` was the last, and how many there are in each state.

    ``segments``: place of a segment → the case to show for it; ``dark``: the places of those
    that an open case calls dark; ``deadlines`` those of the open cases, the soonest first.
    """

    seq: int
    counts: dict[State, int]
    by_asset: dict[str, tuple[Case, ...]]
    segments: dict[int, Case]
    dark: frozenset[int]
    deadlines: tuple[int, ...]

    def overdue(self, now: int) -> int:
        """How many open cases are past their deadline at ``now`` (ms)."""
        return bisect_left(self.deadlines, now)


class CurrentUnclosed:
    """One small question to the desk each time, the large one only when something happened."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._known: tuple[Places, Unclosed] | None = None

    def now(self, places: Places) -> Unclosed:
        """Raises Retryable while the case database is away."""
        with self._lock:
            # Asked for first: what is then read is at least as new as it says.
            seq = self._desk.last_seq()
            known = self._known
            if known is None or known[0] is not places or known[1].seq != seq:
                known = (places, _read(self._desk, places, seq))
                self._known = known
            return known[1]


def _read(desk: Desk, places: Places, seq: int) -> Unclosed:
    by_asset: dict[str, list[Case]] = {}
    segments: dict[int, Case] = {}
    dark: set[int] = set()
    deadlines: list[int] = []
    for case in desk.unclosed():
        if case.state == "open" and case.filed is not None:
            deadlines.append(case.filed.deadline)
        kind, _, name = case.subject.partition(":")
        about = dict.fromkeys(case.members)
        if kind not in ("segment", "circuit", "gateway", "area"):
            about.setdefault(name)
        for asset in about:
            by_asset.setdefault(asset, []).append(case)
        for place in places.segments_of(case):
            if case.type == DARK_SEGMENT and case.state == "open":
                dark.add(place)
            if place not in segments or _tells_more(case, segments[place]):
                segments[place] = case
    return Unclosed(
        seq,
        desk.counts(),
        {asset: tuple(cases) for asset, cases in by_asset.items()},
        segments,
        frozenset(dark),
        tuple(sorted(deadlines)),
    )


def _tells_more(case: Case, shown: Case) -> bool:
    """Open before recovered, dark before the rest; of equals the older stays."""
    return _weight(case) > _weight(shown)


def _weight(case: Case) -> tuple[bool, bool]:
    return case.state == "open", case.type == DARK_SEGMENT
