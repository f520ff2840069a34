"""What is kept beside the cases, for people to read and change: schedules, and supervision."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from cases import database
from cases.people import audit
from cases.people.audit import By
from cases.periodic import schedules
from cases.periodic.schedules import Occurrence, Plan, Schedule
from cases.supervision import listing
from cases.supervision.listing import Page, Sort, SupervisedFilter


class Registers:
    """The registers of one case database, whose tables :func:`cases.database.upgrade` has made.

    ``timezone`` is the one that schedules are written in. Methods raise Retryable while the
    database is away.
    """

    def __init__(self, url: str, timezone: ZoneInfo) -> None:
        self._engine = database.connect(url)
        self._timezone = timezone

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules, by name."""
        with database.reading(self._engine) as connection:
            return schedules.every(connection)

    def schedule(self, id_: str) -> Schedule:
        """The schedule. Raises NoSuchSchedule."""
        with database.reading(self._engine) as connection:
            return schedules.get(connection, id_)

    def add_schedule(self, plan: Plan, now: int, by: By) -> Schedule:
        """A new schedule, due from ``now`` (ms) on. UsageError where the plan is wrong."""
        with database.writing(self._engine) as connection:
            made = schedules.create(connection, plan, now, by.who, self._timezone)
            audit.note(connection, by, "schedule.added", made.id, {"name": plan.name})
            return made

    def change_schedule(
        self, id_: str, plan: Plan, now: int, by: By, expected_version: int | None
    ) -> Schedule:
        """Another plan in a schedule's place, due from ``now`` (ms) on.

        Raises NoSuchSchedule, ScheduleChanged, and UsageError where the plan is wrong.
        """
        with database.writing(self._engine) as connection:
            changed = schedules.change(
                connection, id_, plan, now, by.who, self._timezone, expected_version
            )
            audit.note(connection, by, "schedule.changed", id_, {"name": plan.name})
            return changed

    def remove_schedule(self, id_: str, by: By) -> None:
        """Ends a schedule; its cases stay. Raises NoSuchSchedule."""
        with database.writing(self._engine) as connection:
            schedules.remove(connection, id_)
            audit.note(connection, by, "schedule.removed", id_)

    def occurrences(self, id_: str, limit: int) -> tuple[Occurrence, ...]:
        """The newest occurrences of a schedule, newest first. Raises NoSuchSchedule."""
        with database.reading(self._engine) as connection:
            schedules.get(connection, id_)
            return schedules.occurrences_of(connection, id_, limit)

    def supervised(
        self, filters: SupervisedFilter, limit: int, cursor: str | None, sort: Sort
    ) -> Page:
        """A page of the cases that are supervised. UsageError where ``cursor`` is none of its."""
        with database.reading(self._engine) as connection:
            return listing.page(connection, filters, limit, cursor, sort)
