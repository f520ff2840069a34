"""Hours: what is kept of readings when they have expired. A row for each series and hour.

Of a field ``power_w`` the columns are ``power_w_count``, ``power_w_mean``, ``power_w_min`` and
``power_w_max``; of a counter also ``energy_kwh_increase`` and ``energy_kwh_last``. ``readings``
counts the readings, also those that lack the field. All are float64, NaN where the hour has none
of the field.

The increase is the sum of the steps from reading to reading, the first being the one from the
series' last reading before the hour, however long ago: added up, hours lose nothing. A counter that
falls back counts from zero, so a step down from 500 to 3 is an increase of 3: right where a meter
was replaced or started anew, and the reason why a field that may fall is no counter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from facility.clock import HOUR
from facility.errors import Permanent
from facility.measurements import MEASUREMENTS
from facility.readings import Codes, Floats, Names, ReadingBatch, Times
from facility.store.base import History, Series
from facility.store.tables import fields_of

READINGS = "readings"
FIGURES = ("count", "mean", "min", "max")

Before = Callable[[str, Sequence[str]], Sequence[float]]
"""Asked with a counter and some series: its last value of each before what is rolled up, or NaN."""


def hours_table(table: str) -> str:
    """Where the hours of ``table`` are kept."""
    return f"{table}_1h"


def counters_of(table: str) -> tuple[str, ...]:
    """The fields that only ever count up."""
    return tuple(name for name, field in MEASUREMENTS[table].items() if field.counter)


def hour_columns(table: str, asked: Iterable[str] = ()) -> tuple[str, ...]:
    """The columns of an hour. Permanent where there is no such table or no column ``asked``."""
    columns = [READINGS]
    for field in fields_of(table):
        more = ("increase", "last") if MEASUREMENTS[table][field].counter else ()
        columns += [f"{field}_{figure}" for figure in FIGURES + more]
    for column in asked:
        if column not in columns:
            raise Permanent(f"no column {column!r} in the hours of {table}")
    return tuple(columns)


def figures_of(fields: Iterable[str]) -> list[str]:
    """The columns that :func:`history_of` needs."""
    return [READINGS, *(f"{field}_{figure}" for field in fields for figure in FIGURES)]


class Rolling:
    """Rolls up the readings of a span of one table.

    ``closing`` has, once they are through, counter → series → its last value, of each series that
    gave one.
    """

    def __init__(self, table: str, before: Before) -> None:
        self.closing: dict[str, dict[str, float]] = {name: {} for name in counters_of(table)}
        self._table = table
        self._before = before

    def hours(self, readings: Iterable[ReadingBatch]) -> Iterator[ReadingBatch]:
        """A batch an hour; the readings come in order of time, in batches that share names."""
        hour: _Hour | None = None
        for batch in readings:
            starts = batch.ts // HOUR * HOUR
            cuts = np.flatnonzero(np.diff(starts)) + 1
            for rows in np.split(np.arange(len(batch)), cuts):
                start = int(starts[rows[0]])
                if hour is None or hour.start != start:
                    if hour is not None:
                        yield self._ended(hour)
                    hour = _Hour(self._table, start, batch.names, self._previous)
                hour.add(batch.take(rows))
        if hour is not None:
            yield self._ended(hour)

    def _previous(self, counter: str, names: Sequence[str]) -> list[float]:
        """The counter of each series before the hour at hand."""
        closing = self.closing[counter]
        unmet = [name for name in names if name not in closing]
        found = dict(zip(unmet, self._before(counter, unmet), strict=True)) if unmet else {}
        return [closing[name] if name in closing else found[name] for name in names]

    def _ended(self, hour: _Hour) -> ReadingBatch:
        rows = hour.rows()
        for counter, closing in self.closing.items():
            last = rows.column(f"{counter}_last")
            given = np.flatnonzero(~np.isnan(last))
            names = map(rows.name, given.tolist())
            closing.update(zip(names, last[given].tolist(), strict=True))
        return rows


class _Hour:
    """One hour while it is added up; a column has a place for each name."""

    def __init__(self, table: str, start: int, names: Names, before: Before) -> None:
        self.start = start
        self._table = table
        self._names = names
        self._counters = counters_of(table)
        self._before = before
        self._columns: dict[str, Floats] = {}

    def add(self, batch: ReadingBatch) -> None:
        self._add(READINGS, batch.series, np.ones(len(batch)))
        for field, values in batch.columns.items():
            given = ~np.isnan(values)
            if not given.any():
                continue
            codes, numbers = batch.series[given], values[given]
            self._add(f"{field}_count", codes, np.ones(len(codes)))
            self._add(f"{field}_mean", codes, numbers)
            np.fmin.at(self._column(f"{field}_min"), codes, numbers)
            np.fmax.at(self._column(f"{field}_max"), codes, numbers)
            if field in self._counters:
                self._add_steps(field, codes, numbers)

    def rows(self) -> ReadingBatch:
        """The series that had readings."""
        codes = np.flatnonzero(self._column(READINGS) > 0).astype(np.int32)
        columns = {name: self._column(name)[codes] for name in list(self._columns)}
        for field in fields_of(self._table):
            if (mean := columns.get(f"{field}_mean")) is not None:
                low, high = columns[f"{field}_min"], columns[f"{field}_max"]
                # Adding up may round a mean out of its range, or beyond every number.
                columns[f"{field}_mean"] = np.clip(mean / columns[f"{field}_count"], low, high)
        ts = np.full(len(codes), self.start, dtype=np.int64)
        return ReadingBatch(hours_table(self._table), self._names, codes, ts, ts, columns)

    def _add_steps(self, counter: str, codes: Codes, numbers: Floats) -> None:
        order = np.argsort(codes, kind="stable")
        codes, numbers = codes[order], numbers[order]
        first = np.ones(len(codes), dtype=bool)
        first[1:] = np.diff(codes) != 0
        last = self._column(f"{counter}_last")
        previous = np.empty(len(numbers))
        previous[1:] = numbers[:-1]
        previous[first] = last[codes[first]]
        unmet = np.flatnonzero(first & np.isnan(previous))
        if len(unmet):
            names = [self._names[code] for code in codes[unmet].tolist()]
            previous[unmet] = self._before(counter, names)
        self._add(f"{counter}_increase", codes, steps(previous, numbers))
        last[codes] = numbers  # of several assignments to one place the last stays: the newest

    def _add(self, name: str, codes: Codes, numbers: Floats) -> None:
        column = self._column(name)
        first = np.zeros(len(column), dtype=bool)
        first[codes] = True
        column[first & np.isnan(column)] = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            column += np.bincount(codes, weights=numbers, minlength=len(column))

    def _column(self, name: str) -> Floats:
        column = self._columns.get(name, np.empty(0))
        if len(column) < len(self._names):
            longer = np.full(len(self._names), np.nan)
            longer[: len(column)] = column
            column = self._columns[name] = longer
        return column


def steps(previous: Floats, numbers: Floats) -> Floats:
    """How far a counter went from ``previous``, from zero where it fell; 0 where that is NaN."""
    step = np.where(numbers >= previous, numbers - previous, numbers)
    return np.where(np.isnan(previous), 0.0, step)


def whole_hours(start: int, end: int) -> tuple[int, int]:
    """The hours that lie in [start, end) from first to last."""
    return -(-start // HOUR) * HOUR, end // HOUR * HOUR


def history_of(readings: Series, hours: Series, fields: Sequence[str], every: int) -> History:
    """Windows of ``every`` ms out of smaller ones, ``hours`` standing in where readings are gone.

    Both have :func:`figures_of` the fields, at most a row for each time; that of ``readings``
    counts unless the other knows of more.
    """
    ts = np.union1d(readings.ts, hours.ts)
    chosen = {name: np.full(len(ts), np.nan) for name in figures_of(fields)}
    in_hours, in_readings = np.searchsorted(ts, hours.ts), np.searchsorted(ts, readings.ts)
    known = np.zeros(len(ts))
    known[in_hours] = hours.columns[READINGS]
    kept = readings.columns[READINGS] >= known[in_readings]
    for name, column in chosen.items():
        column[in_hours] = hours.columns[name]
        column[in_readings[kept]] = readings.columns[name][kept]
    window = ts // every * every
    starts = np.flatnonzero(np.diff(window, prepend=window[:1] - 1))
    mean = {f: _mean(chosen[f"{f}_mean"], chosen[f"{f}_count"], starts) for f in fields}
    return History(
        window[starts],
        _reduced(np.add, chosen[READINGS], starts).astype(np.int64),
        mean,
        {f: _reduced(np.fmin, chosen[f"{f}_min"], starts) for f in fields},
        {f: _reduced(np.fmax, chosen[f"{f}_max"], starts) for f in fields},
    )


def _mean(means: Floats, counts: Floats, starts: Times) -> Floats:
    counts = np.nan_to_num(counts)
    total = _reduced(np.add, counts, starts)
    of_window = np.repeat(total, np.diff(starts, append=len(counts)))
    # Shares, not sums: what is alone in its window comes out as it went in.
    share = np.divide(counts, of_window, out=np.zeros_like(counts), where=of_window > 0)
    mean = _reduced(np.add, np.where(counts > 0, means * share, 0.0), starts)
    return np.where(total > 0, mean, np.nan)


def _reduced(figure: np.ufunc, values: Floats, starts: Times) -> Floats:
    reduced: Floats = figure.reduceat(values, starts) if len(starts) else np.empty(0)
    return reduced
