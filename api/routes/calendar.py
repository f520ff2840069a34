"""The working calendar that cases' clocks run by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.parameters import Moment, Parameters
from api.parts import FromApp, answer
from api.problems import BadParameter, Problem
from api.shapes.site import WorkingCalendar
from cases.filing.working_clock import working_time
from facility.clock import DAY

router = APIRouter(tags=["cases"])

MOST_DAYS = 800
"""Two years, and what a limit may reach beyond."""


class CalendarQuery(Parameters):
    start: Annotated[Moment, Field(alias="from")]
    end: Annotated[Moment, Field(alias="to")]


@router.get("/calendar", response_model=WorkingCalendar)
def calendar(parts: FromApp, query: Annotated[CalendarQuery, Query()]) -> Response:
    """The spans of working time in [from, to): who shows time left counts in them."""
    filing = parts.desk.filing
    if filing is None:
        raise Problem(
            404, "cases are not filed here, so there is no calendar", "此系统未配置工作日历"
        )
    if query.start >= query.end:
        raise BadParameter("from", "must be before to")
    if query.end - query.start > MOST_DAYS * DAY:
        raise BadParameter("to", f"must be within {MOST_DAYS} days of from")
    return answer(
        {
            "timezone": filing.calendar.timezone.key,
            "working_day_ms": filing.calendar.working_day_ms,
            "working": working_time(query.start, query.end, filing.calendar),
        }
    )
