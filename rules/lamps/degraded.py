"""Degraded lamps: lit but weak, going out and coming back, of poor power factor, or so reported.

Only readings of a lamp that is lit as planned say anything of its power and power factor, and only
medians of three are judged. What many lamps of a circuit show at once is how they are built, fed
or dimmed, and no lamp's fault; a lamp that does not send its dimming level is judged only beside
its circuit, since a controller may dim as it likes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, MINUTE, SECOND, to_rfc3339
from facility.inventory import Inventory
from facility.measurements import LAMP_FAULTS
from facility.readings import Codes, Floats, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import Mask, among
from rules.lamps.circuits import Circuits, Small
from rules.lamps.evidence import low_power_share
from rules.lamps.state import LIT_AS_PLANNED, UNLIT, Lamps, Seen
from rules.limits import Alarm
from rules.runs import Runs
from rules.sight import FAULT, NOTHING, Sight
from rules.sight import SOUND as SEEN_SOUND
from rules.tracker import FAMILY, Tracker

TYPE = "streetlight.degraded"

CAUSES = ("cycling", "gear_failure", "relay_failure", "leakage", "weak", "poor_power_factor")
"""What a case is named after. Those before ``weak`` may be the controller's own words."""

SOUND = 1
_COMMON = 2 + len(CAUSES)
"""At fault as its circuit is: neither sound nor a lamp's fault."""

_CYCLING, _WEAK, _POOR = (2 + CAUSES.index(c) for c in ("cycling", "weak", "poor_power_factor"))
_FLAGS = [(2 + CAUSES.index(name), 1 << LAMP_FAULTS.index(name)) for name in CAUSES[:4]]

_FRESH = 1.5
"""Report intervals for which a lamp's last reading says how its circuit is."""

_LOOK_EVERY = 2 * MINUTE
"""How often the circuits are looked at."""

_STEADY_FOR = HOUR
"""What a segment draws must have been steady for so long before it says what one lamp should."""

_LOADED = 0.4
"""Share of its rating from which a lamp's power factor is judged: below, drivers fall off."""


class DegradedDetector:
    """Opens and ends ``streetlight.degraded``. Arrays are (n, …), in the inventory's order."""

    KEPT = (
        "runs",
        "_circuits",
        "_last",
        "_fine",
        "_before",
        "_share",
        "_factor",
        "_shares",
        "_factors",
        "_changes",
    )

    def __init__(
        self, inventory: Inventory, lamps: Lamps, book: Rulebook, tracker: Tracker
    ) -> None:
        n = len(lamps)
        self._book = book.degraded
        self._lit_by = book.lamps
        self._lamps = lamps
        self._tracker = tracker
        self._alarm = Alarm(TYPE, inventory.streetlights, tracker)
        self._circuits = Circuits(inventory)
        self.runs = Runs(n)
        self._last: Times = np.zeros(n, dtype=np.int64)
        self._before: NDArray[np.int8] = np.zeros(n, dtype=np.int8)
        # Lit and sound by all of its last readings.
        self._fine: Mask = np.zeros(n, dtype=bool)
        # Power as a share of the least of a sound lamp at its level, and power factor: the last of
        # each, and the last three as shares of their limits, newest last.
        self._share, self._factor = (np.full(n, np.nan, dtype=np.float32) for _ in range(2))
        self._shares, self._factors = (_ring(n) for _ in range(2))
        # When it last went out or came back, s since 1970, newest last.
        self._changes: NDArray[np.int32] = np.zeros((n, book.degraded.changes), dtype=np.int32)

    def feed(self, rows: Codes, batch: ReadingBatch, seen: Seen) -> None:
        """Takes a batch in; ``rows`` are its lamps, ``seen`` what was made of it."""
        book = at(self._book, rows)
        if not ((seen.doing == LIT_AS_PLANNED) | (seen.doing == UNLIT)).any():
            return
        dim = batch.column("dim_pct")
        levelled = ~np.isnan(dim)
        rated = self._lamps.draws.full_w(rows)
        least = low_power_share(np.where(levelled, dim / 100, 1.0), at(self._lit_by, rows))
        share = seen.power_w / (least * rated)
        loaded = np.where(levelled, dim >= 100 * _LOADED, seen.power_w >= _LOADED * rated)
        factor = np.where(loaded, batch.column("power_factor"), np.nan)
        self._circuits.tell(rows, levelled)
        of_limit = self._of_limit(rows, batch.ts, share, levelled)
        usual = self._circuits.factor
        group = usual.group(rows)
        beside = factor / usual.less(group, book.factor_below_peers)
        of_limit_factor = factor / book.factor
        allowed = usual.hold(group, of_limit_factor, beside, of_limit_factor)
        faults = np.nan_to_num(batch.column("faults")).astype(np.int64)
        # Nothing goes out by itself where the controller was told to switch it off.
        doing = np.where((seen.doing == UNLIT) & (dim == 0), 0, seen.doing)
        fine = (doing == LIT_AS_PLANNED) & (faults == 0) & _fine(of_limit, book.clear)
        fine &= _fine(allowed, book.clear)
        for part in seen.rounds:
            part = among(part, (doing[part] == LIT_AS_PLANNED) | (doing[part] == UNLIT))
            last = self._last[rows[part]]
            newer = batch.ts[part] > last
            # Nearly all readings are of a lamp that was fine and still is: its medians would say
            # the same.
            still = fine[part] & self._fine[rows[part]] & (last >= seen.switched[part]) & newer
            going = among(part, still)
            row = rows[going]
            self._last[row] = self.runs.last[row] = batch.ts[going]
            self._share[row], self._factor[row] = share[going], factor[going]
            if still.all():
                continue
            part = among(part, newer & ~still)
            row, ts, lit = rows[part], batch.ts[part], doing[part] == LIT_AS_PLANNED
            self._count_changes(row, ts, doing[part], seen.switched[part])
            self._share[row], self._factor[row] = share[part], factor[part]
            _push(self._shares, row[lit], of_limit[part][lit])
            _push(self._factors, row[lit], allowed[part][lit])
            verdict = self._verdict(row, ts, lit, faults[part])
            self.runs.advance(row, ts, verdict, seen.switched[part])
            self._last[row] = ts
            enough = np.asarray(at(self._book, row).clear)[..., None]
            clear = _fine(self._shares[row], enough) & _fine(self._factors[row], enough)
            sound = (verdict == SOUND) & (self.runs.count[row] >= 2)
            self._fine[row] = sound & clear.all(axis=1)

    def _of_limit(self, rows: Codes, ts: Times, share: Floats, levelled: Mask) -> Floats:
        """Each reading's power as a share of its limit, (n,); see :meth:`Usual.hold`.

        Without a level a lamp is judged beside its segment alone, and only while that is steady:
        a step of dimming reaches its lamps' readings one after the other.
        """
        usual, weak = self._circuits, at(self._book, rows).weak_of_peers
        group = usual.share.group(rows)
        # Without others beside it a lamp is held against its rating alone, which may be wrong.
        beside = share / usual.share.beside(group, weak)
        told = usual.share.hold(group, share, beside, share / weak)
        if levelled.all():
            return told
        group = usual.segment.group(rows)
        beside = share / usual.segment.beside(group, weak)
        untold = usual.segment.hold(group, share, beside, np.nan)
        span = np.maximum(_STEADY_FOR, 2 * self._lamps.every[rows])
        steady = usual.segment.steady(group, ts, span)
        judged = (steady & ~self._lamps.draws.dimmed[rows]) | (untold >= 1)
        return np.where(levelled, told, np.where(judged, untold, np.inf))

    def _count_changes(
        self, row: Codes, ts: Times, doing: NDArray[np.int8], switched: Times
    ) -> None:
        """Remembers when lamps went out or came back within a lit period of their plan."""
        before = self._before[row]
        within = self._last[row] >= switched + at(self._lit_by, row).settle
        changed = within & (before != 0) & (before != doing)
        self._before[row] = doing
        row = row[changed]
        if len(row):
            self._changes[row, :-1] = self._changes[row, 1:]
            self._changes[row, -1] = ts[changed] // SECOND

    def _verdict(
        self, row: Codes, ts: Times, lit: Mask, faults: NDArray[np.int64]
    ) -> NDArray[np.int8]:
        """What each reading, with those before it, says of its lamp, int8 (k,)."""
        book = at(self._book, row)
        share, factor = _median(self._shares[row]), _median(self._factors[row])
        cycling = ts // SECOND - self._changes[row, 0] <= book.changes_within // SECOND
        cycling |= ((faults & _FLAGS[0][1]) != 0) & lit
        flagged = [lit & ((faults & bit) != 0) for _, bit in _FLAGS[1:]]
        common = np.isinf(share) | np.isinf(factor)
        # Within the dead band nothing is said; what was goes on.
        doubtful = (share < book.clear) | (factor < book.clear)
        return np.select(
            [cycling, *flagged, ~lit, share < 1, factor < 1, common, doubtful],
            [_CYCLING, *(code for code, _ in _FLAGS[1:]), 0, _WEAK, _POOR, _COMMON, 0],
            default=SOUND,
        ).astype(np.int8)

    def judge(self, now: int, silent: Mask) -> None:
        """Opens and ends cases by what the lamps last said."""
        book, runs, every = self._book, self.runs, self._lamps.every
        if now % _LOOK_EVERY == 0:
            fresh = (self._before == LIT_AS_PLANNED) & (now - self._last <= _FRESH * every)
            self._circuits.see(now, fresh, self._share, self._factor, book)
        open_rows = self._alarm.open_rows(now)
        if open_rows:
            sound = runs.lasting(np.array(open_rows), SOUND, book.sound_hold, now, every)
            for row, is_sound in zip(open_rows, sound.tolist(), strict=True):
                if is_sound:
                    self._alarm.end(now, row, "sound", self._shown(row))
        if not ((runs.doing > SOUND) & (runs.doing < _COMMON)).any():
            return
        found: Mask = np.zeros(len(silent), dtype=bool)
        for code in range(2, _COMMON):
            found |= runs.held(code, 0 if code == _CYCLING else book.hold, now, every)
        # In daylight what was found at night is history.
        planned, since = self._lamps.planned_now(now)
        found &= planned & (runs.since >= since) & ~silent
        unlit = self._tracker.members(FAMILY["streetlight.unlit"])
        for row in np.flatnonzero(found).tolist():
            if self._alarm.id(row) not in unlit:
                cause = CAUSES[runs.doing[row] - 2]
                self._alarm.open(now, row, cause, self._shown(row))

    def sight(self, lamp: str) -> Sight:
        """What is seen of a lamp while it is lit."""
        row = self._alarm.row(lamp)
        if row is None:
            return Sight()
        doing = int(self.runs.doing[row])
        says = SEEN_SOUND if doing == SOUND else FAULT if SOUND < doing < _COMMON else NOTHING
        return Sight(says, int(self.runs.last[row]), at(self._book, row).hold)

    def unsettled(self, now: int) -> Mask:
        """Lamps that lately went out and came back, bool (n,): cycling, or about to be found so."""
        lately = (now - self._book.changes_within) // SECOND
        back: Mask = self._changes[:, -2] >= lately
        return back

    def _shown(self, row: int) -> dict[str, Any]:
        shown: dict[str, Any] = {"since": to_rfc3339(int(self.runs.since[row]))}
        power = float(self._lamps.power_w[row])
        if not np.isnan(power):
            shown["power_w"] = round(power, 1)
        share, factor = float(self._share[row]), float(self._factor[row])
        if not np.isnan(share):
            shown["of_least_power"] = round(share, 2)
        if not np.isnan(factor):
            shown["power_factor"] = round(factor, 2)
        lately = self._changes[row] >= (self._last[row] - self._book.changes_within) // SECOND
        if lately.any():
            shown["changes"] = int(lately.sum())
        return shown


def _fine(values: Floats | Small, clear: float | Floats) -> Mask:
    """Where a value is well over its limit, or is not known; not where its circuit explains it."""
    fine: Mask = ~(values < clear) & ~np.isinf(values)
    return fine


def _ring(n: int) -> Small:
    """The last three values of each row, (n, 3), each column of its own in memory."""
    return np.full((n, 3), np.nan, dtype=np.float32, order="F")


def _push(ring: Small, row: Codes, values: Floats) -> None:
    """Adds each row's value at the end of its ring, where there is one."""
    given = ~np.isnan(values)
    row = row[given]
    ring[row, 0], ring[row, 1] = ring[row, 1], ring[row, 2]
    ring[row, 2] = values[given]


def _median(ring: Small) -> Small:
    """The median of each row's three values, (k,); NaN until there are three."""
    a, b, c = ring.T
    median: Small = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return median
