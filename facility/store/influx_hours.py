"""The hours of one table in InfluxDB, and which of them are stale.

The hours stand in a database of their own, ``…_1h``, so that each version of InfluxDB can be told
to keep them longer than the readings. The marks stand beside the readings, in the measurement
``xiuhua_hours``: every post of readings has a line for each hour that it touches, with a number
nobody used before.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from facility.clock import HOUR
from facility.errors import Permanent
from facility.readings import ReadingBatch, Times
from facility.store import influxql
from facility.store.base import Series
from facility.store.hourly import hours_table
from facility.store.influx_database import InfluxDatabase
from facility.store.influxql import Rows
from facility.store.lineprotocol import LineWriter, series_of_tags
from facility.store.tables import LIMIT_MS

LINES_PER_POST = 2_000
SERIES_PER_QUESTION = 200
_TO_MARK = HOUR - 1


def changed_lines(table: str, ts: Times) -> list[str]:
    """What a post of readings at ``ts`` says of the hours that it touches."""
    mark = random.getrandbits(62)
    return [_line(table, "changed", mark, hour) for hour in (np.unique(ts // HOUR) * HOUR).tolist()]


class TableHours:
    """The hours of ``table`` (:class:`facility.store.rolling.HourStore`)."""

    def __init__(
        self,
        table: str,
        readings: InfluxDatabase,
        hours: InfluxDatabase,
        scan: Callable[[int, int], Iterator[ReadingBatch]],
    ) -> None:
        self._table = table
        self._readings = readings
        self._hours = hours
        self._of_hours = hours_table(table)
        self._writer = LineWriter(self._of_hours)
        self.scan = scan

    def stale(self, start: int, end: int) -> Times:
        """The hours of a span that were written to since they were rolled up."""
        question = influxql.marks(self._table, start, end + _TO_MARK, "changed", "rolled")
        stale = [
            hour
            for ts, changed, rolled in self._readings.rows(question)
            if changed is not None and changed != rolled and start <= (hour := ts - _TO_MARK) < end
        ]
        return np.array(stale, dtype=np.int64)

    def marks(self, start: int, end: int) -> dict[int, int]:
        question = influxql.marks(self._table, start, end, "changed")
        return {ts - _TO_MARK: mark for ts, mark in self._readings.rows(question)}

    def settle(self, marks: Mapping[int, int]) -> None:
        lines = [_line(self._table, "rolled", mark, hour) for hour, mark in marks.items()]
        _post(self._readings, lines)

    def rolled_since(self, start: int) -> bool:
        end = LIMIT_MS
        question = influxql.marks(self._table, start, end, "rolled", limit=True)
        return bool(self._readings.rows(question))

    def put_hours(self, hours: ReadingBatch) -> None:
        for piece in hours.split(LINES_PER_POST):
            _post(self._hours, self._writer.lines(piece))

    def closing(
        self, counter: str, start: int | None, end: int, series: Sequence[str] | None
    ) -> dict[str, float]:
        few = series if series is not None and len(series) <= SERIES_PER_QUESTION else None
        first = -LIMIT_MS if start is None else start
        question = influxql.pick("last", self._of_hours, f"{counter}_last", few, first, end)
        return {_name(rows): rows.values[0][1] for rows in self._hours.ask(question)}

    def next_hours(self, counter: str, start: int) -> dict[str, int]:
        question = influxql.pick("first", self._of_hours, f"{counter}_last", None, start)
        return {_name(rows): rows.values[0][0] for rows in self._hours.ask(question)}

    def read(self, series: str, columns: Sequence[str], start: int, end: int) -> Series:
        """The given columns of the hours of one series."""
        rows = self._hours.rows(influxql.read(self._of_hours, series, columns, start, end))
        values = influxql.matrix(rows, 2 + len(columns))
        return Series(influxql.times(rows), dict(zip(columns, values[2:], strict=True)))


def _line(table: str, field: str, mark: int, hour: int) -> str:
    return f"{influxql.MARKS},of={table} {field}={mark}i {hour + _TO_MARK}"


def _post(database: InfluxDatabase, lines: list[str]) -> None:
    words = database.post(lines) if lines else None
    if words is not None:
        raise Permanent(f"{database.name}: {words}")


def _name(rows: Rows) -> str:
    return series_of_tags(rows.tags)
