"""Lamps lost: a circuit draws less than it should by more than one lamp's worth.

What it should draw is known in one of three ways, the best first: its lamps say what they do, and
what the circuit drew beside that is learned for each dimming level; or other nights show what it
drew at that minute; or, of a circuit that draws nothing at all, the lighting plan suffices. Lamps
that are seen dark, or that fell silent with their circuit, have cases of their own and are not
counted again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.clock import MINUTE, to_rfc3339
from facility.inventory import Inventory
from facility.readings import Codes, Floats, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.cabinets.dimming import dimmed_together
from rules.cabinets.nights import Nights
from rules.cabinets.scales import Scales
from rules.cabinets.supply import Supply
from rules.fleet import Mask, Rows, rounds
from rules.lamps.state import Lamps
from rules.runs import Runs
from rules.sight import FAULT, NOTHING, Sight
from rules.sight import SOUND as SEEN_SOUND
from rules.tracker import FAMILY, Tracker

TYPE = "cabinet.lamps_lost"

SOUND, LOW = 1, 2

_DEFAULT_EVERY = 10 * MINUTE
_NEARLY_ALL = 0.95

_LOOK_EVERY = 5 * MINUTE
"""How often the lamps are looked at: they do not report more often."""

_LATE = 15 * MINUTE
"""A reading older than this is not held against what the lamps do now."""

_STANDS = 0.05
"""By this share a circuit's power may vary that stands: what a step of dimming changes is more."""

_MANY_DARK = 0.5
"""Share of a circuit's power from which a loss that all of a cabinet has is the cabinet's."""


class LampsLostDetector:
    """Opens and ends ``cabinet.lamps_lost``. Arrays are (m,), a series each (:class:`Supply`)."""

    KEPT = (
        *("_supply", "runs", "nights", "scales"),
        *("_power_w", "_last", "_switched_on", "reference", "limit", "_stands_w", "_stands"),
        "_sure",
        *("_contactor", "_contactor_at", "_told", "_dimmed"),
    )

    def __init__(
        self,
        inventory: Inventory,
        lamps: Lamps,
        every: Times,
        timezone: str,
        book: Rulebook,
        tracker: Tracker,
    ) -> None:
        self._lamps = lamps
        self._tracker = tracker
        self._supply = Supply(inventory, lamps, book.lamps.settle)
        self._cabinet_of = np.array(self._supply.cabinet, dtype=np.int32)
        self._book = at(book.lamps_lost, self._cabinet_of)
        self._cabinet_every = every
        self.row_names = self._supply.names
        m = len(self._supply)
        self.runs = Runs(m)
        self.nights = Nights(m, timezone, self._book.nights, self._book.off_w)
        self.scales = Scales(m)
        self._power_w = np.full(m, np.nan)
        # What each has drawn lately without a change, and since when; and when it was last judged
        # by what its lamps said in that time.
        self._stands_w = np.full(m, np.nan)
        self._stands, self._sure = (np.zeros(m, dtype=np.int64) for _ in range(2))
        # What the contactors said last, and when.
        self._contactor = np.full(m, np.nan)
        self._contactor_at: Times = np.zeros(m, dtype=np.int64)
        # What they say at one moment.
        self._said = np.full(m + 1, np.nan)
        self._said_at = 0
        self.reference = np.full(m, np.nan)
        self.limit = np.full(m, np.nan)
        # Whose lamps say what they do; and which were dimmed and nobody tells.
        self._told: Mask = np.zeros(m, dtype=bool)
        self._dimmed: Mask = np.zeros(m, dtype=bool)
        self._last: Times = np.zeros(m, dtype=np.int64)
        self._switched_on: Times = np.zeros(m, dtype=np.int64)
        self._whole: Mask = np.array([circuit is None for circuit in self._supply.circuit], bool)

    def feed(self, _rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in, of cabinets and their circuits."""
        series = self._supply.rows(batch)
        power = batch.column("power_w")
        contactor = batch.column("contactor")
        usable = (series >= 0) & ~np.isnan(power)
        for part in rounds(series, batch.ts):
            part = part[usable[part] & (batch.ts[part] > self._last[series[part]])]
            if len(part):
                self._take(series[part], batch.ts[part], power[part])
        told = np.flatnonzero((series >= 0) & ~np.isnan(contactor))
        for part in rounds(series[told], batch.ts[told]):
            part = told[part]
            part = part[batch.ts[part] > self._contactor_at[series[part]]]
            self._contactor[series[part]] = contactor[part]
            self._contactor_at[series[part]] = batch.ts[part]

    def _take(self, row: Codes, ts: Times, power: Floats) -> None:
        """One round of readings, newer than those before."""
        book = at(self._book, row)
        before, gap = self._power_w[row], ts - self._last[row]
        unheard = (self._last[row] > 0) & (gap >= book.hold)
        came_on = (power >= book.off_w) & ~(before >= book.off_w)
        self._switched_on[row] = np.where(came_on, ts, self._switched_on[row])
        reference, most, limit, counts = self._should(row, ts)
        off = power < np.minimum(book.off_w, (1 - _NEARLY_ALL) * reference)
        deficit = reference - power
        settling = ts - self._switched_on[row] < book.leave_alone
        judged = counts & ~np.isnan(deficit) & (off | ~settling)
        low = judged & (deficit >= limit)
        sound = judged & (most - power < book.clear_share * limit)
        verdict = np.where(low, LOW, np.where(sound, SOUND, 0)).astype(np.int8)
        self.runs.advance(row, ts, verdict)
        self._follow(row, ts, power)
        # Lamps that were heard before the circuit drew what it draws told of something else; a loss
        # may be a step too small to show.
        heard = self._supply.demand.oldest[row]
        one_moment = heard >= self._stands[row]
        sure = (low | sound) & one_moment & (heard >= self.runs.since[row])
        self._sure[row] = np.where(sure, ts, self._sure[row])
        # A meter that was not heard, and then shows nothing where there should be light, was
        # without power all along.
        outage = unheard & low & off
        every = np.minimum(gap, self._every(row))
        self.runs.since[row[outage]] = (self._last[row] + every)[outage]
        self.runs.count[row[outage]] = np.minimum(gap // every + 1, 1000)[outage]
        lit = power >= book.off_w
        self._dimmed[row] &= low
        # Around a planned drop what was lost before may still be.
        lost = low | ((self.runs.doing[row] == LOW) & (most - power >= limit))
        self.nights.learn(row, ts, power, (lost & ~self._dimmed[row]) | (settling & lit))
        good = ~low & ~settling & lit & one_moment & self._now(row, ts)
        self.scales.learn(row, gap, power, self._supply.demand, good)
        self.reference[row], self.limit[row] = reference, limit
        self._power_w[row], self._last[row] = power, ts

    def _follow(self, row: Codes, ts: Times, power: Floats) -> None:
        """Takes note of since when each draws what it does."""
        before = self._stands_w[row]
        least = at(self._book, row).off_w
        stands = np.abs(power - before) <= _STANDS * np.maximum(before, least)
        self._stands[row] = np.where(stands, self._stands[row], ts)
        self._stands_w[row] = np.where(stands, before, power)

    def _now(self, row: Codes, ts: Times) -> Mask:
        now: Mask = abs(ts - self._supply.demand.at[row]) <= _LATE
        return now

    def _should(self, row: Codes, ts: Times) -> tuple[Floats, Floats, Floats, Mask]:
        """(what each should draw at least, and at most; by how much less is a loss; whether it is
        judged), (k,) each."""
        book, demand = at(self._book, row), self._supply.demand
        reference, most = self.nights.reference(row, ts)
        reference[reference < book.off_w] = np.nan
        current, rated, lamps = self._now(row, ts), demand.rated[row], demand.lamps[row]
        known = demand.known[row] >= book.known_share
        by_lamps = self.scales.expect(row, demand)
        # What nobody tells of may be switched or dimmed by itself: of that share the lamps know
        # nothing, and it may be more than they are.
        by_themselves = demand.watts[row] * demand.known[row]
        of_told = np.divide(
            by_themselves, by_lamps, out=np.full(len(row), np.nan), where=by_lamps > 0
        )
        known &= current
        lesser = known & (of_told < book.known_share)
        # Other nights know nothing of a level that the lamps tell of: where that is not learned yet
        # only darkness can be told; where they tell of the lesser part, neither is enough alone.
        told = self._told[row] = known & ~lesser
        reference = np.where(lesser, np.minimum(by_lamps, reference), reference)
        reference = np.where(told, by_lamps, reference)
        by_plan = np.isnan(reference) & current & (rated > 0)
        reference = np.where(by_plan, np.where(told, demand.watts[row], rated), reference)
        worth = np.where(lamps > 0, reference / np.maximum(lamps, 1), book.lamp_w)
        limit = np.maximum(book.lamps * worth, book.share * reference)
        of_nights = self.nights.spread[row] * self.nights.doubt(row)
        spread = np.where(told, self.scales.spread[row], of_nights)
        limit = np.maximum(limit, book.spreads * spread * reference)
        limit = np.where(told, np.fmax(limit, (1 - of_told) * reference), limit)
        # What is seen dark is no loss of its own; where the lamps tell, it is not in their sum.
        most = np.where(told | by_plan, reference, most)
        dark = np.where(told, 0, demand.dark[row]) * worth
        reference, most = np.maximum(reference - dark, 0), np.maximum(most - dark, 0)
        # By the plan alone nothing but darkness can be told.
        limit = np.where(by_plan, _NEARLY_ALL * reference, limit)
        # While none of its lamps should be lit there is none to lose: what it drew on other days
        # burned.
        planned = demand.steady[row] & (demand.lit[row] | (demand.fed[row] == 0))
        return reference, most, limit, np.where(current, planned, True) & (reference > 0)

    def judge(self, now: int, silent: Mask) -> None:
        """Opens and ends cases; ``silent`` (n,) are lamps of which nothing is known."""
        self._end_where_sound(now)
        if (self.runs.doing == LOW).any():
            self._open(now, silent)
        if now % _LOOK_EVERY == 0:
            self._supply.see(now)

    def _end_where_sound(self, now: int) -> None:
        members = self._tracker.members(FAMILY[TYPE])
        if not members:
            return
        row_of = self._supply.row_of
        sound = self.runs.held(SOUND, self._book.sound_hold, now, self._every())
        sound &= self._sure >= self.runs.since
        leaving: dict[str, list[str]] = {}
        for name, case in members.items():
            row = row_of.get(name)
            if row is None or sound[row]:
                leaving.setdefault(case.id, []).append(name)
        for case_id, names in leaving.items():
            rows = np.array([row_of[name] for name in names if name in row_of], dtype=np.intp)
            self._tracker.leave(now, self._tracker.cases[case_id], names, "lit", self._shown(rows))

    def _open(self, now: int, silent: Mask) -> None:
        """Opens the cases of the series that were low for the hold."""
        runs, every = self.runs, self._every()
        enough = runs.count * every >= self._book.data_share * (runs.last - runs.since)
        held = runs.held(LOW, self._book.hold, now, every) & enough
        held &= self._sure >= runs.since
        fresh = now - self._last <= 2 * every + self._book.hold
        by_circuit = np.zeros(len(self._supply.ids), dtype=bool)
        by_circuit[self._cabinet_of[~self._whole & fresh]] = True
        judged = fresh & (~self._whole | ~by_circuit[self._cabinet_of])
        self._dimmed |= self._dimmed_now(judged)
        members = self._tracker.members(FAMILY[TYPE])
        # What the last reading does not say any more, as it settles or its lamps are seen dark, is
        # no loss.
        found = held & judged & ~self._dimmed & (runs.last == self._last)
        for row in np.flatnonzero(found).tolist():
            if self._supply.names[row] in members or self._is_explained(row, now, silent):
                continue
            together = np.flatnonzero(judged & (self._cabinet_of == self._cabinet_of[row]))
            down = (runs.doing[together] == LOW) & (
                self._power_w[together] < _MANY_DARK * self.reference[together]
            )
            cabinet = self._supply.ids[self._cabinet_of[row]]
            if len(together) > 1 and down.all():
                if held[together].all():
                    self._report(now, f"cabinet:{cabinet}", together)
                continue
            circuit = self._supply.circuit[row]
            subject = f"circuit:{circuit}" if circuit else f"cabinet:{cabinet}"
            self._report(now, subject, np.array([row]))

    def _dimmed_now(self, judged: Mask) -> Mask:
        lit = judged & ~self._told & (self._power_w >= self._book.off_w)
        share = self._power_w / np.where(self.reference > 0, self.reference, np.nan)
        within = int(np.max(self._book.hold))
        low = self.runs.doing == LOW
        return dimmed_together(low, lit, share, self.runs.since, within, self._cabinet_of)

    def _is_explained(self, row: int, now: int, silent: Mask) -> bool:
        """Whether lamps have the case already, or may have it once they were heard again."""
        subject = f"circuit:{self._supply.circuit[row]}"
        for type_ in ("streetlight.segment_unlit", "device.silent"):
            if self._tracker.find(type_, subject):
                return True
        lamps, book = self._supply.lamps_of(row), at(self._book, row)
        waited = now - self.runs.since[row] > 2 * book.hold
        if not len(lamps) or waited:
            return False
        unheard = (self._lamps.last[lamps] < self.runs.since[row]) & ~silent[lamps]
        unheard &= self._lamps.last[lamps] > 0
        return bool(unheard.mean() > 1 - book.known_share)

    def _report(self, now: int, subject: str, rows: Rows) -> None:
        shown = self._shown(rows)
        shown["since"] = to_rfc3339(int(self.runs.since[rows].min()))
        cause = "lamps"
        if (self._power_w[rows] < at(self._book, rows).off_w).all():
            cause = "not_switched" if (self._contactor[rows] == 0).all() else "outage"
        names = [self._supply.names[row] for row in rows.tolist()]
        self._tracker.open(now, TYPE, subject, names, cause, shown)

    def _shown(self, rows: Rows) -> dict[str, Any]:
        power, reference = self._power_w[rows].sum(), self.reference[rows].sum()
        shown: dict[str, Any] = {"power_w": round(float(power), 1)}
        if not np.isnan(reference):
            lost = max(float(reference - power), 0.0)
            shown |= {"reference_w": round(float(reference), 1), "lost_w": round(lost, 1)}
            lamps = int(self._supply.demand.lamps[rows].sum())
            if lamps and reference > 0:
                shown["lamps_lost"] = round(lost / float(reference) * lamps)
        return shown

    def contactor(self, now: int, lamps: Rows) -> float | None:
        """What the contactors that feed some lamps say (:data:`rules.lamps.upstream.Contactor`)."""
        if now != self._said_at:
            heard = now - self._contactor_at <= 2 * self._every() + MINUTE
            # Of a lamp that hangs on no series, -1, nothing is said.
            self._said = np.append(np.where(heard, self._contactor, np.nan), np.nan)
            self._said_at = now
        circuit, cabinet = self._supply.fed_by(lamps)
        of_circuit = self._said[circuit]
        said = set(np.where(np.isnan(of_circuit), self._said[cabinet], of_circuit).tolist())
        return said.pop() if len(said) == 1 and not math.isnan(next(iter(said))) else None

    def sight(self, name: str) -> Sight:
        """What is seen of a series."""
        row = self._supply.row_of.get(name)
        if row is None:
            return Sight()
        says = {SOUND: SEEN_SOUND, LOW: FAULT}.get(int(self.runs.doing[row]), NOTHING)
        return Sight(says, int(self.runs.last[row]), at(self._book, row).hold)

    def _every(self, rows: Rows | Codes | slice = slice(None)) -> NDArray[np.int64]:
        every = self._cabinet_every[self._cabinet_of[rows]]
        return np.where(every > 0, every, _DEFAULT_EVERY)
