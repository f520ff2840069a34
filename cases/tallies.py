"""Tallies: what was counted of a day at one place, to be summed over any span.

One row is of one measure, one day and one place. Whoever counts puts the same row again as the day
goes on; it stands in place of the one before, so counting again after a restart changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

import msgspec
from sqlalchemy import delete, func, insert, select, tuple_

from cases import database
from cases.schema import tallies

Measure = Literal["lighting", "coverage", "station"]

NUMBERS: dict[Measure, tuple[str, ...]] = {
    "lighting": (
        *("lamps", "lamps_lit", "lamps_dark", "lamps_unknown"),
        *("lit_min", "dark_min", "unknown_min"),
    ),
    "coverage": ("installed", "reporting", "trusted"),
    "station": ("in_t", "out_t", "left_t"),
}
"""The numbers of each measure.

``lighting`` is of a night, named by the day it begins on, of a segment: lamps that should be lit by
plan, and lamp-minutes. ``coverage`` is of a day, of the devices of a kind. ``station`` is of a
service day, named by the day that most of it lies in (24:00 and 02:00 end the day before), in
tonnes.
"""

Column = Literal["day", "street", "road_class", "kind", "place"]
COLUMNS: tuple[Column, ...] = get_args(Column)
_KEY = ("measure", *COLUMNS)
_MANY = 100


class Tally(msgspec.Struct, frozen=True):
    """What was counted of a ``day`` (local, ISO) at one place; what is not known is empty.

    ``street`` is a code of the grid, ``kind`` an asset's, ``place`` a segment or an asset.
    """

    measure: Measure
    day: str
    numbers: dict[str, float]
    street: str = ""
    road_class: str = ""
    kind: str = ""
    place: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same tally."""
        return tuple(getattr(self, name) for name in _KEY)


@dataclass(frozen=True, slots=True)
class Total:
    """Tallies added up: ``of`` is what they share, ``days`` of how many days they are."""

    of: dict[Column, str]
    days: int
    numbers: dict[str, float] = field(default_factory=dict)


class Tallies:
    """The tallies in the case database. Methods raise Retryable while it is away."""

    def __init__(self, url: str) -> None:
        self._engine = database.connect(url)

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def put(self, rows: Iterable[Tally]) -> None:
        """Keeps the tallies, all or none, each in place of the one of its measure, day, place."""
        newest = list({row.key: row for row in rows}.items())
        key = tuple_(*(tallies.c[name] for name in _KEY))
        with database.writing(self._engine) as connection:
            for start in range(0, len(newest), _MANY):
                some = newest[start : start + _MANY]
                connection.execute(delete(tallies).where(key.in_([one for one, _ in some])))
                made = [dict(zip(_KEY, one, strict=True)) for one, _ in some]
                numbers = [{"numbers": row.numbers} for _, row in some]
                connection.execute(
                    insert(tallies), [a | b for a, b in zip(made, numbers, strict=True)]
                )

    def of_day(self, measure: Measure, day: date) -> list[Tally]:
        """The tallies of a measure that were kept of a day."""
        query = select(tallies).where(
            tallies.c.measure == measure, tallies.c.day == day.isoformat()
        )
        with database.reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [Tally(numbers=row["numbers"], **{name: row[name] for name in _KEY}) for row in rows]

    def totals(
        self, measure: Measure, first: date, last: date, by: Sequence[Column] = ()
    ) -> list[Total]:
        """The measure's numbers added up over the days from ``first`` to ``last``, both included.

        One total for each value that the columns ``by`` have, in their order; one alone without
        any, and none of days that nothing was counted of. What is a level and no amount
        (``coverage``, ``lamps``) is added up too: its mean is the total divided by ``days``.
        """
        groups = [tallies.c[name] for name in by]
        sums = [
            func.sum(func.coalesce(tallies.c.numbers[name].as_float(), 0)).label(name)
            for name in NUMBERS[measure]
        ]
        days = func.count(tallies.c.day.distinct()).label("days")
        query = (
            select(*groups, days, *sums)
            .where(tallies.c.measure == measure)
            .where(tallies.c.day.between(first.isoformat(), last.isoformat()))
            .group_by(*groups)
            .order_by(*groups)
        )
        with database.reading(self._engine) as connection:
            return [
                Total(
                    {name: row[name] for name in by},
                    row["days"],
                    {name: float(row[name]) for name in NUMBERS[measure]},
                )
                for row in connection.execute(query).mappings()
                if row["days"]
            ]
