"""Cells to columns: one field of many readings is judged at once, never a reading at a time.

The cells are what a JSON decoder gave. A column of the declared type goes through numpy whole;
only a column with a stray cell in it is looked at cell by cell.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from facility.clock import from_rfc3339
from facility.measurements import Measurement
from facility.readings import Floats, Times

_NUMBERS = ({float}, {int}, {float, int})
EARLIEST = 946_684_800_000
"""2000-01-01: a device that says less counts in seconds, or has never had its clock set."""

LATEST = 1 << 62
"""Far beyond any clock, and far enough from the end of int64 to calculate with."""

BAD_TS = -1
"""In a column of times: a ``ts`` that is none."""

NO_TS = -2
"""In a column of times: no ``ts`` given."""

# ISO 8601 has more forms (weeks, no punctuation), some of which Python reads.
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def measured(cells: Sequence[object], measurement: Measurement, drops: Counter[str]) -> Floats:
    """The column of one measurement, float64 (n,), NaN for null and for what was dropped.

    Adds to ``drops``, by reason: ``type`` (not of the declared type), ``range`` (outside it),
    ``choice`` (a word that is none of its choices).
    """
    types = set(map(type, cells))
    if measurement.type == "number" and types in _NUMBERS:
        try:
            values = np.array(cells, dtype=np.float64)
        except OverflowError:  # an integer beyond float64
            values = _one_by_one(cells, measurement, drops)
    elif measurement.type == "bool" and types == {bool}:
        return np.array(cells, dtype=np.float64)
    else:
        values = _one_by_one(cells, measurement, drops)
    outside = (values < measurement.low) | (values > measurement.high) | np.isinf(values)
    if outside.any():
        drops["range"] += int(outside.sum())
        values[outside] = np.nan
    return values


def times(cells: Sequence[object]) -> Times:
    """The column of ``ts`` in ms, int64 (n,), with BAD_TS and NO_TS where there is no time."""
    if set(map(type, cells)) == {int}:
        try:
            ts = np.array(cells, dtype=np.int64)
        except OverflowError:
            pass
        else:
            ts[(ts < EARLIEST) | (ts >= LATEST)] = BAD_TS
            return ts
    return np.array([_time(cell) for cell in cells], dtype=np.int64)


def reason_of(cell: object, measurement: Measurement) -> str:
    """Why a cell that is not null was dropped."""
    drops: Counter[str] = Counter()
    measured([cell], measurement, drops)
    return next(iter(drops), "")


def _time(cell: object) -> int:
    if cell is None:
        return NO_TS
    try:
        if isinstance(cell, str):
            cell = from_rfc3339(cell.upper()) if _RFC3339.fullmatch(cell) else None
        elif isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
    except (ValueError, OverflowError):
        return BAD_TS
    return cell if type(cell) is int and EARLIEST <= cell < LATEST else BAD_TS


def _one_by_one(cells: Sequence[object], measurement: Measurement, drops: Counter[str]) -> Floats:
    read = {"number": _number, "bool": _bool, "choice": _choice, "flags": _flags}[measurement.type]
    return np.array(
        [math.nan if cell is None else read(cell, measurement, drops) for cell in cells],
        dtype=np.float64,
    )


def _number(cell: object, _: Measurement, drops: Counter[str]) -> float:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        try:
            return float(cell)
        except OverflowError:
            drops["range"] += 1
            return math.nan
    drops["type"] += 1
    return math.nan


def _bool(cell: object, _: Measurement, drops: Counter[str]) -> float:
    if isinstance(cell, bool):
        return float(cell)
    drops["type"] += 1
    return math.nan


def _choice(cell: object, measurement: Measurement, drops: Counter[str]) -> float:
    if not isinstance(cell, str):
        drops["type"] += 1
    elif cell not in measurement.choices:
        drops["choice"] += 1
    else:
        return float(measurement.choices.index(cell))
    return math.nan


def _flags(cell: object, measurement: Measurement, drops: Counter[str]) -> float:
    """The bit mask of a list of words; an unknown word is dropped, the known ones are kept."""
    if not isinstance(cell, list) or not all(isinstance(word, str) for word in cell):
        drops["type"] += 1
        return math.nan
    known = {word for word in cell if word in measurement.choices}
    drops["choice"] += len(cell) - sum(word in known for word in cell)
    if cell and not known:
        return math.nan
    return float(sum(1 << measurement.choices.index(word) for word in known))
