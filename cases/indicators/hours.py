"""How long the stages of cases took: medians, on the wall clock and on the cases' own.

All of it is arithmetic on columns; ``NaN`` stands for what a case did not go through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from cases.filing.calendar import Calendar
from cases.filing.working_clock import working_time
from cases.indicators.defined import HOURS, Figures
from facility.clock import HOUR

Column = NDArray[np.float64]

_STAGES = {
    "hours_to_dispatch": ("filed_at", "dispatched_at"),
    "hours_to_accept": ("dispatched_at", "accepted_at"),
    "hours_to_handle": ("accepted_at", "handled_at"),
    "hours_to_check": ("handled_at", "closed_at"),
    "hours_in_all": ("opened_at", "closed_at"),
}
_AROUND_THE_CLOCK = ("urgent_hour", "natural_day")


def durations(columns: Mapping[str, Sequence[Any]], calendar: Calendar | None) -> dict[str, Column]:
    """Hours (n,) of each case by indicator; ``columns`` (n,) are of cases/indicators/queries.py.

    Without a calendar no case has a clock of its own.
    """
    at = {
        name: np.array(columns[name], dtype=np.float64)
        for name in (
            *("opened_at", "filed_at", "dispatched_at", "accepted_at", "handled_at"),
            *("closed_at", "stopped_at"),
        )
    }
    found = {name: at[until] - at[since] for name, (since, until) in _STAGES.items()}
    waited = np.array(columns["source"]) == "resident"
    found["hours_to_file"] = np.where(waited, at["filed_at"] - at["opened_at"], np.nan)
    found["clock_hours"] = _on_the_clock(columns, at, calendar)
    return {name: found[name] / HOUR for name in HOURS}


def medians(hours: dict[str, Column], rows: slice | NDArray[np.intp]) -> Figures:
    """The median of each over some of the cases, to a hundredth; None where no case has it."""
    found: Figures = {}
    for name, column in hours.items():
        some = column[rows]
        some = some[~np.isnan(some)]
        found[name] = round(float(np.median(some)), 2) if len(some) else None
    return found


def _on_the_clock(
    columns: Mapping[str, Sequence[Any]], at: dict[str, Column], calendar: Calendar | None
) -> Column:
    """For how long each case's own clock ran, ms."""
    start = np.where(np.isnan(at["dispatched_at"]), at["opened_at"], at["dispatched_at"])
    # What recovered before it was handed over took none of its clock.
    stop = np.maximum(at["stopped_at"], start)
    if calendar is None:
        return np.full(len(start), np.nan)
    clock = np.array([kind or "" for kind in columns["filed_clock"]])
    around = np.isin(clock, _AROUND_THE_CLOCK)
    working = _WorkingTime(int(np.min(start)), int(np.max(stop)), calendar)
    ran = np.where(around, stop - start, working.between(start, stop))
    for row, written in enumerate(columns["pauses"]):
        if written == "[]":
            continue
        pauses = np.array(msgspec.json.decode(written), dtype=np.float64)
        begin, end = np.clip(pauses, start[row], stop[row]).T
        ran[row] -= (end - begin if around[row] else working.between(begin, end)).sum()
    return np.where(clock == "", np.nan, ran)


class _WorkingTime:
    """The working time between two times, to be asked of many spans at once."""

    def __init__(self, start: int, until: int, calendar: Calendar) -> None:
        spans = np.array(working_time(start, until, calendar), dtype=np.float64).reshape(-1, 2)
        self._begins, self._ends = spans.T
        self._before = np.concatenate([[0.0], np.cumsum(self._ends - self._begins)])

    def between(self, start: Column, stop: Column) -> Column:
        """How much of it lies in each span, ms."""
        return self._until(stop) - self._until(start)

    def _until(self, at: Column) -> Column:
        if not len(self._begins):
            return np.zeros_like(at)
        place = np.searchsorted(self._begins, at, side="right") - 1
        within = np.minimum(at, self._ends[place]) - self._begins[place]
        return np.where(place < 0, 0.0, self._before[place] + within)
