"""Odour: the mean of an hour over the boundary limit (GB 14554-93, class 2).

The hour (``mean_over``) slides, and each reading counts for the time since the one before it. A
smelly lorry is over the limit for minutes and not as a mean; too few readings of a gas make no mean
of it, and one reading alone does not carry it over the limit. A station that reports more seldom
than twice an hour is judged by its last two reports. Readings over the workers' limit belong to
:mod:`rules.stations.gas_hazard` and are left out: one fault, one case.
"""

from __future__ import annotations

from bisect import insort
from typing import Any, ClassVar

import numpy as np

from facility.clock import MINUTE, to_rfc3339
from facility.inventory import Inventory
from facility.readings import Codes, Floats, ReadingBatch, Times
from rules.book.overrides import at
from rules.book.rulebook import Rulebook
from rules.fleet import Mask
from rules.limits import Alarm
from rules.sight import FAULT, NOTHING, SOUND, Sight
from rules.stations.gas_hazard import over_limit
from rules.tracker import FAMILY, Tracker

TYPE = "station.odour"
GASES = {"h2s_mg_m3": "hydrogen_sulphide", "nh3_mg_m3": "ammonia", "odour": "odour"}
"""Field → the cause of the case."""

_DEFAULT_EVERY = 10 * MINUTE

Hour = list[tuple[int, tuple[float, ...]]]
"""(ts, the fields of ``GASES``) of the readings of a station's last hour, in order of time."""


class OdourDetector:
    """Opens and ends ``station.odour``."""

    PLAIN: ClassVar[dict[str, Any]] = {
        "_hours": list[Hour],
        "_changed": set[int],
        "_over_since": list[int],
        "_under_since": list[int],
        "_high_at": list[int],
    }

    def __init__(
        self, inventory: Inventory, every: Times, book: Rulebook, tracker: Tracker
    ) -> None:
        self._book = book.odour
        self._workers = book.gas_hazard
        self._every = every
        self._ids = [station.id for station in inventory.stations]
        self._tracker = tracker
        self._alarm = Alarm(TYPE, inventory.stations, tracker)
        self._hours: list[Hour] = [[] for _ in inventory.stations]
        self._changed: set[int] = set()
        # Since when the mean has been over its limit, or well below it, ms; 0 while it is not.
        self._over_since, self._under_since = ([0] * len(self._ids) for _ in range(2))
        # The newest reading that was over a limit by itself, ms.
        self._high_at = [0] * len(self._ids)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its stations. Late readings take their place."""
        values = np.stack([batch.column(field) for field in GASES], axis=1)
        usable = ~np.isnan(values).all(axis=1)
        for over in over_limit(batch, at(self._workers, rows)).values():
            usable &= ~over
        high: Mask = np.any(values > self._limits(rows), axis=1, keepdims=True)[:, 0]
        for i in np.flatnonzero(usable).tolist():
            row = int(rows[i])
            hour, reading = self._hours[row], (int(batch.ts[i]), tuple(values[i].tolist()))
            if any(ts == reading[0] for ts, _ in hour):
                continue
            insort(hour, reading, key=lambda one: one[0])
            if high[i]:
                self._high_at[row] = max(self._high_at[row], reading[0])
            span = int(at(self._book, row).mean_over)
            while hour[0][0] <= hour[-1][0] - max(span, 2 * self._paced(row)):
                del hour[0]
            self._changed.add(row)

    def judge(self, now: int) -> None:
        """Opens and ends cases by the means of the stations that were heard."""
        open_rows = self._alarm.open_rows(now)
        followed = {
            row: self._follow(row)
            for row in sorted(self._changed)
            if row in open_rows or self._may_be_over(row)
        }
        for row in self._changed - followed.keys():
            self._over_since[row] = self._under_since[row] = 0
        self._changed.clear()
        for row in open_rows:
            shares = (
                self._shares(row) if self._has_held(row, self._under_since, "off_hold") else None
            )
            if shares is not None:
                self._alarm.end(now, row, "clean", self._shown(row, shares))
        hazards = self._tracker.members(FAMILY["station.gas_hazard"])
        for row, shares in followed.items():
            if shares is None or not self._has_held(row, self._over_since, "hold"):
                continue
            if self._ids[row] in hazards:
                continue
            worst = int(np.nanargmax(shares))
            if self._carried_by_one(row, worst):
                continue
            cause = list(GASES.values())[worst]
            self._alarm.open(now, row, cause, self._shown(row, shares))

    def _may_be_over(self, row: int) -> bool:
        """Whether a mean may be over its limit: no mean is of which no reading is."""
        hour = self._hours[row]
        return self._high_at[row] >= hour[0][0]

    def _follow(self, row: int) -> Floats | None:
        """Takes note of since when a station's mean is what it is; its :meth:`_shares`."""
        shares, last = self._shares(row), self._hours[row][-1][0]
        worst = np.nan if shares is None else float(np.nanmax(shares))
        over, under = worst > 1, worst < at(self._book, row).clear_share
        self._over_since[row] = (self._over_since[row] or last) if over else 0
        self._under_since[row] = (self._under_since[row] or last) if under else 0
        return shares

    def _has_held(self, row: int, since: list[int], hold: str) -> bool:
        lasted = self._hours[row][-1][0] - since[row] if self._hours[row] else 0
        return since[row] > 0 and lasted >= getattr(at(self._book, row), hold)

    def sight(self, station: str) -> Sight:
        """What is seen of a station by its last hour; an hour that began before a repair is none
        after it."""
        row = self._alarm.row(station)
        shares = None if row is None else self._shares(row)
        if row is None or shares is None:
            return Sight()
        worst = float(np.nanmax(shares))
        says = FAULT if worst > 1 else SOUND if worst < at(self._book, row).clear_share else NOTHING
        return Sight(says, self._hours[row][-1][0], hold=int(at(self._book, row).mean_over))

    def _shares(self, row: int) -> Floats | None:
        """The hour's means against their limits, (gases,), NaN of a gas of which too little was
        measured; None while that is so of all of them."""
        weight = self._weights(row)
        values = np.array([fields for _, fields in self._hours[row]])
        if not len(values):
            return None
        means, known = self._means(values, weight)
        book = at(self._book, row)
        enough = known >= book.min_share * book.mean_over
        if not enough.any():
            return None
        return np.asarray(np.where(enough, means, np.nan) / self._limits(row))

    def _limits(self, rows: Codes | int) -> Floats:
        """A station's limits, (gases,); of several each has its own where they differ."""
        book = at(self._book, rows)
        limits = np.broadcast_arrays(book.h2s_mg_m3, book.nh3_mg_m3, book.odour)
        return np.stack(limits, axis=-1)

    def _carried_by_one(self, row: int, gas: int) -> bool:
        """Whether the mean is below the limit without its highest reading."""
        values = np.array([fields[gas] for _, fields in self._hours[row]])
        others = np.arange(len(values)) != np.nanargmax(values)
        means, _ = self._means(values[others, None], self._weights(row)[others])
        return not means[0] > self._limits(row)[gas]

    def _paced(self, row: int) -> int:
        """A station's report interval, ms."""
        return int(self._every[row]) or _DEFAULT_EVERY

    def _weights(self, row: int) -> Times:
        """For how long each of the hour's readings stands, (n,) ms."""
        every = self._paced(row)
        ts = np.array([at for at, _ in self._hours[row]], dtype=np.int64)
        return np.minimum(np.diff(ts, prepend=ts[:1] - every), 2 * every)

    @staticmethod
    def _means(values: Floats, weight: Times) -> tuple[Floats, Floats]:
        """(weighted mean of each column, NaN where it has no value, for how long it has, ms)."""
        given = ~np.isnan(values)
        weights = weight[:, None] * given
        known = weights.sum(axis=0)
        sums = (np.where(given, values, 0) * weights).sum(axis=0)
        means: Floats = np.divide(sums, known, out=np.full(len(known), np.nan), where=known > 0)
        return means, known.astype(np.float64)

    def _shown(self, row: int, shares: Floats) -> dict[str, Any]:
        means = zip(GASES, (shares * self._limits(row)).tolist(), strict=True)
        shown: dict[str, Any] = {
            f"mean_{name}": round(mean, 3) for name, mean in means if not np.isnan(mean)
        }
        return {**shown, "at": to_rfc3339(self._hours[row][-1][0])}
