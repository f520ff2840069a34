"""The questions put to InfluxDB, in InfluxQL, and its answers as columns.

InfluxQL is the one language that InfluxDB 1, 2 and 3 share. Values travel as bound parameters;
only names from the table of measurements stand in the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Literal

import msgspec
import numpy as np

from facility.readings import Floats, Times, split_series
from facility.store.lineprotocol import COUNT_FIELD, tag_value
from facility.store.tables import LIMIT_MS

NS_IN_MS = 1_000_000

MARKS = "xiuhua_hours"
"""The measurement that says which hours were written to, and as of which write they are rolled up.

The point of an hour stands at its last millisecond, so that it outlives every reading of it."""

_READ = Template(
    'SELECT ${fields} FROM "${table}" '
    "WHERE device = $$device AND circuit = $$circuit AND time >= $$start AND time < $$end"
)
_WINDOWS = Template(f"{_READ.template} GROUP BY time(${{every}}ms) fill(none)")
_SCAN = Template('SELECT ${fields} FROM "${table}" WHERE time >= $$start AND time < $$end')
_NEWEST = Template('SELECT * FROM "${table}" WHERE ${where} GROUP BY * ORDER BY time DESC LIMIT 1')
_PICK = Template('SELECT ${selector}(${field}) FROM "${table}" WHERE ${where} ${group}')
_MARKS = Template(
    'SELECT ${fields} FROM "${marks}" WHERE of = $$table AND time >= $$start AND time < $$end'
)
_SERIES = Template('SHOW SERIES FROM "${table}"')
_POLICIES = Template("SHOW RETENTION POLICIES ON ${database}")
_CREATE = Template("CREATE DATABASE ${database}${duration}")
_ALTER = Template("ALTER RETENTION POLICY ${policy} ON ${database} DURATION ${days}d")
_DELETE = Template("DELETE WHERE time < ${before}")


@dataclass(frozen=True, slots=True)
class Question:
    """A statement and its bound parameters."""

    statement: str
    parameters: Mapping[str, str | int]

    @property
    def is_select(self) -> bool:
        """Whether readings are asked for, so that the first column of the answer is the time."""
        return self.statement.startswith("SELECT")


class Rows(msgspec.Struct):
    """One series of an answer: rows of values under ``columns``, the first of which is the time."""

    columns: list[str]
    values: list[list[Any]]
    tags: dict[str, str] = {}


class _Result(msgspec.Struct):
    series: list[Rows] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


_answer = msgspec.json.Decoder(_Answer)


class StatementError(Exception):
    """The database could not answer; the text is its own."""


def answered(document: bytes) -> list[Rows]:
    """The series of an answer of one statement."""
    answer = _answer.decode(document)
    series = []
    for result in answer.results:
        if result.error:
            raise StatementError(result.error)
        series += result.series
    if answer.error:
        raise StatementError(answer.error)
    return series


def read(table: str, series: str, fields: Sequence[str], start: int, end: int) -> Question:
    """All readings of a series, also those that have none of ``fields``."""
    columns = ", ".join(map(_quoted, (COUNT_FIELD, *fields)))
    statement = _READ.substitute(table=table, fields=columns)
    return Question(statement, _series(series) | _span(start, end))


def windows(
    table: str, series: str, fields: Sequence[str], start: int, end: int, every: int
) -> Question:
    """For each window its count, then count, mean, low and high of each field."""
    columns = [f"count({_quoted(COUNT_FIELD)})"]
    columns += [f"{f}({_quoted(name)})" for name in fields for f in ("count", "mean", "min", "max")]
    statement = _WINDOWS.substitute(table=table, fields=", ".join(columns), every=int(every))
    return Question(statement, _series(series) | _span(start, end))


def scan(table: str, fields: Sequence[str], start: int, end: int) -> Question:
    """Every reading of a span in order of time, tags being columns."""
    columns = ", ".join(map(_quoted, (COUNT_FIELD, "device", "circuit", *fields)))
    return Question(_SCAN.substitute(table=table, fields=columns), _span(start, end))


def newest(
    table: str, series: Sequence[str] | None, start: int = -LIMIT_MS, end: int = LIMIT_MS
) -> Question:
    """The newest reading of each series, or of each of ``series``, in a span."""
    where, parameters = _where(series, start, end)
    return Question(_NEWEST.substitute(table=table, where=where), parameters)


def newest_of_all(table: str) -> Question:
    """The time of the newest reading."""
    where, parameters = _where(None, -LIMIT_MS, LIMIT_MS)
    parts = {"selector": "last", "field": _quoted(COUNT_FIELD), "group": ""}
    return Question(_PICK.substitute(table=table, where=where, **parts), parameters)


def pick(
    selector: Literal["first", "last"],
    table: str,
    field: str,
    series: Sequence[str] | None,
    start: int = -LIMIT_MS,
    end: int = LIMIT_MS,
) -> Question:
    """The first or last given value of a field of each series, or of each of ``series``."""
    where, parameters = _where(series, start, end)
    parts = {"selector": selector, "field": _quoted(field), "group": "GROUP BY *"}
    return Question(_PICK.substitute(table=table, where=where, **parts), parameters)


def all_series(table: str) -> Question:
    """The keys of every series, out of the index."""
    return Question(_SERIES.substitute(table=table), {})


def marks(table: str, start: int, end: int, *fields: str, limit: bool = False) -> Question:
    """The marks of the hours of a span: ``changed``, ``rolled``."""
    statement = _MARKS.substitute(marks=MARKS, fields=", ".join(map(_quoted, fields)))
    return Question(
        f"{statement} LIMIT 1" if limit else statement, {"table": table} | _span(start, end)
    )


def newest_mark(table: str) -> Question:
    """The end of the newest hour that was written to, at once."""
    question = marks(table, -LIMIT_MS, LIMIT_MS, "changed")
    return Question(f"{question.statement} ORDER BY time DESC LIMIT 1", question.parameters)


def policies(database: str) -> str:
    """How long a 1.x database keeps what it has; it says so where there is none."""
    return _POLICIES.substitute(database=_quoted(database))


def create(database: str, days: int) -> str:
    """Makes a 1.x database that keeps what it gets so many days, 0 for ever."""
    duration = f" WITH DURATION {int(days)}d" if days else ""
    return _CREATE.substitute(database=_quoted(database), duration=duration)


def alter(database: str, policy: str, days: int) -> str:
    """Changes how long a 1.x database keeps what it has."""
    names = {"policy": _quoted(policy), "database": _quoted(database)}
    return _ALTER.substitute(days=int(days), **names)


def delete(before: int) -> Question:
    """Deletes every older point of a 1.x database."""
    return Question(_DELETE.substitute(before=_span(before, before)["start"]), {})


def times(rows: Sequence[Sequence[Any]]) -> Times:
    """The times of rows, ms."""
    return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))


def matrix(rows: Sequence[Sequence[Any]], columns: int) -> Floats:
    """Rows of numbers as float64 (columns, rows), NaN for null."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), columns).T


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _series(series: str) -> dict[str, str | int]:
    device, circuit = split_series(series)
    return {"device": tag_value(device), "circuit": tag_value(circuit or "")}


def _span(start: int, end: int) -> dict[str, str | int]:
    return {
        "start": max(-LIMIT_MS, min(LIMIT_MS, start)) * NS_IN_MS,
        "end": max(-LIMIT_MS, min(LIMIT_MS, end)) * NS_IN_MS,
    }


def _where(series: Sequence[str] | None, start: int, end: int) -> tuple[str, dict[str, str | int]]:
    """What limits a question to a span and to some series."""
    where, parameters = "time >= $start AND time < $end", _span(start, end)
    if series is None:
        return where, parameters
    choices = []
    for i, name in enumerate(series):
        parameters |= {f"{tag}{i}": value for tag, value in _series(name).items()}
        choices.append(f"(device = $device{i} AND circuit = $circuit{i})")
    return f"{where} AND ({' OR '.join(choices)})", parameters
