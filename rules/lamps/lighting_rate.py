"""Lighting rate 亮灯率: for how long the lamps that should be lit were seen lit, dark, or not seen.

The night runs from noon to noon and is called by the day it begins on. A lamp should be seen lit
while its plan says so, but for the time in which it settles after each switching. Each report
stands for half a report interval on either side and no longer: what lies between is unknown, so a
lamp that is silent is unknown and never lit. The rate is lit / (lit + dark), and says nothing of
what is unknown: how much of the night it speaks for stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from cases.tallies import Tally
from facility.assets import Streetlight
from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from facility.readings import Codes, ReadingBatch, Times
from rules.days import LocalDays
from rules.fleet import Mask
from rules.lamps.state import LIT_AS_PLANNED, UNLIT, Lamps, Seen

_TELL_EVERY = 15 * MINUTE


class LightingRate:
    """The night's lamp-minutes so far. Arrays are (n,), in the order of the inventory, ms."""

    KEPT = ("_lit", "_dark", "_last", "_until", "_doing")
    PLAIN: ClassVar[dict[str, Any]] = {"_begun": int}

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
        self._lit, self._dark = (np.zeros(n, dtype=np.int32) for _ in range(2))
        # The last report of each that was judged while it should be lit: when, what, and when its
        # plan switches it off.
        self._last: Times = np.zeros(n, dtype=np.int64)
        self._until: Times = np.zeros(n, dtype=np.int64)
        self._doing = np.zeros(n, dtype=np.int8)
        self._begun = 0
        """When the night began that is being counted."""

    def feed(self, rows: Codes, batch: ReadingBatch, seen: Seen) -> None:
        """Takes a batch in; ``rows`` are its lamps. Readings of nights that are over are left."""
        counts = ((seen.doing == LIT_AS_PLANNED) | (seen.doing == UNLIT)) & (batch.ts > self._begun)
        if not counts.any():
            return
        every, settle = self._lamps.every, self._lamps.settle
        for part in seen.rounds:
            part = part[counts[part]]
            part = part[batch.ts[part] > self._last[rows[part]]]
            row, ts = rows[part], batch.ts[part]
            reach = every[row] // 2
            begun = seen.switched[part] + settle[row]
            goes_on = self._last[row] >= begun
            between = np.minimum((ts - self._last[row]) // 2, reach)
            # What the one before it stands for, up to here or to where its period ended.
            rest = np.minimum(self._until[row] - self._last[row], reach)
            self._add(row, self._doing[row], np.where(goes_on, between, rest))
            before = np.where(goes_on, between, np.minimum(ts - begun, reach))
            self._add(row, seen.doing[part], before)
            first = ~goes_on
            self._until[row[first]] = self._lamps.until(row[first], ts[first])
            self._last[row], self._doing[row] = ts, seen.doing[part]

    def _add(self, row: Codes, doing: Any, ms: Times) -> None:
        self._lit[row] += np.where(doing == LIT_AS_PLANNED, ms, 0)
        self._dark[row] += np.where(doing == UNLIT, ms, 0)

    def judge(self, now: int) -> list[Tally]:
        """The night's tallies, now and then while it is dark, and once when it is over."""
        if not self._begun:
            self._begun = self._nights.start(self._nights.of(now))
        end = self._nights.next(self._begun)
        if now >= end:
            told = self._tallies(end)
            for column in (self._lit, self._dark, self._last, self._until, self._doing):
                column[:] = 0
            self._begun = self._nights.start(self._nights.of(now))
            return told
        if now % _TELL_EVERY:
            return []
        lately = self._lamps.should_be_seen_lit(now - 2 * _TELL_EVERY, now)
        return self._tallies(now) if lately.any() else []

    def _tallies(self, now: int) -> list[Tally]:
        """What was seen up to ``now``, by place."""
        should = self._lamps.should_be_seen_lit(self._begun, now)
        # What the last report of each stands for.
        reach = np.minimum(self._lamps.every // 2, np.minimum(self._until, now) - self._last)
        rest = np.where(self._last > 0, np.maximum(reach, 0), 0)
        lit = np.minimum(self._lit + np.where(self._doing == LIT_AS_PLANNED, rest, 0), should)
        dark = np.minimum(self._dark + np.where(self._doing == UNLIT, rest, 0), should - lit)
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
        many = len(self._places)
        sums = {
            name: np.bincount(self._place_of, weights=column, minlength=many).round(1).tolist()
            for name, column in columns.items()
        }
        day = self._nights.of(self._begun).isoformat()
        return [
            Tally(
                "lighting",
                day,
                {name: values[code] for name, values in sums.items()},
                *self._places[code][:2],
                Kind.STREETLIGHT,
                self._places[code][2],
            )
            for code in range(many)
            if sums["lamps"][code]
        ]

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
