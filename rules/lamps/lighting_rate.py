"""Lighting rate 亮灯率: for how long the lamps that should be lit were seen lit, dark, or not seen.

The night runs from noon to noon and is called by the day it begins on. A lamp should be seen lit
while its plan says so, but for the time in which it settles after each switching. Each report
stands for half a report interval on either side and no longer: what lies between is unknown, so a
lamp that is silent is unknown and never lit. The rate is lit / (lit + dark), and says nothing of
what is unknown: how much of the night it speaks for stands beside it.

Rules that start anew in the middle of a night go on from the tallies that were kept of it. These
say by their sum up to when they count; what was reported since then is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cases.tallies import Tally
from facility.assets import Streetlight
from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from facility.readings import Codes, ReadingBatch, Times
from rules.days import LocalDays
from rules.fleet import Mask, Rows, among
from rules.lamps.state import LIT_AS_PLANNED, UNLIT, Lamps, Seen

_TELL_EVERY = 15 * MINUTE
_AT_ONCE = 3000
"""Segments of which is told in one minute; of what is more in the next ones."""


class LightingRate:
    """The night's lamp-minutes so far. Arrays are (n,), in the order of the inventory, ms."""

    KEPT = ("_lit", "_dark", "_last", "_doing")
    PLAIN: ClassVar[dict[str, Any]] = {
        "_begun": int,
        "_since": int,
        "_before": dict[str, dict[str, float]],
    }

    def __init__(
        self, assets: Sequence[Streetlight], streets: Sequence[str], lamps: Lamps, timezone: str
    ) -> None:
        """``streets`` (n,) are codes of the grid, empty where a lamp lies in none."""
        n = len(assets)
        self._lamps = lamps
        self._nights = LocalDays(timezone, 12 * HOUR)
        keys = [
            (street, lamp.road_class or "", lamp.segment or "")
            for lamp, street in zip(assets, streets, strict=True)
        ]
        codes = {key: code for code, key in enumerate(dict.fromkeys(keys))}
        self._places = list(codes)
        self._place_of = np.array([codes[key] for key in keys], dtype=np.intp)
        # The lamps of which is told in each of the minutes of a telling.
        turns = min(_TELL_EVERY // MINUTE, -(-len(codes) // _AT_ONCE))
        turn_of = self._place_of * turns // max(1, len(codes))
        self._turns = [np.flatnonzero(turn_of == turn) for turn in range(turns)]
        self._lit, self._dark = (np.zeros(n, dtype=np.int32) for _ in range(2))
        # The last report of each that was judged while it should be lit: when, in ms of the night,
        # 0 before there is one, and what.
        self._last: NDArray[np.int32] = np.zeros(n, dtype=np.int32)
        self._doing = np.zeros(n, dtype=np.int8)
        self._begun = 0
        """When the night began that is being counted."""
        # What was counted of it by an earlier run, by place, up to ``_since`` (ms).
        self._before: dict[str, dict[str, float]] = {}
        self._since = 0

    def night(self, now: int) -> date:
        """The night that is being counted at ``now``."""
        return self._nights.of(now)

    def resume(self, kept: Iterable[Tally], now: int) -> None:
        """Goes on from what an earlier run counted of the night of ``now``."""
        self._begun = self._nights.start(self.night(now))
        self._before = {
            _name((tally.street, tally.road_class, tally.place)): tally.numbers for tally in kept
        }
        if self._before:
            self._since = self._counted_to(now)

    def _counted_to(self, now: int) -> int:
        """Up to when what was kept counts, at a full quarter of an hour as it was told, ms."""
        names = [_name(place) for place in self._places]
        kept = np.array([name in self._before for name in names], dtype=bool)
        mine = np.flatnonzero(kept[self._place_of])
        counted = sum(_minutes(self._before[name]) for name in names if name in self._before)
        for tick in range(now - now % _TELL_EVERY, self._begun, -_TELL_EVERY):
            should = self._lamps.should_be_seen_lit(self._begun, tick, mine).sum() / MINUTE
            if should <= counted + len(self._before):
                return tick
        return self._begun

    def feed(self, rows: Codes, batch: ReadingBatch, seen: Seen) -> None:
        """Takes a batch in; ``rows`` are its lamps. Readings of nights that are over are left."""
        counts = ((seen.doing == LIT_AS_PLANNED) | (seen.doing == UNLIT)) & (
            batch.ts > max(self._begun, self._since)
        )
        if not counts.any():
            return
        if not self._begun:
            self._begun = self._nights.start(self._nights.of(int(batch.arrived.max())))
        every, settle, into = self._lamps.every, self._lamps.settle, batch.ts - self._begun
        for part in seen.rounds:
            part = among(part, counts[part])
            part = among(part, into[part] > self._last[rows[part]])
            row, ts, doing = rows[part], batch.ts[part], seen.doing[part]
            last, was = self._last_report(row), self._doing[row]
            reach = every[row] // 2
            begun = np.maximum(seen.switched[part] + settle[row], self._since)
            before = after = np.minimum((ts - last) // 2, reach)
            anew = np.flatnonzero(last < begun)
            if len(anew):
                # What the one before it stands for ends with its period, and this one begins one.
                before, after = before.copy(), before.copy()
                before[anew] = np.minimum(self._rest(row[anew], last[anew]), reach[anew])
                after[anew] = np.minimum(ts - begun, reach)[anew]
            self._add(self._lit, row, LIT_AS_PLANNED, (was, before), (doing, after))
            self._add(self._dark, row, UNLIT, (was, before), (doing, after))
            self._last[row], self._doing[row] = into[part], doing

    def _add(
        self, ms: NDArray[np.int32], row: Codes, doing: int, *told: tuple[NDArray[np.int8], Times]
    ) -> None:
        """Adds for how long each lamp (k,) was seen doing so, as far as any was."""
        if any((said == doing).any() for said, _ in told):
            ms[row] += sum(np.where(said == doing, lasted, 0) for said, lasted in told)

    def _last_report(self, row: Rows | Codes) -> Times:
        """When each lamp's last report was, ms; 0 before there is one."""
        last = self._last[row]
        return np.where(last > 0, self._begun + last.astype(np.int64), 0)

    def _rest(self, row: Rows | Codes, last: Times) -> Times:
        """From each lamp's last report to the end of its lit period, ms; 0 before there is one."""
        rest = np.zeros(len(row), dtype=np.int64)
        told = np.flatnonzero(last > 0)
        rest[told] = self._lamps.until(row[told], last[told]) - last[told]
        return rest

    def judge(self, now: int) -> list[Tally]:
        """The night's tallies, now and then while it is dark, and once when it is over."""
        if not self._begun:
            self._begun = self._nights.start(self._nights.of(now))
        end = self._nights.next(self._begun)
        if now >= end:
            told = self._tallies(end, np.arange(len(self._lamps)))
            for column in (self._lit, self._dark, self._last, self._doing):
                column[:] = 0
            self._before, self._since = {}, 0
            self._begun = self._nights.start(self._nights.of(now))
            return told
        turn = now % _TELL_EVERY // MINUTE
        if turn >= len(self._turns):
            return []
        rows = self._turns[turn]
        lately = self._lamps.should_be_seen_lit(now - 2 * _TELL_EVERY, now, rows)
        # All are told up to the same full quarter.
        return self._tallies(now - turn * MINUTE, rows) if lately.any() else []

    def _tallies(self, now: int, rows: Rows) -> list[Tally]:
        """What was seen of these lamps up to ``now``, by place."""
        if not len(rows):
            return []
        should = self._lamps.should_be_seen_lit(self._begun, now, rows)
        # What the last report of each stands for.
        last, doing = self._last_report(rows), self._doing[rows]
        rest = np.minimum(self._rest(rows, last), now - last)
        rest = np.clip(rest, 0, self._lamps.every[rows] // 2)
        most = self._lamps.should_be_seen_lit(self._since, now, rows) if self._since else should
        lit = np.minimum(self._lit[rows] + np.where(doing == LIT_AS_PLANNED, rest, 0), most)
        dark = np.minimum(self._dark[rows] + np.where(doing == UNLIT, rest, 0), most - lit)
        planned, seen = should > 0, lit + dark > 0
        columns = {
            "lamps": planned,
            "lamps_lit": seen & (lit >= dark),
            "lamps_dark": seen & (lit < dark),
            "lamps_unknown": planned & ~seen,
            "lit_min": lit / MINUTE,
            "dark_min": dark / MINUTE,
            "unknown_min": (should - lit - dark) / MINUTE,
        }
        place_of = self._place_of[rows]
        first = int(place_of.min())
        sums = [
            np.bincount(place_of - first, weights=column).round(1).tolist()
            for column in columns.values()
        ]
        day = self._nights.of(self._begun).isoformat()
        told = []
        for code, counts in enumerate(zip(*sums, strict=True), first):
            numbers = dict(zip(columns, counts, strict=True))
            if numbers["lamps"]:
                street, road_class, segment = place = self._places[code]
                numbers = self._together(place, numbers) if self._before else numbers
                told.append(
                    Tally("lighting", day, numbers, street, road_class, Kind.STREETLIGHT, segment)
                )
        return told

    def _together(self, place: tuple[str, str, str], since: dict[str, float]) -> dict[str, float]:
        """What was counted of a place since the start, with what was kept of the hours before.

        A lamp is counted as what it was in the longer of the two.
        """
        before = self._before.get(_name(place))
        if before is None:
            return since
        whole = _minutes(since)
        lit, dark = (before[name] + since[name] for name in ("lit_min", "dark_min"))
        longer = before if 2 * _minutes(before) > whole else since
        lamps = {name: longer[name] for name in since if name.startswith("lamps")}
        minutes = {"lit_min": lit, "dark_min": dark, "unknown_min": max(0.0, whole - lit - dark)}
        return lamps | {name: round(value, 1) for name, value in minutes.items()}

    def now(self, now: int, silent: Mask) -> dict[str, int]:
        """How many lamps should be lit at this moment, and how many of them are seen lit, seen dark
        and not seen; ``silent`` (n,) are those of which nothing is known."""
        planned, since = self._lamps.planned_now(now)
        should = planned & (now - since >= self._lamps.settle)
        runs = self._lamps.runs
        judged = should & ~silent & (runs.since >= since)
        lit = int((judged & (runs.doing == LIT_AS_PLANNED)).sum())
        dark = int((judged & (runs.doing == UNLIT)).sum())
        total = int(should.sum())
        return {"lamps": total, "lit": lit, "dark": dark, "unknown": total - lit - dark}


def _name(place: tuple[str, str, str]) -> str:
    """A place as one word."""
    return "\t".join(place)


def _minutes(numbers: Mapping[str, float]) -> float:
    """The lamp-minutes that a place's lamps should have been lit."""
    return numbers["lit_min"] + numbers["dark_min"] + numbers["unknown_min"]
