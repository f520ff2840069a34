"""One table of a DuckDB readings file: what is known of it in memory, and how rows get into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR
from facility.readings import Codes, Floats, ReadingBatch, Times
from facility.store.duckdb_sql import TableSql
from facility.store.latest import NEVER, LatestValues
from facility.store.translation import Translation

SAVE_LATEST_EVERY = 2_000_000
"""Rows between two savings of what the series said last: what opening may have to read again."""

OLD_MS = HOUR
"""A reading this much older than the newest of its table is kept apart."""
_SEARCHES = 16

Rows = NDArray[np.intp]


def fetched(result: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    """The columns of a result; NULL becomes NaN, or NEVER in a column of times."""
    return {
        name: np.ma.filled(values, NEVER if values.dtype.kind == "i" else np.nan)
        for name, values in result.fetchnumpy().items()
    }


class Table:
    """The series of a table by id, what each said last, and the number of the last write.

    ``settled``: every hour written up to that write is known to be rolled up.

    ``load`` and ``write`` are for one thread at a time; the rest may be read meanwhile.
    """

    def __init__(self, name: str) -> None:
        self.sql = TableSql(name)
        self.fields = self.sql.fields
        self.names: list[str] = []
        self.ids: dict[str, int] = {}
        self.latest = LatestValues(self.fields)
        self.settled = -1
        self._stored_names = 0
        self._write_no = 0
        self._unsaved_rows = 0
        self.ids_of = Translation(self._id, np.int32)

    def load(self, cursor: duckdb.DuckDBPyConnection, *, saved: bool) -> None:
        """Takes up what the file holds; ``saved`` says that it has the table's last values."""
        for (name,) in cursor.execute(self.sql.series).fetchall():
            self._id(name)
        self._stored_names = len(self.names)
        self.latest.grow(len(self.names))
        saved_no = 0
        if saved:
            columns = fetched(cursor.execute(self.sql.saved_latest))
            saved_no = int(columns["write_no"].max(initial=0))
            self._absorb(columns)
        self._absorb(fetched(cursor.execute(self.sql.latest_since, {"write_no": saved_no})))
        self._write_no = int(fetched(cursor.execute(self.sql.last_write))["write_no"][0])
        if self._write_no > saved_no:
            self._save_latest(cursor)

    def write(self, cursor: duckdb.DuckDBPyConnection, batch: ReadingBatch) -> None:
        """Stores a merged batch in one transaction."""
        ids: Codes = self.ids_of(batch.names, batch.series)
        self.latest.grow(len(self.names))
        fresh = batch.ts > self.latest.newest(ids)
        changed: Rows = np.empty(0, dtype=np.intp)
        late = np.flatnonzero(~fresh)
        if len(late):
            stored, changed = self._compare(cursor, batch, ids, late)
            fresh[late] = True
            fresh[stored] = False
        rows = np.flatnonzero(fresh)
        if not len(rows) and not len(changed):
            return
        write_no = self._write_no + 1
        cursor.begin()
        try:
            self._insert_series(cursor)
            self._insert(cursor, batch, ids, rows, write_no)
            self._update(cursor, batch, ids, changed, write_no)
            cursor.commit()
        except duckdb.Error:
            with suppress(duckdb.Error):
                cursor.rollback()
            raise
        self._write_no = write_no
        self._stored_names = len(self.names)
        self._unsaved_rows += len(rows) + len(changed)
        self.latest.update(ids, batch.ts, batch.columns)
        if self._unsaved_rows >= SAVE_LATEST_EVERY:
            self._save_latest(cursor)

    def save(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Writes down what the series said last, where that is not in the file yet."""
        if self._unsaved_rows:
            self._save_latest(cursor)

    def _id(self, name: str) -> int:
        known = self.ids.get(name)
        if known is None:
            known = len(self.names)
            self.names.append(name)
            self.ids[name] = known
        return known

    def _compare(
        self, cursor: duckdb.DuckDBPyConnection, batch: ReadingBatch, ids: Codes, late: Rows
    ) -> tuple[Rows, Rows]:
        """Of the ``late`` rows those that are stored, and those of them that bring something."""
        statement = self.sql.compare(batch.columns)
        stored, changed = [], []
        for rows, span in _by_time(batch.ts, late):
            cursor.register("late", _relation(batch.take(rows), ids[rows]) | {"row": rows})
            found = fetched(cursor.execute(statement, span))
            stored.append(found["row"])
            changed.append(found["row"][found["changed"].astype(bool)])
        return np.concatenate(stored), np.concatenate(changed)

    def _insert_series(self, cursor: duckdb.DuckDBPyConnection) -> None:
        new_names = self.names[self._stored_names :]
        if new_names:
            numbers = np.arange(self._stored_names, len(self.names), dtype=np.int32)
            cursor.register("new_series", {"id": numbers, "name": np.array(new_names, object)})
            cursor.execute(self.sql.insert_series).complete()

    def _insert(
        self,
        cursor: duckdb.DuckDBPyConnection,
        batch: ReadingBatch,
        ids: Codes,
        rows: Rows,
        write_no: int,
    ) -> None:
        newest = max(self.latest.newest_of_all, int(batch.ts.max()))
        old = batch.ts[rows] < newest - OLD_MS
        for statement, part in (
            (self.sql.insert_rows, rows[~old]),
            (self.sql.insert_old, rows[old]),
        ):
            if len(part):
                whole = len(part) == len(batch)
                chosen = batch if whole else batch.take(part)
                cursor.register("new_rows", _relation(chosen, ids if whole else ids[part]))
                cursor.execute(statement, {"write_no": write_no}).complete()

    def _update(
        self,
        cursor: duckdb.DuckDBPyConnection,
        batch: ReadingBatch,
        ids: Codes,
        changed: Rows,
        write_no: int,
    ) -> None:
        if not len(changed):
            return
        statements = self.sql.updates(batch.columns)
        for rows, span in _by_time(batch.ts, changed):
            cursor.register("changed", _relation(batch.take(rows), ids[rows]))
            for statement in statements:
                cursor.execute(statement, {**span, "write_no": write_no}).complete()

    def _absorb(self, columns: dict[str, NDArray[Any]]) -> None:
        fields = [name for name in self.fields if name in columns]
        self.latest.absorb(
            columns["series"],
            columns["ts"],
            {name: columns[name] for name in fields},
            {name: columns[f"{name}@"] for name in fields},
        )

    def _save_latest(self, cursor: duckdb.DuckDBPyConnection) -> None:
        ids, ts, values, given_at = self.latest.rows()
        times = {f"{name}@": at for name, at in given_at.items()}
        cursor.register("latest", {"series": ids, "ts": ts, **values, **times})
        cursor.execute(self.sql.save_latest, {"write_no": self._write_no}).complete()
        self._unsaved_rows = 0


def _relation(batch: ReadingBatch, ids: Codes) -> dict[str, NDArray[Any]]:
    """The batch as DuckDB reads it: NaN is read as NULL."""
    columns: dict[str, Floats | Times | Codes] = {"series": ids, "ts": batch.ts}
    return columns | batch.columns


def _by_time(ts: Times, rows: Rows) -> Iterator[tuple[Rows, dict[str, int]]]:
    """The rows in groups close in time, each with its span: few searches, and narrow ones.

    One very late reading must not make the search for all the others go through years of rows.
    """
    rows = rows[np.argsort(ts[rows], kind="stable")]
    gaps = np.diff(ts[rows])
    widest = np.argsort(gaps)[::-1][: _SEARCHES - 1]
    cuts = np.sort(widest[gaps[widest] > HOUR]) + 1
    for group in np.split(rows, cuts):
        yield group, {"low": int(ts[group[0]]), "high": int(ts[group[-1]])}
