"""Readings in one DuckDB file: the embedded default, for one process with several threads.

There is no index on (series, ts). What each series said last is kept in memory, so a reading
newer than that is known to be new without a look at the file; only late and repeated ones are
looked up, within their span of time, which DuckDB's zone maps make cheap.
"""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, MINUTE
from facility.errors import Permanent, Retryable, UsageError
from facility.measurements import MEASUREMENTS
from facility.readings import Names, ReadingBatch, Times
from facility.store.base import History, Series, Verdict, WriteResult
from facility.store.duckdb_hours import TableHours, create_hours
from facility.store.duckdb_sql import COLUMNS_OF_STORE, CREATE_SCHEMA
from facility.store.duckdb_table import Table, fetched
from facility.store.hourly import figures_of, history_of, hour_columns, whole_hours
from facility.store.rolling import roll_up
from facility.store.tables import fields_of, unstorable

SETTINGS: dict[str, Any] = {
    "memory_limit": "1GB",
    "threads": min(4, os.cpu_count() or 1),
    # Fewer, larger checkpoints are a third faster; the log is read again on opening.
    "checkpoint_threshold": "64MB",
}
SCAN_ROWS = 100_000

_AWAY = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.FatalException,
)
_open_files: set[Path] = set()


class DuckStore:
    """A readings store (:mod:`facility.store.base`) in the file ``path``, made where there is none.

    UsageError where the file is in use, damaged, or not ours to open.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path).resolve()
        # DuckDB locks the file against other processes only.
        if self._path in _open_files:
            raise UsageError(f"{self._path} is open in this process already: share that store")
        self._writing = threading.RLock()
        self._broken = False
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection, self._tables = _opened(self._path)
        except (duckdb.Error, OSError) as error:
            raise UsageError(_why_closed(self._path, error)) from error
        _open_files.add(self._path)

    def write(self, batch: ReadingBatch) -> WriteResult:
        try:
            self._table(batch.table, batch.columns)
        except Permanent as refusal:
            return WriteResult.all(len(batch), Verdict.REJECT, str(refusal))
        result = WriteResult.all(len(batch), Verdict.ACCEPT)
        rows = result.refuse(unstorable(batch))
        if not len(rows):
            return result
        try:
            sound = batch if len(rows) == len(batch) else batch.take(rows)
            with self._writing, self._cursor() as cursor:
                self._tables[batch.table].write(cursor, sound.merged())
        except Retryable as error:
            result.verdicts[rows] = Verdict.KEEP
            result.reasons.update(dict.fromkeys(rows.tolist(), str(error)))
        return result

    def read(self, table: str, series: str, fields: Sequence[str], start: int, end: int) -> Series:
        known = self._table(table, fields)
        span = {"series": known.ids.get(series, -1), "start": start, "end": end}
        with self._cursor() as cursor:
            columns = fetched(cursor.execute(known.sql.read(fields), span))
        return Series(columns["ts"], {name: columns[name] for name in fields})

    def history(
        self, table: str, series: str, fields: Sequence[str], start: int, end: int, every: int
    ) -> History:
        known = self._table(table, fields)
        in_hours = every % HOUR == 0
        span = {"series": known.ids.get(series, -1), "start": start, "end": end}
        with self._cursor() as cursor:
            windows = fetched(
                cursor.execute(
                    known.sql.windows(fields), {**span, "every": HOUR if in_hours else every}
                )
            )
        readings = Series(windows.pop("window_start"), windows)
        first, last = whole_hours(start, end) if in_hours else (start, start)
        hours = self._hours(table).read(series, figures_of(fields), first, last)
        return history_of(readings, hours, fields, every)

    def latest(self, table: str, series: Sequence[str] | None = None) -> ReadingBatch:
        known = self._table(table)
        asked = None
        if series is not None:
            ids = (known.ids.get(name) for name in dict.fromkeys(series))
            asked = np.array([i for i in ids if i is not None], dtype=np.intp)
        rows, ts, values, _ = known.latest.rows(asked)
        names = Names(known.names[i] for i in rows.tolist())
        columns = {name: value for name, value in values.items() if not np.isnan(value).all()}
        return ReadingBatch(table, names, np.arange(len(rows), dtype=np.int32), ts, ts, columns)

    def scan(
        self, table: str, start: int, end: int, fields: Sequence[str] | None = None
    ) -> Iterator[ReadingBatch]:
        known = self._table(table, fields or ())
        chosen = known.fields if fields is None else tuple(fields)
        names = Names(known.names)
        limit = len(names)  # a series that comes while we read is not in ``names``
        with self._cursor() as cursor:
            counts = fetched(
                cursor.execute(known.sql.counts, {"every": MINUTE, "start": start, "end": end})
            )
        for low, high in _spans(counts["bucket"], counts["readings"], MINUTE):
            span = {"start": max(start, low), "end": min(end, high), "series": limit}
            with self._cursor() as cursor:
                found = fetched(cursor.execute(known.sql.scan(chosen), span))
            columns = {name: found[name] for name in chosen}
            columns = {name: value for name, value in columns.items() if not np.isnan(value).all()}
            ts = found["ts"]
            yield from ReadingBatch(table, names, found["series"], ts, ts, columns).split(SCAN_ROWS)

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
        for table in self._tables:
            self._hours(table).expire(readings_before, hours_before)

    def close(self) -> None:
        with self._writing:
            if self._path not in _open_files:
                return
            with suppress(duckdb.Error):  # the saved values only make the next opening quicker
                for table in self._tables.values():
                    table.save(self._connection)
            with suppress(duckdb.FatalException):
                self._connection.close()
            _open_files.discard(self._path)

    def _hours(self, name: str) -> TableHours:
        table = self._table(name)
        return TableHours(table, self._cursor, self._writing, partial(self.scan, name))

    def _table(self, name: str, fields: Iterable[str] = ()) -> Table:
        fields_of(name, fields)
        return self._tables[name]

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of the call's own; DuckDB's errors come out as ours."""
        if self._broken:
            self._reopen()
        cursor = self._connection.cursor()
        try:
            yield cursor
        except _AWAY as error:
            # After a fatal error, such as a full disk at a checkpoint, DuckDB refuses everything
            # until the file is opened anew; what was committed is in it.
            self._broken = self._broken or isinstance(error, duckdb.FatalException)
            raise Retryable(f"{self._path}: {_one_line(error)}") from error
        except duckdb.Error as error:
            if "Corrupt database" in str(error):
                raise Permanent(_why_closed(self._path, error)) from error
            raise
        finally:
            cursor.close()

    def _reopen(self) -> None:
        with self._writing:
            if not self._broken:
                return
            with suppress(duckdb.Error):
                self._connection.close()
            try:
                self._connection, self._tables = _opened(self._path)
            except (duckdb.Error, OSError) as error:
                raise Retryable(_why_closed(self._path, error)) from error
            self._broken = False


def _opened(path: Path) -> tuple[duckdb.DuckDBPyConnection, dict[str, Table]]:
    """A connection to the file, its layout brought up to date, and its tables in memory."""
    connection = duckdb.connect(str(path), config=SETTINGS)
    try:
        connection.begin()  # one transaction: one wait for the disk, and no half-made layout
        connection.execute(CREATE_SCHEMA)
        columns: dict[str, set[str]] = defaultdict(set)
        for table_name, column in connection.execute(COLUMNS_OF_STORE).fetchall():
            columns[table_name].add(column)
        tables = {name: Table(name) for name in MEASUREMENTS}
        for name, table in tables.items():
            for lacking in (table.sql.create(columns), create_hours(name, columns)):
                if lacking:
                    connection.execute(lacking)
            table.load(connection, saved=f"{name}_latest" in columns)
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection, tables


def _why_closed(path: Path, error: Exception) -> str:
    """Why the file does not open and what to do about it, in one line."""
    text = str(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"no folder {path.parent} can be made: name another path for the readings"
    if holder := re.search(r"held in .*\(PID (\d+)\)", text):
        return f"{path} is in use by process {holder[1]}: stop it, or name another file"
    if "not a valid DuckDB" in text or "Corrupt" in text or "read enough bytes" in text:
        return f"{path} is damaged or no DuckDB file: restore a copy, or move it away to start anew"
    return f"{path} does not open: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _spans(
    buckets: NDArray[np.int64], readings: NDArray[np.int64], width: int
) -> Iterator[tuple[int, int]]:
    """Spans [low, high) in order of time, of about SCAN_ROWS readings where the buckets allow."""
    groups = (np.cumsum(readings) - 1) // SCAN_ROWS
    for group in np.split(buckets, np.flatnonzero(np.diff(groups)) + 1):
        if len(group):
            yield int(group[0]) * width, (int(group[-1]) + 1) * width
