"""Recurrent places: subjects that the same type of case is opened for again and again.

Of covers under water (``cover.flooding``) these are the flood-prone points (易涝点). For how
long and how high is told by the cases' own events; nothing is kept beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, or_, select

from cases.schema import case_events, cases

_NOT_A_FAULT = ("void", "merged")
_BEGINS = ("opened", "relapsed")
_ENDS = ("recovered", "closed", "voided")
_LEVELS = ("highest_m", "water_m")


@dataclass(frozen=True, slots=True)
class Recurrent:
    """What one subject had of one type within a span.

    ``times`` it was at fault, a relapse being one more; ``case_ids`` the cases, the newest first;
    ``ms`` for how long altogether, ``last_at`` when it last began (ms); ``highest_m`` the highest
    water of it, None where none was measured.
    """

    type: str
    subject: str
    street: str | None
    times: int
    case_ids: tuple[str, ...]
    ms: int
    last_at: int
    highest_m: float | None


def recurrent(
    connection: Connection,
    start: int,
    end: int,
    now: int,
    type_: str | None = None,
    street: str | None = None,
    least: int = 2,
) -> list[Recurrent]:
    """Subjects at fault ``least`` times or more in [``start``, ``end``) ms, the worst first.

    They stand by times, then by how long, then by the highest water. A case that was void, or went
    into another one, is none. What is open yet lasts until ``now``.
    """
    query = (
        select(
            *(cases.c[name] for name in ("id", "type", "subject", "street")),
            *(case_events.c[name] for name in ("at", "event", "evidence")),
        )
        .join(case_events, case_events.c.case_id == cases.c.id)
        .where(cases.c.opened_at < end)
        .where(or_(cases.c.closed_at.is_(None), cases.c.closed_at >= start))
        .where(or_(cases.c.how.is_(None), cases.c.how.not_in(_NOT_A_FAULT)))
        .where(case_events.c.event.in_((*_BEGINS, *_ENDS)))
        .where(cases.c.source == "sensor")
        .order_by(cases.c.type, cases.c.subject, case_events.c.seq)
    )
    if type_ is not None:
        query = query.where(cases.c.type == type_)
    if street is not None:
        query = query.where(cases.c.street == street)
    by_subject: dict[tuple[str, str], list[RowMapping]] = {}
    for row in connection.execute(query).mappings():
        by_subject.setdefault((row["type"], row["subject"]), []).append(row)
    found = [_of_subject(rows, start, end, now) for rows in by_subject.values()]
    return sorted(
        (one for one in found if one.times >= least),
        key=lambda one: (-one.times, -one.ms, -(one.highest_m or 0.0), one.subject),
    )


def _of_subject(rows: list[RowMapping], start: int, end: int, now: int) -> Recurrent:
    begins = [row["at"] for row in rows if row["event"] in _BEGINS and start <= row["at"] < end]
    levels = [
        float(row["evidence"][name])
        for row in rows
        for name in _LEVELS
        if isinstance(row["evidence"].get(name), int | float)
    ]
    newest_first = dict.fromkeys(row["id"] for row in reversed(rows))
    return Recurrent(
        type=rows[-1]["type"],
        subject=rows[-1]["subject"],
        street=rows[-1]["street"],
        times=len(begins),
        case_ids=tuple(newest_first),
        ms=_lasted(rows, start, end, now),
        last_at=max(begins, default=0),
        highest_m=max(levels, default=None),
    )


def _lasted(rows: Iterable[RowMapping], start: int, end: int, now: int) -> int:
    """For how long it was at fault within the span, ms."""
    total = 0
    began: int | None = None
    for row in rows:
        if row["event"] in _BEGINS:
            began = row["at"] if began is None else began
        elif began is not None:
            total += max(0, min(row["at"], end) - max(began, start))
            began = None
    if began is not None:
        total += max(0, min(now, end) - max(began, start))
    return total
