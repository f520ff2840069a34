"""Supervision as it goes on: every case that is not closed is looked at, and what is new is told.

What is found goes to the desk as events of the clock, or, where it is a notice alone, into the list
and the outbox in one transaction. So dying in between loses nothing and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine

from cases import database, supervised
from cases.case import Case
from cases.desk import Desk
from cases.events import CaseEvent
from cases.supervised import CLOCK, Entry
from cases.supervision import CauseName, Figures, Found, Moments, judge, moments
from cases.telling import Telling


@dataclass(slots=True)
class Overseer:
    """Looks at the desk's cases; without a filing there are no limits, and nothing is found.

    ``engine`` is of the desk's database.
    """

    desk: Desk
    engine: Engine
    figures: Figures
    telling: Telling
    _moments: dict[str, tuple[int, bool, Moments]] = field(default_factory=dict)

    def look(self, now: int) -> int:
        """Supervises what is to be at ``now`` (ms), and ends what is over; how many were new."""
        cases = self.desk.unclosed()
        with database.reading(self.engine) as connection:
            known = supervised.of_unclosed(connection)
        self._moments = {case.id: self._moments_of(case) for case in cases}
        new = 0
        for case in cases:
            _, urgent, at = self._moments[case.id]
            found = judge(case, at, now, urgent=urgent, figures=self.figures)
            new += self._keep(case, found, known.get(case.id, {}), now)
        return new

    def _moments_of(self, case: Case) -> tuple[int, bool, Moments]:
        """The case's moments, worked out once for each of its versions."""
        held = self._moments.get(case.id)
        if held is not None and held[0] == case.version:
            return held
        filing = self.desk.filing
        if filing is None:
            return case.version, False, Moments(None, None, None, None)
        row = filing.row_of(case.filed) if case.filed else None
        urgent = row is not None and row.condition.severity == "urgent"
        at = moments(case, urgent=urgent, figures=self.figures, calendar=filing.calendar)
        return case.version, urgent, at

    def _keep(
        self, case: Case, found: tuple[Found, ...], known: Mapping[str, Entry], now: int
    ) -> int:
        fresh = [one for one in found if _is_new(known.get(one.cause))]
        holding = {one.cause for one in found}
        over = [
            cause
            for cause, entry in known.items()
            if entry.ended_at is None and cause not in holding and cause != supervised.BY_HAND
        ]
        if notices := [one for one in fresh if one.level == 0]:
            self._notice(case, notices, now)
        if raised := [one for one in fresh if one.level > 0]:
            level = max(case.supervision, *(one.level for one in raised))
            causes: list[CauseName] = [one.cause for one in raised]
            evidence = {"level": level, "causes": causes, "figures": self.figures.version}
            self.desk.record([_event(case, "supervised", now, evidence)])
        self._end(case, over, holding, known, now)
        return len(fresh)

    def _notice(self, case: Case, notices: list[Found], now: int) -> None:
        told = self.telling.units.told(case.unit, case.street, 0)
        name = told.name if told else None
        with database.writing(self.engine) as connection:
            supervised.put(
                connection, [Entry(case.id, one.cause, 0, now, told=name) for one in notices]
            )
            self.telling.remind(connection, case, [one.cause for one in notices], now)

    def _end(
        self,
        case: Case,
        over: list[str],
        holding: set[CauseName],
        known: Mapping[str, Entry],
        now: int,
    ) -> None:
        """Ends what holds no more; with the last of it the case is not supervised any more."""
        left = any(
            entry.ended_at is None and entry.level > 0 and cause not in over
            for cause, entry in known.items()
        )
        raised = any(self.figures.level_of(cause) > 0 for cause in holding)
        if case.supervision > 0 and not left and not raised:
            self.desk.record([_event(case, "unsupervised", now, {"causes": over})])
        elif over:
            with database.writing(self.engine) as connection:
                supervised.end(connection, case.id, now, CLOCK, over)


def _is_new(known: Entry | None) -> bool:
    """Whether a cause that holds is not known, or was over; what a person lifted stays lifted."""
    return known is None or (known.ended_at is not None and not known.lifted)


def _event(case: Case, name: str, now: int, evidence: dict[str, object]) -> CaseEvent:
    return CaseEvent(
        at=now,
        event=name,  # type: ignore[arg-type]
        case=case.id,
        type=case.type,
        subject=case.subject,
        members=case.members,
        evidence=evidence,
        author=CLOCK,
    )
