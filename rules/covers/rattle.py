"""Rattling covers (井盖跳响): impacts per pass far above the cover's own normal.

Passes are gathered into windows, so that a busy road and a quiet one are judged on equal evidence
and a surge of traffic changes nothing. Each window's impacts per pass are held against the median
and MAD of the cover's own earlier windows (robust z, MAD floored by what chance alone would give),
and must exceed nine in ten of them: by night there are more lorries, which strike harder. Until it
has enough of them, from around the clock, its spread is taken as one that only a loud cover
exceeds; without three there is no verdict. Where the sensor sends vibration or captured waveforms
too, one of them must have grown as well: energy or impulsiveness (domain facts).
And it must last: a convoy passes, a loose cover stays loose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY
from facility.inventory import Inventory
from facility.readings import Codes, Floats, ReadingBatch
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.covers.bursts import Bursts
from rules.fleet import Mask, Rows, rounds
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.tracker import FAMILY, Tracker

TYPE = "cover.rattle"

_KEPT = 48
"""Windows a cover's normal is learned from: about two days on a main road."""

_MAD_TO_SIGMA = 1.4826
_VIBRATION = ("vib_rms_g", "vib_peak_g", "kurtosis")


class RattleDetector:
    """Opens and ends ``cover.rattle``. Arrays are (n, …), in the order of the inventory.

    Features of a window are impacts per pass, then the means of ``_VIBRATION`` weighted by passes.
    """

    KEPT = (
        *("_last", "_passes", "_sums", "_window", "_windows", "_learned", "_first", "_begun"),
        *("_normal", "_score", "_loud", "_restless", "_quiet", "_since", "_judged_at", "_bursts"),
    )

    def __init__(self, inventory: Inventory, book: Rulebook, tracker: Tracker) -> None:
        self._book = book.rattle
        self._tracker = tracker
        self._ids = [cover.id for cover in inventory.covers]
        self._row_of = {cover_id: row for row, cover_id in enumerate(self._ids)}
        n = len(self._ids)
        features = 1 + len(_VIBRATION)
        self._last = np.zeros(n, dtype=np.int64)
        self._passes = np.zeros(n)
        self._sums = np.zeros((n, features))
        self._window: NDArray[np.float32] = np.full((n, features), np.nan, dtype=np.float32)
        self._windows = np.full((n, _KEPT, features), np.nan, dtype=np.float32)
        self._learned = np.zeros(n, dtype=np.int32)
        self._normal = np.full(n, np.nan, dtype=np.float32)
        self._score = np.zeros(n, dtype=np.float32)
        self._loud = np.zeros(n, dtype=np.int16)
        self._restless = np.zeros(n, dtype=np.int16)
        self._quiet = np.zeros(n, dtype=np.int16)
        self._bursts = Bursts(n)
        # When the last window was full, the first one learned, the current one begun, and the run
        # of restless or of quiet ones, ms.
        self._judged_at, self._first, self._begun, self._since = (
            np.zeros(n, dtype=np.int64) for _ in range(4)
        )

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its covers. Late readings are left out of the windows."""
        passes, hits = batch.column("passes"), batch.column("hits")
        usable = (passes > 0) & ~np.isnan(hits)
        bursts = Bursts.cells(batch)
        cells = np.stack([hits, *(batch.column(name) * passes for name in _VIBRATION)], axis=1)
        for part in rounds(rows, batch.ts):
            part = part[batch.ts[part] > self._last[rows[part]]]
            self._last[rows[part]] = batch.ts[part]
            part = part[usable[part]]
            row = rows[part]
            fresh = self._passes[row] == 0
            self._begun[row[fresh]] = batch.ts[part[fresh]]
            self._passes[row] += passes[part]
            # A feature the sensor does not send stays NaN, and is then not asked about.
            self._sums[row] += cells[part]
            self._bursts.take(row, bursts[part])
            full = row[self._passes[row] >= at(self._book, row).window_passes]
            if len(full):
                self._judged_at[full] = self._last[full]
                self._close_windows(full)

    def _close_windows(self, row: Codes) -> None:
        """Judges the windows of the given covers and starts the next ones."""
        passes = self._passes[row]
        window = self._sums[row] / passes[:, None]
        window[:, 0] = np.minimum(window[:, 0], 1.0)
        self._window[row] = window
        loud, restless, quiet = self._heard(row, window, passes)
        began = (restless & (self._restless[row] == 0)) | (quiet & (self._quiet[row] == 0))
        self._since[row[began]] = self._begun[row[began]]
        for run, now in ((self._loud, loud), (self._restless, restless), (self._quiet, quiet)):
            run[row] = np.where(now, np.minimum(run[row] + 1, 1000), 0)
        # What stands out is never learned as normal, nor anything while a case is open. The first
        # few stand out from nothing.
        members = self._tracker.members(FAMILY[TYPE])
        calm = row[~restless]
        learn = np.array([self._ids[r] not in members for r in calm.tolist()], dtype=bool)
        calm = calm[learn]
        self._bursts.learn(calm)
        self._windows[calm, self._learned[calm] % _KEPT] = self._window[calm]
        self._first[calm] = np.where(self._learned[calm] > 0, self._first[calm], self._begun[calm])
        self._learned[calm] += 1
        self._passes[row] = 0
        self._sums[row] = 0

    def _heard(self, row: Codes, window: Floats, passes: Floats) -> tuple[Mask, Mask, Mask]:
        """(far above its cover's normal, well above it, near it) of each window, each (n,)."""
        book = at(self._book, row)
        ratio = window[:, 0]
        count = np.minimum(self._learned[row], _KEPT)
        past = self._windows[row]
        normal = np.full((len(row), window.shape[1]), np.nan)
        spread, usual = np.zeros(len(row)), np.zeros(len(row))
        some = np.flatnonzero(count >= book.least_windows)
        for feature in range(window.shape[1]):
            sent = some[~np.isnan(past[some, :, feature]).all(axis=1)]
            normal[sent, feature] = np.nanmedian(past[sent, :, feature], axis=1)
        if len(some):
            deviation = np.abs(past[some, :, 0] - normal[some, :1])
            spread[some] = _MAD_TO_SIGMA * np.nanmedian(deviation, axis=1)
            usual[some] = _usual(past[some, :, 0], at(self._book, row[some]).usual_share)
        # A day around the clock, and so many windows, until its own spread is trusted alone.
        whole = self._last[row] - self._first[row] >= DAY
        doubt = np.clip(1 - whole * count / book.learn_windows, 0, 1)
        median = normal[:, 0]
        chance = np.sqrt(np.clip(median * (1 - median), 0, None) / passes) + book.least_deviation
        scale = np.maximum(np.maximum(spread, chance), doubt * book.prior_scale)
        score, excess = (ratio - median) / scale, ratio - np.maximum(median, usual)
        self._normal[row] = median
        self._score[row] = score
        grown = window[:, 1:] / np.where(normal[:, 1:] > 0, normal[:, 1:], np.nan)
        told = ~np.isnan(grown)
        shakes = np.where(told, grown, 0).max(axis=1) >= book.vibration
        captured, strikes = self._bursts.close(row, book)
        shakes |= strikes | ~(told.any(axis=1) | captured)
        above = (score >= book.clear_share * book.z) & (excess >= book.clear_share * book.excess)
        loud = (score >= book.z) & (excess >= book.excess)
        return loud & shakes, above & shakes, ~above & ~np.isnan(median)

    def judge(self, now: int) -> None:
        """Opens and ends cases by the covers' last windows."""
        members = self._tracker.members(FAMILY[TYPE])
        lasted = self._last - self._since
        quiet = (self._quiet >= self._book.windows) & (lasted >= self._book.off_hold)
        for cover, case in list(members.items()):
            row = self._row_of.get(cover)
            if row is None or quiet[row]:
                shown = {} if row is None else self._shown(row)
                self._tracker.leave(now, case, (cover,), "quiet", shown)
        loud = (self._loud >= self._book.windows) & (lasted >= self._book.hold)
        loud |= (self._restless >= self._book.long_windows) & (lasted >= self._book.long_hold)
        raised: Rows = np.flatnonzero(loud & (self._restless > 0))
        for row in raised.tolist():
            cover = self._ids[row]
            if cover not in members:
                self._tracker.open(
                    now, TYPE, f"cover:{cover}", (cover,), "impacts", self._shown(row)
                )

    def sight(self, cover: str) -> Sight:
        """What is seen of a cover by its last window: each is a reading. The first one after a
        repair may have passes from before it, so one more is asked for."""
        row = self._row_of.get(cover)
        if row is None:
            return Sight()
        says = FAULT if self._restless[row] else SOUND if self._quiet[row] else NOTHING
        return Sight(says, int(self._judged_at[row]), readings=int(at(self._book, row).windows) + 1)

    def _shown(self, row: int) -> dict[str, object]:
        window = self._window[row]
        shown: dict[str, object] = {
            "hits_per_pass": round(float(window[0]), 3),
            "normal": round(float(self._normal[row]), 3),
            "z": round(float(self._score[row]), 1),
            "windows_learned": int(self._learned[row]),
        }
        for name, value in zip(_VIBRATION, window[1:].tolist(), strict=True):
            if not np.isnan(value):
                shown[name] = round(value, 2)
        return shown | self._bursts.shown(row)


def _usual(past: NDArray[np.float32], share: Any) -> NDArray[np.float32]:
    """What that share of each cover's windows do not exceed, (n,); NaN is no window.

    As numpy's nanquantile, which calls Python for each row: of 24,000 covers that have just been
    heard for a day it took half a minute.
    """
    ranked = np.sort(past, axis=1)
    place = ((~np.isnan(past)).sum(axis=1) - 1) * np.float32(share)
    below = np.floor(place).astype(np.intp)
    above = np.ceil(place).astype(np.intp)
    row = np.arange(len(past))
    low, high = ranked[row, below], ranked[row, above]
    return np.asarray(low + (high - low) * (place - below), dtype=np.float32)
