"""Proposals for schedules: places at fault again and again, each with a plan to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cases.case import Case
from cases.indicators.recurrent import Recurrent
from cases.periodic.schedules import Plan, Schedule, Selection
from facility.clock import DAY, SECOND

MOST_DAYS = 28
_AT = "08:00"


def proposed_plan(
    place: Recurrent, last: Case, span: int, now: int, timezone: ZoneInfo
) -> Plan | None:
    """A plan for a place, after its last case; None where that was filed under no row.

    It looks at the place twice as often as it was at fault within ``span`` (ms), at least every
    four weeks and at most daily, from tomorrow on.
    """
    if last.filed is None or not last.members:
        return None
    days = min(MOST_DAYS, max(1, round(span / place.times / 2 / DAY)))
    today = datetime.fromtimestamp(now / SECOND, UTC).astimezone(timezone).date()
    return Plan(
        name=f"复查 {place.subject}",
        purpose="inspection",
        rule=f"FREQ=DAILY;INTERVAL={days}",
        start=f"{today + timedelta(days=1)}T{_AT}",
        assets=Selection(ids=last.members[:500]),
        per="all",
        code=last.filed.code,
        condition=last.filed.condition,
        unit=last.unit or "",
    )


def is_scheduled(place: Case, schedules: Iterable[Schedule]) -> bool:
    """Whether a schedule that is active names the assets of a case already."""
    members = {*place.members}
    return any(one.plan.active and members <= {*one.plan.assets.ids} for one in schedules)
