"""The questions put to InfluxDB, in InfluxQL, and its answers as columns.

InfluxQL is the one language that InfluxDB 1, 2 and 3 share. Values travel as bound parameters;
only names from the table of measurements stand in the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

import msgspec
import numpy as np

from facility.readings import Floats, Times, split_series
from facility.store.lineprotocol import COUNT_FIELD, tag_value

NS_IN_MS = 1_000_000
_LIMIT_MS = (2**63 - 1) // NS_IN_MS - 1
"""The database counts time in int64 nanoseconds; no reading lies outside of that."""

_READ = Template(
    'SELECT ${fields} FROM "${table}" '
    "WHERE device = $$device AND circuit = $$circuit AND time >= $$start AND time < $$end"
)
_HISTORY = Template(f"{_READ.template} GROUP BY time(${{every}}ms) fill(none)")
_SCAN = Template('SELECT * FROM "${table}" WHERE time >= $$start AND time < $$end')
_NEWEST = Template('SELECT * FROM "${table}" ${where} GROUP BY * ORDER BY time DESC LIMIT 1')
_LAST = Template('SELECT last(${field}) FROM "${table}" ${where} GROUP BY *')
_CREATE = Template("CREATE DATABASE ${database}")


@dataclass(frozen=True, slots=True)
class Question:
    """A statement and its bound parameters."""

    statement: str
    parameters: Mapping[str, str | int]


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


def history(
    table: str, series: str, fields: Sequence[str], start: int, end: int, every: int
) -> Question:
    """For each window its count, then mean, low and high of each field."""
    columns = [f"count({_quoted(COUNT_FIELD)})"]
    columns += [f"{f}({_quoted(name)})" for name in fields for f in ("mean", "min", "max")]
    statement = _HISTORY.substitute(table=table, fields=", ".join(columns), every=int(every))
    return Question(statement, _series(series) | _span(start, end))


def scan(table: str, start: int, end: int) -> Question:
    """Every reading of a span in order of time, tags being columns."""
    return Question(_SCAN.substitute(table=table), _span(start, end))


def newest(table: str, series: Sequence[str] | None) -> Question:
    """The newest reading of each series, or of each of ``series``."""
    where, parameters = _among(series)
    return Question(_NEWEST.substitute(table=table, where=where), parameters)


def last(table: str, field: str, series: Sequence[str] | None) -> Question:
    """The last given value of a field of each series, or of each of ``series``."""
    where, parameters = _among(series)
    statement = _LAST.substitute(table=table, field=_quoted(field), where=where)
    return Question(statement, parameters)


def create(database: str) -> Question:
    """Makes the database; nothing happens where it is there."""
    return Question(_CREATE.substitute(database=_quoted(database)), {})


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
        "start": max(-_LIMIT_MS, min(_LIMIT_MS, start)) * NS_IN_MS,
        "end": max(-_LIMIT_MS, min(_LIMIT_MS, end)) * NS_IN_MS,
    }


def _among(series: Sequence[str] | None) -> tuple[str, dict[str, str | int]]:
    if series is None:
        return "", {}
    parameters: dict[str, str | int] = {}
    choices = []
    for i, name in enumerate(series):
        parameters |= {f"{tag}{i}": value for tag, value in _series(name).items()}
        choices.append(f"(device = $device{i} AND circuit = $circuit{i})")
    return f"WHERE {' OR '.join(choices)}", parameters
