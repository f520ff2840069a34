"""Lamps at fault to cases: one lamp, a segment, or one circuit across segments.

Which lamps are at fault is the detector's business (:class:`Sort`); how they make one case is the
same for dark lamps and for burning ones. A lamp counts once it was seen at fault for the hold.
Before a single lamp becomes a case, its neighbours are looked at: where enough of them are seen at
fault too but not yet for the hold, the verdict waits for them, so that a segment is one case from
the start and not three first. So it does for some minutes for those of which something is due: a
concentrator that sends once an hour sends its lamps one after the other.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from facility.clock import to_rfc3339
from facility.inventory import Inventory
from rules.book import figures
from rules.book.overrides import at, figure_at
from rules.fleet import Mask, Rows
from rules.lamps.state import Lamps
from rules.lamps.upstream import Contactor, Upstream
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import FAMILY, Case, Tracker

Shown = dict[str, Any]

Due = Callable[[int], tuple[Mask, Mask]]
"""At a time (ms), lamps that were heard just now, and those that are about to be, (n,) each."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What the cases are called, and what decides of a lamp.

    ``fault`` and ``sound`` are what a lamp does (:mod:`rules.lamps.state`) while its plan says
    ``lit`` or not; ``hold`` and ``sound_hold`` for how long (ms); ``ended`` the cause it ends with;
    ``cause`` a better cause than the group's size, of what the lamps sent, or None.
    """

    single: str
    group: str
    fault: int
    sound: int
    lit: bool
    hold: int
    sound_hold: int
    ended: str
    cause: Callable[[Shown], str | None]


@dataclass(frozen=True, slots=True)
class _Moment:
    """What is held of every lamp at one moment, each bool (n,)."""

    at: int
    along: Mask
    """seen at fault for half of the hold: enough beside a neighbour that was for all of it"""
    suspected: Mask
    """last seen at fault, for however long"""
    possible: Mask
    """suspected, or about to say so"""
    just: Mask
    """heard just now"""
    reporting: Mask
    """judged in this period of the plan, and not silent"""

    def may_be(self, rows: list[int]) -> Mask:
        """Lamps that may be at fault as ``rows`` are, as far as it is worth to wait for them."""
        return self.possible if self.just[rows].any() else self.suspected


class Correlation:
    """Opens and ends the cases of a sort. What a group is, its first lamp's figures say."""

    def __init__(
        self,
        inventory: Inventory,
        lamps: Lamps,
        book: figures.Segments,
        tracker: Tracker,
        sort: Sort,
    ) -> None:
        self._lamps = lamps
        self._book = book
        self._tracker = tracker
        self._sort = sort
        self._family = FAMILY[sort.single]
        self._upstream = Upstream(inventory)
        self.contactor: Contactor = lambda _at, _lamps: None
        none = np.zeros(len(lamps), dtype=bool)
        self.due: Due = lambda _at: (none, none)
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

    def judge(self, now: int, silent: Mask, explained: Mask | None = None) -> None:
        """Takes stock at ``now``.

        ``silent`` (n,) are lamps of which nothing is known; ``explained`` (n,) those whose state
        another case explains: they are no case of their own.
        """
        members = self._tracker.members(self._family)
        if members:
            self._end_where_sound(now)
        lamps, sort = self._lamps, self._sort
        doing = lamps.runs.doing
        if not (doing == sort.fault).any():
            return
        planned, since = lamps.planned_now(now)
        faulty = np.flatnonzero(lamps.held(sort.fault, sort.hold, now))
        faulty = faulty[(planned[faulty] == sort.lit) & ~silent[faulty]]
        faulty = faulty[lamps.runs.since[faulty] >= since[faulty]]
        fresh = [
            row
            for row in faulty.tolist()
            if self._ids[row] not in members and not self._is_held(self._ids[row])
        ]
        if not fresh:
            return
        judged = (planned == sort.lit) & ~silent & (lamps.runs.since >= since)
        suspected = judged & (doing == sort.fault)
        just, due = self.due(now)
        moment = _Moment(
            now,
            suspected & lamps.held(sort.fault, sort.hold // 2, now),
            suspected,
            suspected | (due & (planned == sort.lit) & ~silent),
            just,
            suspected | (judged & (doing == sort.sound)),
        )
        for row in self._segments_first(moment, self._circuits_first(moment, fresh)):
            if explained is not None and explained[row]:
                continue
            lamp = self._ids[row]
            cause, shown = self._account(moment, np.array([row]), "lamp")
            self._tracker.open(now, sort.single, f"streetlight:{lamp}", (lamp,), cause, shown)

    def _is_held(self, lamp: str) -> bool:
        held = self._tracker.held
        return held(self._sort.group, lamp) and held(self._sort.single, lamp)

    def sight(self, lamp: str) -> Sight:
        """What is seen of a lamp, within one period of its plan."""
        row = self._row_of.get(lamp)
        if row is None:
            return Sight()
        doing, when = int(self._lamps.runs.doing[row]), int(self._lamps.runs.last[row])
        says = {self._sort.fault: FAULT, self._sort.sound: SOUND}.get(doing, NOTHING)
        return Sight(says, when, figure_at(self._sort.hold, row), 2, *self._lamps.period(row, when))

    def _end_where_sound(self, now: int) -> None:
        """Members seen sound again leave; silence and the other half of the day end nothing."""
        members = self._tracker.members(self._family)
        there = [member for member in members if member in self._row_of]
        sort = self._sort
        sound = self._lamps.lasting(self._rows(there), sort.sound, sort.sound_hold, now)
        is_sound = dict(zip(there, sound.tolist(), strict=True))
        leaving: dict[str, list[str]] = {}
        for member, case in members.items():
            # One that is no longer installed leaves too.
            if is_sound.get(member, True):
                leaving.setdefault(case.id, []).append(member)
        for case_id, gone in leaving.items():
            rows = self._rows(member for member in gone if member in self._row_of)
            case = self._tracker.cases[case_id]
            self._tracker.leave(now, case, gone, sort.ended, self._shown(rows))

    def _circuits_first(self, moment: _Moment, fresh: list[int]) -> list[int]:
        """Gives circuits at fault their cases; the lamps that are left for the segments."""
        left: list[int] = []
        for name, mine in _grouped(fresh, self._circuit_of).items():
            rows = self._circuits.get(name or "")
            if rows is None:
                left += mine
                continue
            case = self._tracker.find(self._sort.group, f"circuit:{name}")
            if case:
                self._join(moment, case, mine)
            elif self._is_circuit(rows, moment.along, moment):
                self._open_group(moment, f"circuit:{name}", rows[moment.along[rows]], "circuit")
            elif not self._is_circuit(rows, moment.may_be(mine), moment):
                left += mine
        return sorted(left)

    def _is_circuit(self, rows: Rows, faulty: Mask, moment: _Moment) -> bool:
        """Whether nearly all of a circuit's reporting lamps are at fault, over several segments."""
        found = rows[faulty[rows]]
        reporting = int((moment.reporting[rows] | faulty[rows]).sum())
        return (
            len(found) >= at(self._book, rows[0]).circuit_share * reporting
            and len({self._segment_of[row] for row in found.tolist()}) > 1
        )

    def _segments_first(self, moment: _Moment, fresh: list[int]) -> list[int]:
        """Gives segments at fault their cases; the lamps that are left are each its own."""
        left: list[int] = []
        circuits = {
            case.id
            for case in self._tracker.of_type(self._sort.group)
            if case.subject.startswith("circuit:")
        }
        for name, mine in _grouped(fresh, self._segment_of).items():
            if name is None:
                left += mine
                continue
            case = self._tracker.find(self._sort.group, f"segment:{name}")
            rows = self._segments[name]
            if circuits:
                # Lamps that a circuit explains say nothing about the segment.
                rows = rows[[not self._is_in(circuits, row) for row in rows.tolist()]]
            if case:
                self._join(moment, case, mine)
            elif self._is_segment(rows, moment.along, moment):
                self._open_group(moment, f"segment:{name}", rows[moment.along[rows]], "segment")
            elif not self._is_segment(rows, moment.may_be(mine), moment):
                left += mine
        return sorted(left)

    def _is_in(self, cases: set[str], row: int) -> bool:
        case = self._tracker.members(self._family).get(self._ids[row])
        return case is not None and case.id in cases

    def _is_segment(self, rows: Rows, faulty: Mask, moment: _Moment) -> bool:
        """Enough neighbours in order, or enough of those that report."""
        if not len(rows):
            return False
        book = at(self._book, rows[0])
        found = faulty[rows[moment.reporting[rows] | faulty[rows]]]
        count = int(found.sum())
        if count >= max(book.share_min, book.share * len(found)):
            return True
        if count < book.neighbours:
            return False
        longest = run = 0
        for one in found.tolist():
            run = run + 1 if one else 0
            longest = max(longest, run)
        return bool(longest >= book.neighbours)

    def _open_group(self, moment: _Moment, subject: str, rows: Rows, cause: str) -> None:
        cause, shown = self._account(moment, rows, cause)
        members = [self._ids[row] for row in rows.tolist()]
        self._tracker.open(moment.at, self._sort.group, subject, members, cause, shown)

    def _join(self, moment: _Moment, case: Case, rows: list[int]) -> None:
        members = [self._ids[row] for row in rows]
        self._tracker.join(moment.at, case, members, self._shown(np.array(rows)))

    def _account(self, moment: _Moment, rows: Rows, cause: str) -> tuple[str, Shown]:
        """(cause, evidence) of lamps found at fault together."""
        shown = self._shown(rows)
        segments = {self._segment_of[row] for row in rows.tolist()}
        around = [self._segments[name] for name in segments if name is not None]
        if around:
            shown["reporting"] = int(moment.reporting[np.concatenate(around)].sum())
        shown["since"] = to_rfc3339(int(self._lamps.runs.since[rows].min()))
        if (contactor := self.contactor(moment.at, rows)) is not None:
            shown["contactor"] = int(contactor)
        if len(rows) > 1:
            share = at(self._book, rows[0]).circuit_share
            found = self._upstream.fault_of(rows, moment.suspected, moment.reporting, share)
            cause = found or cause
        return self._sort.cause(shown) or cause, shown

    def _shown(self, rows: Rows) -> Shown:
        """What the lamps last said, the medians of what they sent."""
        shown: Shown = {"lamps": len(rows)}
        for name in ("power_w", "on", "voltage_v"):
            values = getattr(self._lamps, name)[rows]
            values = values[~np.isnan(values)]
            if len(values):
                shown[name] = round(statistics.median(values.tolist()), 1)
        return shown

    def _rows(self, ids: Iterable[str]) -> Rows:
        return np.array([self._row_of[lamp_id] for lamp_id in ids], dtype=np.intp)


def _grouped(rows: list[int], group_of: list[str | None]) -> dict[str | None, list[int]]:
    """The rows of each group, in order."""
    groups: dict[str | None, list[int]] = {}
    for row in rows:
        groups.setdefault(group_of[row], []).append(row)
    return groups
