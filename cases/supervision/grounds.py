"""Supervision (督办): for what a case is supervised by itself, and at which level. Pure rules.

The figures are data (``supervision.toml``). A level never falls while what raised it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

from cases.case import Case
from cases.deadlines import limit_of, runs_for
from cases.filing.calendar import Calendar
from cases.filing.working_clock import deadline
from facility import tomlfile
from facility.clock import HOUR, MINUTE
from facility.errors import UsageError

CauseName = Literal[
    "due_soon",
    "late",
    "late_twice",
    "rework",
    "dangerous",
    "undispatched",
    "missed",
    "by_hand",
]
CAUSES: tuple[CauseName, ...] = get_args(CauseName)

SHIPPED = Path(__file__).with_name("supervision.toml")
HIGHEST = 3

_Level = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST)]


class _Plain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: _Level


class _DueSoon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: _Level
    share: Annotated[float, msgspec.Meta(gt=0, le=1)]


class _LateTwice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: _Level
    limits: Annotated[float, msgspec.Meta(gt=1)]


class _Rework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: _Level
    times: Annotated[int, msgspec.Meta(ge=1)]


class _Undispatched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: _Level
    working_hours: Annotated[int, msgspec.Meta(ge=1)]
    urgent_minutes: Annotated[int, msgspec.Meta(ge=1)]


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    version: str
    due_soon: _DueSoon
    late: _Plain
    late_twice: _LateTwice
    rework: _Rework
    dangerous: _Plain
    undispatched: _Undispatched
    missed: _Plain

    def level_of(self, cause: CauseName) -> int:
        """The level that a cause supervises a case at."""
        level: int = getattr(self, cause).level
        return level


def load(path: Path = SHIPPED) -> Figures:
    """The figures of a file. UsageError, with file and key, where they are not right."""
    try:
        return msgspec.convert(tomlfile.read(path), Figures)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}") from None


class Moments(NamedTuple):
    """When time alone makes a case worth supervising, ms; None where it cannot.

    They hold for as long as nothing happens to the case.
    """

    due_soon: int | None
    late: int | None
    late_twice: int | None
    undispatched: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a case is to be supervised for."""

    cause: CauseName
    level: int


def moments(case: Case, *, urgent: bool, figures: Figures, calendar: Calendar) -> Moments:
    """When a case as it stands becomes due soon, late, late again, and overdue for dispatch."""
    due_soon = late_twice = None
    limit = limit_of(case, calendar)
    if limit is not None and (case.paused_since is None or case.suspended_until is not None):
        due_soon = runs_for(case, round(limit * figures.due_soon.share), calendar)
        late_twice = runs_for(case, round(limit * figures.late_twice.limits), calendar)
    undispatched = None
    if case.stage in ("reported", "filed") and case.paused_since is None:
        waits = figures.undispatched
        undispatched = (
            case.opened_at + waits.urgent_minutes * MINUTE
            if urgent
            else deadline(case.opened_at, waits.working_hours * HOUR, "working_hour", calendar)
        )
    late = case.filed.deadline if case.filed is not None else None
    return Moments(due_soon, late, late_twice, undispatched)


def judge(
    case: Case, at: Moments, now: int, *, urgent: bool, figures: Figures
) -> tuple[Found, ...]:
    """What a case is to be supervised for at ``now`` (ms); nothing once it has ended.

    While its clock stands still nothing is added by time, and what it was late for stays.
    """
    if case.state == "closed":
        return ()
    stopped = case.stopped_at
    clock = now if stopped is None else min(now, stopped)
    periodic = case.source == "schedule"
    holds: dict[CauseName, bool] = {
        "due_soon": stopped is None and _passed(at.due_soon, clock),
        "late": not periodic and _passed(at.late, clock),
        "missed": periodic and _passed(at.late, clock),
        "late_twice": _passed(at.late_twice, clock),
        "rework": case.reworks >= figures.rework.times,
        "dangerous": urgent and stopped is None,
        "undispatched": stopped is None and _passed(at.undispatched, now),
    }
    return tuple(Found(cause, figures.level_of(cause)) for cause, is_so in holds.items() if is_so)


def level(found: tuple[Found, ...]) -> int:
    """The level that all of it makes; 0 where there is none, or nothing but a notice."""
    return max((one.level for one in found), default=0)


def _passed(moment: int | None, now: int) -> bool:
    return moment is not None and now > moment
