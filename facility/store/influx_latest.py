"""The last value of each field of each series, out of InfluxDB.

To ask for it without a bound opens every shard for every series: 17 s for 20,000 lamps and a month
of readings. Nearly every series has spoken within the last hours, so these are asked for those
alone; the silent ones, which the index names, are asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from facility.clock import DAY, HOUR
from facility.readings import Names, ReadingBatch
from facility.store import influxql
from facility.store.influx_database import InfluxDatabase
from facility.store.influxql import Rows
from facility.store.lineprotocol import series_of_tags
from facility.store.tables import LIMIT_MS

RECENT_MS = 2 * HOUR
"""Before the end of the newest hour that was written to."""
LOOK_BACK_MS = DAY
"""How much older than the newest reading of all a value may be that the newest of its series
lacks."""
SERIES_PER_QUESTION = 200
SILENT_BY_NAME = 4_000
"""Up to so many silent series are asked for by name, which costs a millisecond each."""


def latest_of_all(database: InfluxDatabase, table: str, fields: Sequence[str]) -> ReadingBatch:
    """Of every series that is there."""
    newest = database.rows(influxql.newest_mark(table)) or database.rows(
        influxql.newest_of_all(table)
    )
    if not newest:
        return _batch(table, fields, [])
    end = int(newest[0][0]) + 1
    version = database.version()
    if version >= (3, 0):  # columns, not series: it has no index to ask, nor need of one
        return _filled(database, table, fields, database.ask(influxql.newest(table, None)), None)
    found = database.ask(influxql.newest(table, None, end - RECENT_MS, end))
    recent = _filled(database, table, fields, found, end)
    spoke = {series_of_tags(rows.tags) for rows in found}
    keys = database.rows(influxql.all_series(table))
    silent = [name for (key,) in keys if (name := _series_of_key(key)) not in spoke]
    if len(silent) <= SILENT_BY_NAME:
        return _joined(recent, latest_of_some(database, table, fields, silent))
    older = database.ask(influxql.newest(table, None, -LIMIT_MS, end - RECENT_MS))
    older = [rows for rows in older if series_of_tags(rows.tags) not in spoke]
    return _joined(recent, _filled(database, table, fields, older, end))


def latest_of_some(
    database: InfluxDatabase, table: str, fields: Sequence[str], series: Sequence[str]
) -> ReadingBatch:
    """Of the named series, those that are there; however old."""
    batch = _batch(table, fields, [])
    for first in range(0, len(series), SERIES_PER_QUESTION):
        some = series[first : first + SERIES_PER_QUESTION]
        found = database.ask(influxql.newest(table, some))
        batch = _joined(batch, _filled(database, table, fields, found, None, some))
    return batch


def _filled(
    database: InfluxDatabase,
    table: str,
    fields: Sequence[str],
    found: list[Rows],
    end: int | None,
    series: Sequence[str] | None = None,
) -> ReadingBatch:
    """The newest readings ``found``, and what they lack from older ones of the same ``series``."""
    batch = _batch(table, fields, found)
    start = -LIMIT_MS if end is None else end - LOOK_BACK_MS
    for name, column in batch.columns.items():
        if not np.isnan(column).any():
            continue
        for rows in database.ask(influxql.pick("last", table, name, series, start)):
            code = batch.names.code(series_of_tags(rows.tags))
            if code < len(column):
                column[code] = rows.values[0][1]
    columns = {name: column for name, column in batch.columns.items() if not np.isnan(column).all()}
    return ReadingBatch(table, batch.names, batch.series, batch.ts, batch.arrived, columns)


def _batch(table: str, fields: Sequence[str], found: list[Rows]) -> ReadingBatch:
    names = Names(series_of_tags(rows.tags) for rows in found)
    newest = [rows.values[0] for rows in found]
    present = found[0].columns if found else []
    values = influxql.matrix(newest, len(present))
    columns = {name: values[present.index(name)] for name in fields if name in present}
    ts = influxql.times(newest)
    return ReadingBatch(table, names, np.arange(len(ts), dtype=np.int32), ts, ts, columns)


def _joined(first: ReadingBatch, second: ReadingBatch) -> ReadingBatch:
    """The rows of two batches of different series."""
    if not len(first) or not len(second):
        return first if len(first) else second
    rows = [batch.name(i) for batch in (first, second) for i in range(len(batch))]
    ts = np.concatenate([first.ts, second.ts])
    columns = {
        name: np.concatenate([first.column(name), second.column(name)])
        for name in {**first.columns, **second.columns}
    }
    return ReadingBatch(
        first.table, Names(rows), np.arange(len(ts), dtype=np.int32), ts, ts, columns
    )


def _series_of_key(key: str) -> str:
    """The series of a key as the index has it: ``table,circuit=C1,device=D1``, escaped."""
    _, *tags = re.split(r"(?<!\\),", key)
    pairs = (re.split(r"(?<!\\)=", tag, maxsplit=1) for tag in tags)
    return series_of_tags({name: re.sub(r"\\([,= ])", r"\1", value) for name, value in pairs})
