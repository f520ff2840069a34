"""Readings in InfluxDB 1, 2 or 3.

Lines are written column by column, posted in batches of our own, and a write returns when the
database has answered. Questions are asked in InfluxQL, which all versions share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from facility.clock import HOUR
from facility.errors import Permanent, Retryable
from facility.readings import Names, ReadingBatch, Times
from facility.store import influxql
from facility.store.base import History, Series, Verdict, WriteResult
from facility.store.hourly import figures_of, history_of, hour_columns, whole_hours
from facility.store.influx_connection import InfluxConnection
from facility.store.influx_database import InfluxDatabase
from facility.store.influx_hours import TableHours, changed_lines
from facility.store.influx_latest import latest_of_all, latest_of_some
from facility.store.lineprotocol import LineWriter, series_of_tags
from facility.store.rolling import roll_up
from facility.store.tables import fields_of, unstorable

LINES_PER_POST = 5_000


class InfluxStore:
    """A readings store (:mod:`facility.store.base`) in a database, or bucket, of InfluxDB.

    ``token`` is a token, or ``user:password`` for 1.x; ``org`` is for 2.x. The server is told to
    keep readings ``raw_days`` and hours, which stand in a database of their own, ``…_1h``,
    ``retention_days``; with 0 it is told nothing. Nothing is asked of it before the first call.
    """

    writes_at_once = 6
    """Writes that are under way: while some are answered, others are being put into lines, and
    others settled in the spool, which waits for the disk."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        token: str = "",
        org: str = "",
        raw_days: int = 0,
        retention_days: int = 0,
    ) -> None:
        self._server = InfluxConnection(url, token, org)
        self._readings = InfluxDatabase(self._server, database, raw_days)
        self._of_hours = InfluxDatabase(self._server, f"{database}_1h", retention_days)
        self._writers: dict[str, LineWriter] = {}

    def write(self, batch: ReadingBatch) -> WriteResult:
        result = WriteResult.all(len(batch), Verdict.KEEP)
        try:
            fields_of(batch.table, batch.columns)
        except Permanent as refusal:
            return WriteResult.all(len(batch), Verdict.REJECT, str(refusal))
        rows = result.refuse(unstorable(batch))
        writer = self._writers.setdefault(batch.table, LineWriter(batch.table))
        try:
            for first in range(0, len(rows), LINES_PER_POST):
                piece = rows[first : first + LINES_PER_POST]
                chosen = batch.take(piece)
                self._write_lines(writer.lines(chosen), chosen, piece, result)
        except (Retryable, Permanent) as error:
            # A refused token or a missing database is for a person to mend: rows wait for that.
            for row in result.rows(Verdict.KEEP).tolist():
                result.reasons[row] = str(error)
        return result

    def read(self, table: str, series: str, fields: Sequence[str], start: int, end: int) -> Series:
        fields_of(table, fields)
        rows = self._readings.rows(influxql.read(table, series, fields, start, end))
        values = influxql.matrix(rows, 2 + len(fields))
        return Series(influxql.times(rows), dict(zip(fields, values[2:], strict=True)))

    def history(
        self, table: str, series: str, fields: Sequence[str], start: int, end: int, every: int
    ) -> History:
        fields_of(table, fields)
        in_hours = every % HOUR == 0
        length = HOUR if in_hours else every
        figures = figures_of(fields)
        rows = self._readings.rows(influxql.windows(table, series, fields, start, end, length))
        values = influxql.matrix(rows, 1 + len(figures))
        readings = Series(influxql.times(rows), dict(zip(figures, values[1:], strict=True)))
        first, last = whole_hours(start, end) if in_hours else (start, start)
        hours = self._hours(table).read(series, figures, first, last)
        return history_of(readings, hours, fields, every)

    def latest(self, table: str, series: Sequence[str] | None = None) -> ReadingBatch:
        fields = fields_of(table)
        if series is None:
            return latest_of_all(self._readings, table, fields)
        return latest_of_some(self._readings, table, fields, list(dict.fromkeys(series)))

    def scan(
        self, table: str, start: int, end: int, fields: Sequence[str] | None = None
    ) -> Iterator[ReadingBatch]:
        known = fields_of(table, fields or ())
        chosen = known if fields is None else tuple(fields)
        names = Names()
        codes: dict[tuple[str, str | None], int] = {}
        for part in self._readings.stream(influxql.scan(table, chosen, start, end)):
            for rows in part:
                ts, _, devices, circuits, *values = zip(*rows.values, strict=True)
                tags = list(zip(devices, circuits, strict=True))
                for tag in set(tags).difference(codes):
                    codes[tag] = names.code(_series(*tag))
                columns = {f: np.array(v, float) for f, v in zip(chosen, values, strict=True)}
                columns = {f: v for f, v in columns.items() if not np.isnan(v).all()}
                series = np.fromiter(map(codes.__getitem__, tags), np.int32, len(tags))
                times = np.array(ts, np.int64)
                yield ReadingBatch(table, names, series, times, times, columns)

    def roll_up(self, table: str, start: int, end: int) -> int:
        return roll_up(self._hours(table), table, start, end)

    def stale_hours(self, table: str, start: int, end: int) -> Times:
        return self._hours(table).stale(start, end)

    def hours(
        self, table: str, series: str, columns: Sequence[str], start: int, end: int
    ) -> Series:
        hour_columns(table, columns)
        return self._hours(table).read(series, columns, start, end)

    def expire(self, readings_before: int, hours_before: int) -> None:
        self._readings.expire(readings_before)
        self._of_hours.expire(hours_before)

    def close(self) -> None:
        self._server.close()

    def _hours(self, table: str) -> TableHours:
        fields_of(table)
        return TableHours(table, self._readings, self._of_hours, partial(self.scan, table))

    def _write_lines(
        self, lines: list[str], batch: ReadingBatch, rows: Times, result: WriteResult
    ) -> None:
        """Posts the lines of ``batch``, which are ``rows`` of the result, and notes the verdicts.

        The database takes what it can of a batch and refuses the rest with one answer for all,
        so a refused batch is halved until it is known which rows were meant.
        """
        parts = [(0, len(lines))]
        while parts:
            low, high = parts.pop()
            marks = changed_lines(batch.table, batch.ts[low:high])
            words = self._readings.post(lines[low:high] + marks)
            # A mark outlives its readings: it is dropped for its age only where they all are.
            dropped = high - low + (len(marks) if words and "retention" in words else 0)
            if words is None:
                result.verdicts[rows[low:high]] = Verdict.ACCEPT
            elif high - low == 1 or words.endswith(f" dropped={dropped}"):
                result.refuse(dict.fromkeys(rows[low:high].tolist(), words))
            else:
                middle = (low + high) // 2
                parts += [(middle, high), (low, middle)]


def _series(device: str, circuit: str | None) -> str:
    return series_of_tags({"device": device, "circuit": circuit or ""})
