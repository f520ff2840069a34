"""A forecast from the day's own course: a station that will not be clear by its deadline.

An hour ahead, what is inside and still comes in at the pace of the last while is held against what
leaves at that pace. A station that on days it was cleared stood no better at that time is not
warned of: its last lorry is on its way. A warning opens no case; whether the day was missed is
judged when it is over (:mod:`rules.stations.backlog`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from facility.clock import to_rfc3339
from rules.book import figures
from rules.stations.backlog import TYPE, Course


@dataclass(slots=True)
class _Known:
    """What a station is known by: tonnes inside ``ahead`` of the deadline, of the day that is and
    of the last days that were cleared; and since when (ms) it is warned of, 0 while it is not."""

    deadline: int = 0
    inside: float = 0.0
    warned: int = 0
    cleared: list[float] = field(default_factory=list)


class Forecast:
    """Warns of stations; ``warnings`` are those of the moment it was told last."""

    PLAIN: ClassVar[dict[str, Any]] = {
        "_known": dict[str, _Known],
        "warnings": list[dict[str, Any]],
    }

    def __init__(self, book: figures.Forecast) -> None:
        self._book = book
        self._known: dict[str, _Known] = {}
        self.warnings: list[dict[str, Any]] = []

    def judge(self, now: int, courses: list[Course]) -> None:
        """Takes stock at ``now``."""
        self.warnings = []
        for course in courses:
            known = self._known.setdefault(course.station, _Known())
            if course.ended is not None and course.ended[0] == known.deadline:
                self._learn(known, course)
            heard = now - course.ts <= self._book.heard_within
            if 0 < course.deadline - now <= self._book.ahead and heard:
                self._foresee(now, known, course)

    def _foresee(self, now: int, known: _Known, course: Course) -> None:
        if known.deadline != course.deadline:
            known.deadline, known.inside, known.warned = course.deadline, course.inside, 0
        left = self._left(now, course)
        if left <= course.tolerance or known.inside <= max(known.cleared, default=0.0):
            known.warned = 0
            return
        known.warned = known.warned or now
        self.warnings.append(_warning(course, left, known.warned))

    def _learn(self, known: _Known, course: Course) -> None:
        """Remembers how a day that was cleared had stood ahead of its deadline."""
        if course.ended_clear:
            known.cleared = [*known.cleared, known.inside][-self._book.cleared_days :]
        known.deadline = 0

    def _left(self, now: int, course: Course) -> float:
        """Tonnes that will be left at the deadline, if the day goes on as in the last while."""
        since = now - self._book.pace_over
        net = sum(came - went for ts, came, went in course.lately if ts > since)
        return course.inside + net * (course.deadline - now) / self._book.pace_over


def _warning(course: Course, left: float, since: int) -> dict[str, Any]:
    return {
        "type": TYPE,
        "subject": f"station:{course.station}",
        "since": to_rfc3339(since),
        "due": to_rfc3339(course.deadline),
        "evidence": {
            "inside_t": round(course.inside, 2),
            "left_t": round(left, 2),
            "inbound_t": round(course.came_in, 2),
            "outbound_t": round(course.went_out, 2),
            "at": to_rfc3339(course.ts),
        },
    }
