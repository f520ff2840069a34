"""Dark lamps to cases: one lamp, a dark segment, or one dead circuit across segments.

A lamp counts as dark once it was seen so for the hold. Before a single lamp becomes a case, its
neighbours are looked at: where enough of them are seen dark too but not yet for the hold, the
verdict waits for them, so that a dark segment is one case from the start and not three first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from facility.clock import to_rfc3339
from facility.inventory import Inventory
from rules.fleet import Mask, Rows
from rules.lamps import LIT_AS_PLANNED, UNLIT, Lamps
from rules.rulebook import Rulebook
from rules.tracker import Case, Tracker

SINGLE = "streetlight.unlit"
GROUP = "streetlight.segment_unlit"
FAMILY = "unlit"


@dataclass(frozen=True, slots=True)
class _Night:
    """What is held of every lamp at one moment, each bool (n,)."""

    at: int
    dark: Mask
    """seen dark for the hold"""
    suspected: Mask
    """last seen dark, for however long"""
    reporting: Mask
    """judged in this lit period, and not silent"""


class UnlitDetector:
    """Opens and ends ``streetlight.unlit`` and ``streetlight.segment_unlit``."""

    def __init__(
        self, inventory: Inventory, lamps: Lamps, book: Rulebook, tracker: Tracker
    ) -> None:
        self._lamps = lamps
        self._book = book
        self._tracker = tracker
        self._ids = [lamp.id for lamp in inventory.streetlights]
        self._row_of = {lamp_id: row for row, lamp_id in enumerate(self._ids)}
        self._segment_of = [lamp.segment for lamp in inventory.streetlights]
        self._circuit_of = [lamp.circuit for lamp in inventory.streetlights]
        self._segments = {
            name: self._rows(lamp.id for lamp in segment.lamps)
            for name, segment in inventory.segments.items()
        }
        self._circuits = {
            name: self._rows(lamp.id for lamp in lamps)
            for name, lamps in inventory.circuits.items()
            if len({lamp.segment for lamp in lamps}) > 1
        }

    def judge(self, now: int, silent: Mask) -> None:
        """Takes stock at ``now``; ``silent`` (n,) are lamps of which nothing is known."""
        open_cases = self._tracker.members(FAMILY)
        if open_cases:
            self._end_where_lit(now)
        lamps = self._lamps
        if not (lamps.doing == UNLIT).any():
            return
        should_be_lit, since = lamps.planned_now(now)
        judged = should_be_lit & ~silent & (lamps.since >= since)
        suspected = judged & (lamps.doing == UNLIT)
        night = _Night(
            now,
            suspected & lamps.held(UNLIT, self._book.lamps.unlit_hold, now),
            suspected,
            suspected | (judged & (lamps.doing == LIT_AS_PLANNED)),
        )
        fresh = [
            row for row in np.flatnonzero(night.dark).tolist() if self._ids[row] not in open_cases
        ]
        for row in self._segments_first(night, self._circuits_first(night, fresh)):
            lamp = self._ids[row]
            cause, shown = self._account(night, np.array([row]), "lamp")
            self._tracker.open(now, SINGLE, f"streetlight:{lamp}", (lamp,), cause, shown)

    def _end_where_lit(self, now: int) -> None:
        """Members seen lit again leave; silence and daylight show nothing and end nothing."""
        lit = self._lamps.held(LIT_AS_PLANNED, self._book.lamps.lit_hold, now)
        sound: dict[str, list[str]] = {}
        for member, case in self._tracker.members(FAMILY).items():
            row = self._row_of.get(member)
            if row is None or lit[row]:
                sound.setdefault(case.id, []).append(member)
        for case_id, members in sound.items():
            rows = self._rows(m for m in members if m in self._row_of)
            self._tracker.leave(
                now, self._tracker.cases[case_id], members, "lit", self._shown(rows)
            )

    def _circuits_first(self, night: _Night, fresh: list[int]) -> list[int]:
        """Gives dead circuits their cases; the lamps that are left for the segments."""
        names = dict.fromkeys(self._circuit_of[row] for row in fresh)
        for name in names:
            if name is None or name not in self._circuits:
                continue
            rows = self._circuits[name]
            mine = [row for row in fresh if self._circuit_of[row] == name]
            case = self._tracker.find(GROUP, f"circuit:{name}")
            if case:
                self._join(night, case, mine)
            elif self._is_dead(rows, night.dark, night):
                self._open_group(night, f"circuit:{name}", rows[night.dark[rows]], "circuit")
            elif not self._is_dead(rows, night.suspected, night):
                continue
            fresh = [row for row in fresh if self._circuit_of[row] != name]
        return fresh

    def _is_dead(self, rows: Rows, dark: Mask, night: _Night) -> bool:
        """Whether nearly all of a circuit's reporting lamps are dark, over several segments."""
        unlit = rows[dark[rows]]
        reporting = int(night.reporting[rows].sum())
        return (
            len(unlit) >= self._book.segments.circuit_share * reporting
            and len({self._segment_of[row] for row in unlit.tolist()}) > 1
        )

    def _segments_first(self, night: _Night, fresh: list[int]) -> list[int]:
        """Gives dark segments their cases; the lamps that are left are each its own."""
        names = dict.fromkeys(self._segment_of[row] for row in fresh)
        for name in names:
            if name is None:
                continue
            mine = [row for row in fresh if self._segment_of[row] == name]
            case = self._tracker.find(GROUP, f"segment:{name}")
            # Lamps that a dead circuit explains say nothing about the segment.
            rows = np.array(
                [row for row in self._segments[name].tolist() if not self._in_circuit(row)]
            )
            if case:
                self._join(night, case, mine)
            elif self._is_segment(rows, night.dark, night):
                self._open_group(night, f"segment:{name}", rows[night.dark[rows]], "segment")
            elif not self._is_segment(rows, night.suspected, night):
                continue
            fresh = [row for row in fresh if self._segment_of[row] != name]
        return fresh

    def _in_circuit(self, row: int) -> bool:
        case = self._tracker.members(FAMILY).get(self._ids[row])
        return case is not None and case.subject.startswith("circuit:")

    def _is_segment(self, rows: Rows, dark: Mask, night: _Night) -> bool:
        """Enough neighbours in order, or enough of those that report."""
        book = self._book.segments
        unlit = dark[rows[night.reporting[rows]]]
        count = int(unlit.sum())
        if count >= max(book.share_min, book.share * len(unlit)):
            return True
        longest = run = 0
        for one in unlit.tolist():
            run = run + 1 if one else 0
            longest = max(longest, run)
        return longest >= book.neighbours

    def _open_group(self, night: _Night, subject: str, rows: Rows, cause: str) -> None:
        cause, shown = self._account(night, rows, cause)
        members = [self._ids[row] for row in rows.tolist()]
        self._tracker.open(night.at, GROUP, subject, members, cause, shown)

    def _join(self, night: _Night, case: Case, rows: list[int]) -> None:
        members = [self._ids[row] for row in rows]
        self._tracker.join(night.at, case, members, self._shown(np.array(rows)))

    def _account(self, night: _Night, rows: Rows, cause: str) -> tuple[str, dict[str, Any]]:
        """(cause, evidence) of lamps found dark together."""
        shown = self._shown(rows)
        segments = {self._segment_of[row] for row in rows.tolist()}
        around = [self._segments[name] for name in segments if name is not None]
        if around:
            shown["reporting"] = int(night.reporting[np.concatenate(around)].sum())
        shown["since"] = to_rfc3339(int(self._lamps.since[rows].min()))
        if shown.get("on") == 0:
            cause = "not_switched"
        elif shown.get("voltage_v", 230) < 20:
            cause = "supply"
        return cause, shown

    def _shown(self, rows: Rows) -> dict[str, Any]:
        """What the lamps last said, the medians of what they sent."""
        shown: dict[str, Any] = {"lamps": len(rows)}
        for name in ("power_w", "on", "voltage_v"):
            values = getattr(self._lamps, name)[rows]
            values = values[~np.isnan(values)]
            if len(values):
                shown[name] = round(float(np.median(values)), 1)
        return shown

    def _rows(self, ids: Iterable[str]) -> Rows:
        return np.array([self._row_of[lamp_id] for lamp_id in ids], dtype=np.intp)
