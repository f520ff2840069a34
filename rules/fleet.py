"""The inventory as columns: one row a device, and when each was last heard from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from facility.clock import MINUTE, SECOND
from facility.inventory import Inventory
from facility.measurements import STATUS, Kind
from facility.readings import Codes, Names, ReadingBatch, Times, split_series
from rules.arrivals import OVERDUE, Arrivals
from rules.intervals import Intervals

Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]

Minutes = NDArray[np.int32]
"""Times of taking stock, in full minutes since 1970; 0 for none."""

_DEFAULT_EVERY = 10 * MINUTE

_JUST = 5 * MINUTE
"""How long after one device of a concentrator the others are heard."""

_DUE, _LATE = 0.95, 1.1
"""Intervals after the last report that the next is due, and that it is late."""


class Fleet:
    """Every device's row, report interval and last sign of life.

    Devices stand kind after kind, so those of a kind are the rows ``span(kind)``.
    ``every`` int64 (n,) ms, 0 while unknown; ``heard`` int64 (n,) ms, the arrival of the newest
    telemetry, 0 before any. ``learners`` are the rows whose interval the inventory does not give,
    which is ``learned``.
    """

    KEPT = ("heard", "arrivals", "learned")
    PLAIN: ClassVar[dict[str, Any]] = {"_held_up": dict[str, int]}

    def __init__(self, inventory: Inventory) -> None:
        self.ids: list[str] = []
        self._spans: dict[str, tuple[int, int]] = {}
        given: list[int] = []
        for kind in Kind:
            start = len(self.ids)
            for asset in inventory.of_kind(kind):
                self.ids.append(asset.id)
                given.append((asset.report_every_s or 0) * SECOND)
            self._spans[kind] = (start, len(self.ids))
        self._spans[STATUS] = (0, len(self.ids))
        self.row_of = {asset_id: row for row, asset_id in enumerate(self.ids)}
        self.every: Times = np.array(given, dtype=np.int64)
        many = [end - start for start, end in (self._spans[kind] for kind in Kind)]
        self.arrivals = Arrivals(np.repeat(np.arange(len(many), dtype=np.int8), many), self.every)
        self.heard: Times = np.zeros(len(self.ids), dtype=np.int64)
        self.learners: Rows = np.flatnonzero(self.every == 0)
        self._place = np.full(len(self.ids), -1, dtype=np.int32)
        self._place[self.learners] = np.arange(len(self.learners))
        self.learned = Intervals([self.ids[row] for row in self.learners.tolist()])
        # When devices were last heard of which one reading came that was held up on its way.
        self._held_up: dict[str, int] = {}
        self.on_change: Mask = np.zeros(len(self.ids), dtype=bool)
        self._names: Names | None = None
        self._row_of_code: Codes = np.empty(0, dtype=np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    def span(self, kind: Kind) -> slice:
        """The rows of a kind."""
        return slice(*self._spans[kind])

    def rows(self, batch: ReadingBatch) -> Codes:
        """The row of each reading's device, int32 (n,); -1 where none of that kind is installed."""
        if batch.names is not self._names:
            self._names, self._row_of_code = batch.names, np.empty(0, dtype=np.int32)
        known = len(self._row_of_code)
        if known < len(batch.names):
            found = [
                self.row_of.get(split_series(name)[0], -1) for name in batch.names.names[known:]
            ]
            self._row_of_code = np.append(self._row_of_code, np.array(found, dtype=np.int32))
        rows = self._row_of_code[batch.series]
        start, end = self._spans[batch.table]
        return np.where((rows >= start) & (rows < end), rows, -1)

    def hear(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes note of a batch's signs of life; ``rows`` are its devices, all installed."""
        if len(self.learners):
            place = self._place[rows]
            mine = np.flatnonzero(place >= 0)
            for part in rounds(place[mine], batch.ts[mine]):
                self.learned.learn(place[mine[part]], batch.ts[mine[part]])
            self.take_learned()
        # The first bundle of a device tells its interval, and that it sends bundles.
        before = self.heard[rows]
        stale = self._stale(rows, batch, before)
        if len(stale):
            rows, before = np.delete(rows, stale), np.delete(before, stale)
            batch = batch.take(np.delete(np.arange(len(batch)), stale))
        self.arrivals.learn(rows, batch.ts, batch.arrived, before)
        self.heard[rows] = np.maximum(before, batch.arrived)

    def _stale(self, rows: Codes, batch: ReadingBatch, before: Times) -> Rows:
        """Readings that are no sign of life: of a device that is overdue, measured before it was
        last heard. They were repeated or held up on their way. A second one is a sign of life:
        the device's clock is behind."""
        every = self.every[rows]
        old = (every > 0) & (batch.ts <= before) & (batch.arrived - before > OVERDUE * every)
        stale = []
        for i in np.flatnonzero(old).tolist():
            device, heard = self.ids[rows[i]], int(before[i])
            if self._held_up.get(device) != heard:
                self._held_up[device] = heard
                stale.append(i)
        return np.array(stale, dtype=np.intp)

    def take_learned(self) -> None:
        """Takes over the intervals that were learned; those that the inventory gives stay. Whose
        is not told and irregular reports what changes."""
        self.every[self.learners] = self.learned.every
        self.on_change[self.learners] = self.learned.irregular()

    def has(self, member: str) -> bool:
        """Whether a device, or the one that a series is of, is installed."""
        return split_series(member)[0] in self.row_of

    def interval(self, member: str) -> int:
        """The report interval of a device, or of the one that a series is of, ms."""
        row = self.row_of.get(split_series(member)[0], -1)
        return (int(self.every[row]) if row >= 0 else 0) or _DEFAULT_EVERY

    def interval_known(self, rows: Rows) -> Mask:
        """Which of some devices have a report interval that is given or learned, bool (k,)."""
        known: Mask = self.every[rows] > 0
        if len(self.learners):
            place = self._place[rows]
            known &= (place < 0) | self.learned.known()[place]
        return known

    def due(self, now: int, kind: Kind) -> tuple[Mask, Mask]:
        """Of a kind, bool (k,) each: devices that were heard just now, and those that report seldom
        and of which something is due, or a little late."""
        rows = self.span(kind)
        quiet, pace = now - self.heard[rows], self.pace(rows)
        due: Mask = (quiet >= _DUE * pace) & (quiet <= _LATE * pace) & (pace > 2 * _JUST)
        return quiet <= _JUST, due

    def pace(self, rows: Rows | slice = slice(None)) -> Times:
        """How often something should come of a device, (k,) ms; 0 while that is not known."""
        return np.maximum(self.every[rows], self.arrivals.bundle[rows])


def from_minutes(minutes: Minutes) -> Times:
    """Full minutes since 1970 as ms."""
    return minutes.astype(np.int64) * MINUTE


def by_row(rows: Codes) -> Rows:
    """The order that puts readings by device, a device's as they stood."""
    if not len(rows):
        return np.empty(0, dtype=np.intp)
    many = int(rows.max()) + 1
    if len(rows) * 8 > many:
        # Where every device is there at most once, putting each in its place sorts faster.
        place = np.full(many, -1, dtype=np.int32)
        place[rows] = np.arange(len(rows), dtype=np.int32)
        order = place[place >= 0]
        if len(order) == len(rows):
            return order.astype(np.intp)
    keys = (rows.astype(np.int64) << 32) | np.arange(len(rows))
    return np.asarray(np.sort(keys) & 0xFFFFFFFF, dtype=np.intp)


def rounds(rows: Codes, ts: Times) -> Iterator[Rows]:
    """Splits readings so that each round has a device at most once, a device's in order of time.

    Yields positions into ``rows``; a state machine over many devices then takes a round at a time.
    """
    if not len(ts):
        return
    if (rows[1:] > rows[:-1]).all():
        yield np.arange(len(ts))
        return
    order = np.lexsort((ts, rows))
    ordered = rows[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    if first.all():
        yield order
        return
    start = np.flatnonzero(first)
    rank = np.arange(len(order)) - start[np.cumsum(first) - 1]
    by_rank = order[np.argsort(rank, kind="stable")]
    ends = np.cumsum(np.bincount(rank))
    for begin, end in zip(np.append(0, ends[:-1]), ends, strict=True):
        yield by_rank[begin:end]


def among(part: Rows | slice, chosen: Mask) -> Rows | slice:
    """The readings of a round that are chosen, bool (k,). A round of all readings, in their order,
    is ``slice(None)``: what is taken by it is not copied."""
    if chosen.all():
        return part
    return np.flatnonzero(chosen) if isinstance(part, slice) else part[chosen]


def whole_rounds(rows: Codes, ts: Times) -> Iterator[Rows | slice]:
    """As :func:`rounds`, a round of all readings as ``slice(None)``."""
    if len(rows) and (rows[1:] > rows[:-1]).all():
        yield slice(None)
    else:
        yield from rounds(rows, ts)
