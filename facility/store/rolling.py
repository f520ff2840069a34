"""Rolling up, the same for every backend: read the hours' readings, add them up, write the rows.

Every write leaves a mark at the hours that it touches, in the store itself. What is rolled up is
settled with the marks that were seen before its readings were read: a reading that comes meanwhile,
or days later, leaves another mark, and the hour is stale again. No state outlives the call, so
several processes may write while one rolls up, and a restart repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from facility.clock import HOUR
from facility.errors import Permanent
from facility.readings import ReadingBatch
from facility.store.hourly import Rolling, counters_of
from facility.store.tables import fields_of

NEAR_MS = 2 * HOUR
"""Where nearly every series has spoken last: what went before is looked up series by series."""


class HourStore(Protocol):
    """What a backend has to be able to do for the hours of a table to be rolled up in it."""

    def scan(self, start: int, end: int) -> Iterator[ReadingBatch]: ...

    def marks(self, start: int, end: int) -> dict[int, int]:
        """hour → the mark that the last write left there, of hours that were written to."""
        ...

    def settle(self, marks: Mapping[int, int]) -> None:
        """Notes that the hours are rolled up as of these marks."""
        ...

    def rolled_since(self, start: int) -> bool:
        """Whether any hour from ``start`` on is rolled up."""
        ...

    def put_hours(self, hours: ReadingBatch) -> None:
        """Stores the rows of one hour in place of those it has."""
        ...

    def closing(
        self, counter: str, start: int | None, end: int, series: Sequence[str] | None
    ) -> dict[str, float]:
        """series → the counter's last value in the hours of a span.

        Where ``series`` are named, of these at least.
        """
        ...

    def next_hours(self, counter: str, start: int) -> dict[str, int]:
        """series → its first hour from ``start`` on that has the counter."""
        ...


def roll_up(store: HourStore, table: str, start: int, end: int) -> int:
    """:meth:`facility.store.base.ReadingsStore.roll_up`."""
    fields_of(table)
    if start % HOUR or end % HOUR:
        raise Permanent(f"an hour starts at a multiple of {HOUR} ms: {start} or {end} is none")
    if not store.rolled_since(end):
        return _roll(store, table, start, end)[0]
    counters = counters_of(table)
    were = {counter: store.closing(counter, start, end, None) for counter in counters}
    rows, closing = _roll(store, table, start, end)
    # What comes after counts from here: where that moved, the next hour of the series is wrong.
    follow: set[int] = set()
    for counter in counters:
        moved = {
            series
            for series, value in closing[counter].items()
            if were[counter].get(series) != value
        }
        if moved:
            following = store.next_hours(counter, end)
            follow |= {hour for series, hour in following.items() if series in moved}
    return rows + sum(_roll(store, table, hour, hour + HOUR)[0] for hour in sorted(follow))


def _roll(
    store: HourStore, table: str, start: int, end: int
) -> tuple[int, dict[str, dict[str, float]]]:
    marks = store.marks(start, end)
    rolling = Rolling(table, _Before(store, start))
    rows = 0
    for hours in rolling.hours(store.scan(start, end)):
        store.put_hours(hours)
        rows += len(hours)
    store.settle(marks)
    return rows, rolling.closing


class _Before:
    """The last value of a counter of each series before ``start``."""

    def __init__(self, store: HourStore, start: int) -> None:
        self._store = store
        self._start = start
        self._known: dict[str, dict[str, float]] = {}

    def __call__(self, counter: str, names: Sequence[str]) -> list[float]:
        near = self._start - NEAR_MS
        known = self._known.get(counter)
        if known is None:
            known = self._store.closing(counter, near, self._start, None)
            self._known[counter] = known
        if unmet := [name for name in names if name not in known]:
            found = self._store.closing(counter, None, near, unmet)
            known.update((name, found.get(name, np.nan)) for name in unmet)
        return [known[name] for name in names]
