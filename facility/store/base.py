"""The contract of a readings store. Every backend passes the one suite in ``tests/store``.

A reading is identified by (series, ts): writing it again changes nothing, writing other fields
of it adds them, and of two values of one field the later written stays. Numbers are finite: a
reading with an infinite one is rejected.

Beside the readings a store keeps *hours*, rolled up from them (:mod:`facility.store.hourly`): small
enough to stay when the readings have expired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facility.readings import Floats, ReadingBatch, Times


class Verdict(IntEnum):
    """What became of one row of a write."""

    ACCEPT = 0
    """It is stored, or was already."""
    REJECT = 1
    """The store refuses it and always will; ``reasons`` has the store's words."""
    KEEP = 2
    """It could not be written now: keep it and write it again."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The verdict of each row, int8 (n,), and the store's words for those it refused."""

    verdicts: NDArray[np.int8]
    reasons: dict[int, str] = field(default_factory=dict)

    @classmethod
    def all(cls, rows: int, verdict: Verdict, reason: str = "") -> WriteResult:
        """The same verdict for every row."""
        reasons = dict.fromkeys(range(rows), reason) if reason else {}
        return cls(np.full(rows, verdict, dtype=np.int8), reasons)

    def refuse(self, reasons: Mapping[int, str]) -> NDArray[np.intp]:
        """Rejects these rows; the others."""
        self.verdicts[list(reasons)] = Verdict.REJECT
        self.reasons.update(reasons)
        return np.flatnonzero(self.verdicts != Verdict.REJECT)

    def rows(self, verdict: Verdict) -> NDArray[np.intp]:
        """Which rows got ``verdict``."""
        return np.flatnonzero(self.verdicts == verdict)


@dataclass(frozen=True, slots=True)
class Series:
    """The readings of one series in order of time: ``ts`` int64 (n,), each field float64 (n,)."""

    ts: Times
    columns: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class History:
    """Downsampled readings of one series.

    ``ts`` int64 (n,): the start of each window that has readings, windows being aligned to the
    epoch; ``count`` int64 (n,): its readings; ``mean``, ``low``, ``high``: field → float64 (n,),
    NaN where the window has no value of the field.
    """

    ts: Times
    count: NDArray[np.int64]
    mean: dict[str, Floats]
    low: dict[str, Floats]
    high: dict[str, Floats]


class ReadingsStore(Protocol):
    """Where readings are kept. Times are ms; spans are [start, end).

    Every method may raise Retryable (the server is away) or Permanent (it refuses the question);
    ``write`` answers with verdicts instead. Methods may be called from several threads.
    """

    def write(self, batch: ReadingBatch) -> WriteResult:
        """Stores the batch, a verdict a row; returns when it is durable."""
        ...

    def read(self, table: str, series: str, fields: Sequence[str], start: int, end: int) -> Series:
        """The raw readings of one series."""
        ...

    def history(
        self, table: str, series: str, fields: Sequence[str], start: int, end: int, every: int
    ) -> History:
        """The readings of one series in windows of ``every`` ms.

        Where ``every`` is a multiple of an hour, whole hours whose readings have expired are
        answered from what was rolled up; the others, and parts of an hour, from the readings.
        """
        ...

    def latest(self, table: str, series: Sequence[str] | None = None) -> ReadingBatch:
        """The last given value of each field and the newest ``ts``, one row a series.

        Of every series where none are named. ``arrived`` is ``ts`` here: stores keep no arrival.
        """
        ...

    def scan(
        self, table: str, start: int, end: int, fields: Sequence[str] | None = None
    ) -> Iterator[ReadingBatch]:
        """Every reading of a span, ordered by time, in batches that fit in memory.

        The batches share their names. Where ``fields`` are named only these are read: a third of
        them takes a third of the time.
        """
        ...

    def roll_up(self, table: str, start: int, end: int) -> int:
        """Rolls up the hours of a span, [start, end) being multiples of an hour; how many rows.

        Rolling up again gives the same rows, or right ones where readings came meanwhile; the
        increase of a counter is put right in the next hour of each series too.
        """
        ...

    def stale_hours(self, table: str, start: int, end: int) -> Times:
        """The starts of hours in a span that have readings written since they were rolled up."""
        ...

    def hours(
        self, table: str, series: str, columns: Sequence[str], start: int, end: int
    ) -> Series:
        """What was rolled up of one series: ``ts`` is the start of the hour.

        ``columns`` are of :func:`facility.store.hourly.hour_columns`.
        """
        ...

    def expire(self, readings_before: int, hours_before: int) -> None:
        """Forgets older readings and older hours; what ``latest`` says of a series may stay.

        A server that was told how long to keep them does so by itself, in its own time.
        """
        ...

    def close(self) -> None:
        """Releases what the store holds; nothing accepted is lost."""
        ...
