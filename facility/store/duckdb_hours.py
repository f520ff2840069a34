"""The hours of one table in a DuckDB file, and which of them are stale.

The schema ``store`` holds, for a table as ``streetlight``,

- ``streetlight_1h`` (series id, ts, one DOUBLE a column of :mod:`facility.store.hourly`);
- ``streetlight_rolled`` (hour, write_no): the last write that was in an hour when it was rolled up.

and the schema ``main`` the view ``streetlight_1h``, for people. The mark that a write leaves is its
number, which stands at each row anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from string import Template
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR
from facility.readings import Codes, ReadingBatch, Times
from facility.store.base import Series
from facility.store.duckdb_sql import quoted
from facility.store.duckdb_table import Table, fetched
from facility.store.hourly import hour_columns
from facility.store.tables import LIMIT_MS

_CREATE = Template(
    """
    CREATE TABLE store.${table}_1h (series INTEGER NOT NULL, ts BIGINT NOT NULL);
    CREATE TABLE store.${table}_rolled (hour BIGINT NOT NULL, write_no BIGINT NOT NULL);
    """
)
_ADD = Template("ALTER TABLE store.${table}_1h ADD COLUMN ${column} DOUBLE;")
_VIEW = Template(
    """
    CREATE OR REPLACE VIEW main.${table}_1h AS
        SELECT name AS series, split_part(name, '/', 1) AS device,
            CASE WHEN contains(name, '/') THEN substr(name, strpos(name, '/') + 1) END AS circuit,
            make_timestamp_ms(ts) AS time, ts, ${columns}
        FROM store.${table}_1h AS h JOIN store.${table}_series AS s ON s.id = h.series;
    """
)
_WRITTEN = Template(
    """
    SELECT w.hour AS hour, w.first AS first, w.last AS last, coalesce(r.write_no, -1) AS rolled
    FROM (
        SELECT (ts - (ts % $$every + $$every) % $$every) AS hour,
            min(write_no) AS first, max(write_no) AS last
        FROM store.${table}_all
        WHERE write_no > $$settled AND ts >= $$start AND ts < $$end GROUP BY hour
    ) AS w LEFT JOIN store.${table}_rolled AS r ON r.hour = w.hour
    ORDER BY hour
    """
)
_FORGET_MARKS = Template("DELETE FROM store.${table}_rolled WHERE hour IN (SELECT hour FROM marks)")
_NOTE_MARKS = Template("INSERT INTO store.${table}_rolled BY NAME SELECT * FROM marks")
_ANY_ROLLED = Template("SELECT 1 FROM store.${table}_rolled WHERE hour >= $$start LIMIT 1")
_FORGET = Template("DELETE FROM store.${table}_1h WHERE ts >= $$low AND ts <= $$high")
_PUT = Template("INSERT INTO store.${table}_1h BY NAME SELECT * FROM hours")
_CLOSING = Template(
    """
    SELECT name, arg_max(${last}, ts) AS value
    FROM store.${table}_1h AS h JOIN store.${table}_series AS s ON s.id = h.series
    WHERE ts >= $$start AND ts < $$end AND ${last} IS NOT NULL GROUP BY name
    """
)
_NEXT = Template(
    """
    SELECT name, min(ts) AS hour
    FROM store.${table}_1h AS h JOIN store.${table}_series AS s ON s.id = h.series
    WHERE ts >= $$start AND ${last} IS NOT NULL GROUP BY name
    """
)
_READ = Template(
    """
    SELECT ${columns} FROM store.${table}_1h
    WHERE series = $$series AND ts >= $$start AND ts < $$end ORDER BY ts
    """
)
_EXPIRE = Template("DELETE FROM store.${table}_${part} WHERE ${column} < $$before")


def create_hours(table: str, columns: Mapping[str, Collection[str]]) -> str:
    """Makes what a file that has ``columns`` (table of the store: its columns) lacks."""
    there = columns.get(f"{table}_1h", ())
    wanted = [quoted(column) for column in hour_columns(table)]
    missing = [column for column in wanted if column.strip('"') not in there]
    if not missing:
        return ""
    statements = [] if there else [_CREATE.substitute(table=table)]
    statements += [_ADD.substitute(table=table, column=column) for column in missing]
    return "".join([*statements, _VIEW.substitute(table=table, columns=", ".join(wanted))])


class TableHours:
    """The hours of one table (:class:`facility.store.rolling.HourStore`).

    ``cursor`` opens a connection for a call; ``writing`` is held by whoever writes.
    """

    def __init__(
        self,
        table: Table,
        cursor: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]],
        writing: threading.RLock,
        scan: Callable[[int, int], Iterator[ReadingBatch]],
    ) -> None:
        self._table = table
        self._cursor = cursor
        self._writing = writing
        self.scan = scan

    def stale(self, start: int, end: int) -> Times:
        """The hours of a span that were written to since they were rolled up."""
        with self._writing:  # a write under way may have a lower number than one that is done
            found = self._written(self._table.settled, -LIMIT_MS, LIMIT_MS)
            stale = found["last"] > found["rolled"]
            newest = int(found["last"].max(initial=self._table.settled))
            self._table.settled = int(found["first"][stale].min(initial=newest + 1)) - 1
        hours: Times = found["hour"][stale]
        return hours[(hours >= start) & (hours < end)]

    def marks(self, start: int, end: int) -> dict[int, int]:
        found = self._written(-1, start, end)
        return dict(zip(found["hour"].tolist(), found["last"].tolist(), strict=True))

    def settle(self, marks: Mapping[int, int]) -> None:
        hours = np.array(list(marks), dtype=np.int64)
        numbers = np.array(list(marks.values()), dtype=np.int64)
        with self._transaction() as cursor:
            cursor.register("marks", {"hour": hours, "write_no": numbers})
            cursor.execute(self._filled(_FORGET_MARKS)).complete()
            cursor.execute(self._filled(_NOTE_MARKS)).complete()

    def rolled_since(self, start: int) -> bool:
        with self._cursor() as cursor:
            found = cursor.execute(self._filled(_ANY_ROLLED), {"start": start}).fetchone()
        return found is not None

    def put_hours(self, hours: ReadingBatch) -> None:
        ids: Codes = self._table.ids_of(hours.names, hours.series)
        span = {"low": int(hours.ts.min()), "high": int(hours.ts.max())}
        with self._transaction() as cursor:
            cursor.execute(self._filled(_FORGET), span).complete()
            cursor.register("hours", {"series": ids, "ts": hours.ts, **hours.columns})
            cursor.execute(self._filled(_PUT)).complete()

    def closing(
        self, counter: str, start: int | None, end: int, series: Sequence[str] | None
    ) -> dict[str, float]:
        del series  # all of them are as quickly found as some
        span = {"start": -LIMIT_MS if start is None else start, "end": end}
        statement = self._filled(_CLOSING, last=quoted(f"{counter}_last"))
        with self._cursor() as cursor:
            return dict(cursor.execute(statement, span).fetchall())

    def next_hours(self, counter: str, start: int) -> dict[str, int]:
        statement = self._filled(_NEXT, last=quoted(f"{counter}_last"))
        with self._cursor() as cursor:
            return dict(cursor.execute(statement, {"start": start}).fetchall())

    def read(self, series: str, columns: Sequence[str], start: int, end: int) -> Series:
        """The given columns of the hours of one series."""
        statement = self._filled(_READ, columns=", ".join(map(quoted, ("ts", *columns))))
        span = {"series": self._table.ids.get(series, -1), "start": start, "end": end}
        with self._cursor() as cursor:
            found = fetched(cursor.execute(statement, span))
        return Series(found["ts"], {name: found[name] for name in columns})

    def expire(self, readings_before: int, hours_before: int) -> None:
        """Forgets what is older, readings and hours."""
        with self._transaction() as cursor:
            for part, column in (("rows", "ts"), ("old", "ts"), ("rolled", "hour"), ("1h", "ts")):
                before = hours_before if part == "1h" else readings_before
                statement = self._filled(_EXPIRE, part=part, column=column)
                cursor.execute(statement, {"before": before}).complete()

    def _written(self, settled: int, start: int, end: int) -> dict[str, NDArray[Any]]:
        """The hours of a span with writes after ``settled``, of these the first and the last."""
        parameters = {"every": HOUR, "settled": settled, "start": start, "end": end}
        with self._cursor() as cursor:
            return fetched(cursor.execute(self._filled(_WRITTEN), parameters))

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._writing, self._cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
                cursor.commit()
            except BaseException:
                with suppress(duckdb.Error):
                    cursor.rollback()
                raise

    def _filled(self, statement: Template, **parts: str) -> str:
        return statement.substitute(table=self._table.sql.table, **parts)
