"""Station days: tonnes in, out and left by service day, as tallies."""

from __future__ import annotations

from collections.abc import Mapping

from cases.tallies import Tally
from facility.clock import DAY, MINUTE
from facility.measurements import Kind
from rules.days import LocalDays
from rules.stations.backlog import Course

_TELL_EVERY = 15 * MINUTE


class StationDays:
    """Tells the day that is, and the one before it: so none is lost between two calls."""

    def __init__(self, streets: Mapping[str, str], timezone: str) -> None:
        """``streets``: station → code of the grid."""
        self._streets = streets
        self._days = LocalDays(timezone)

    def judge(self, now: int, courses: list[Course]) -> list[Tally]:
        """The tallies, now and then."""
        if now % _TELL_EVERY:
            return []
        told = []
        for course in courses:
            if course.ended is not None:
                told.append(self._tally(course.station, *course.ended))
            today = (course.deadline, course.came_in, course.went_out, course.inside)
            told.append(self._tally(course.station, *today))
        return told

    def _tally(self, station: str, deadline: int, came: float, went: float, left: float) -> Tally:
        # 24:00, and two in the morning, end the day before.
        day = self._days.of(deadline - DAY // 2).isoformat()
        numbers = {"in_t": round(came, 2), "out_t": round(went, 2), "left_t": round(left, 2)}
        street = self._streets.get(station, "")
        return Tally("station", day, numbers, street, "", Kind.STATION, station)
