"""Shelvings: faults that people put aside for a while, so that they open no case meanwhile.

Kept in the case database, which the services share. What is shelved is said in the words of the
rules (:mod:`rules.book.suppression`); here it is data. A shelving ends by itself, LONGEST after it
began at the latest, or when somebody ends it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import RowMapping, and_, case, func, insert, select, update

from cases import database
from cases.schema import shelvings
from facility.clock import DAY
from facility.errors import Permanent, UsageError

LONGEST = 30 * DAY
MOST = 500
"""Shelvings that may run at a time: each costs the rules a look a minute."""


class NoSuchShelving(Permanent):
    """There is no shelving of that id."""


@dataclass(frozen=True, slots=True)
class Shelving:
    """Faults of ``types`` (none: all) at the assets ``place`` says, [since, until) ms.

    ``ended_at`` and ``ended_by`` where a person ended it before.
    """

    id: str
    types: tuple[str, ...]
    place: dict[str, Any]
    reason: str
    author: str
    since: int
    until: int
    ended_at: int | None = None
    ended_by: str | None = None

    @property
    def over_at(self) -> int:
        """When it ends, or ended, ms."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)


class Shelvings:
    """The shelvings in the case database. Methods raise Retryable while it is away."""

    def __init__(self, url: str) -> None:
        self._engine = database.connect(url)

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def shelve(
        self,
        types: Sequence[str],
        place: dict[str, Any],
        reason: str,
        author: str,
        now: int,
        until: int,
    ) -> Shelving:
        """Puts faults aside from now on. UsageError where that is without an end, or too much."""
        if not types and not place:
            raise UsageError("name types or a where: everything everywhere cannot be shelved")
        if not now < until <= now + LONGEST:
            raise UsageError(f"until must be within {LONGEST // DAY} days from now")
        made = Shelving(
            secrets.token_hex(6), tuple(types), place, reason, author, since=now, until=until
        )
        with database.writing(self._engine) as connection:
            running = select(func.count()).where(now < _OVER_AT)
            if (connection.scalar(running) or 0) >= MOST:
                raise UsageError(f"{MOST} shelvings run already; end some")
            connection.execute(insert(shelvings), asdict(made) | {"types": list(made.types)})
        return made

    def end(self, shelving_id: str, by: str, now: int) -> Shelving:
        """Ends one that runs; one that is over stays as it is. Raises NoSuchShelving."""
        mine = shelvings.c.id == shelving_id
        running = and_(mine, shelvings.c.ended_at.is_(None), shelvings.c.until > now)
        with database.writing(self._engine) as connection:
            connection.execute(update(shelvings).where(running), {"ended_at": now, "ended_by": by})
            row = connection.execute(select(shelvings).where(mine)).mappings().first()
        if row is None:
            raise NoSuchShelving(f"no shelving {shelving_id!r}")
        return _shelving(row)

    def not_over(self, since: int) -> list[Shelving]:
        """Those that were not over at ``since`` (ms), the oldest first."""
        query = select(shelvings).where(since < _OVER_AT).order_by(shelvings.c.since)
        with database.reading(self._engine) as connection:
            return [_shelving(row) for row in connection.execute(query).mappings()]


_OVER_AT = case(
    (shelvings.c.ended_at < shelvings.c.until, shelvings.c.ended_at), else_=shelvings.c.until
)


def _shelving(row: RowMapping) -> Shelving:
    return Shelving(**{**row, "types": tuple(row["types"])})
