"""The list of what is supervised (督办台账)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.caller import Caller
from api.duties import SupervisionPage, supervised_json
from api.parameters import Cursor, Limit, Parameters, Text
from api.parts import FromApp, answer
from api.problems import BadParameter
from api.represent import case_for
from cases.supervision.grounds import HIGHEST, CauseName
from cases.supervision.listing import Sort, SupervisedFilter
from facility.errors import UsageError

router = APIRouter(tags=["cases"])


class SupervisionQuery(Parameters):
    level: Annotated[
        int, Field(ge=0, le=HIGHEST, description="the least; 0 for those due soon too")
    ] = 1
    cause: CauseName | None = None
    unit: Text | None = None
    street: Annotated[list[Text], Field(default_factory=list, max_length=100)]
    sort: Annotated[
        Sort,
        Field(
            description="the highest level first and then the oldest, the longest supervised "
            "first, or the soonest deadline first"
        ),
    ] = "level"
    limit: Limit = 100
    cursor: Cursor = None


@router.get("/supervision", response_model=SupervisionPage)
def supervision(
    parts: FromApp, who: Caller, query: Annotated[SupervisionQuery, Query()]
) -> Response:
    """What is supervised now: for what, since when, until when, and who was told.

    A handler sees the own unit's, and whoever answers for
    some streets theirs.
    """
    unit = (who.unit or "") if who.role == "handler" else query.unit
    streets = query.street
    if who.streets:
        streets = [one for one in query.street or who.streets if one in who.streets]
        if not streets:
            return answer({"items": [], "next": None})
    filters = SupervisedFilter(query.level, query.cause, unit, streets)
    try:
        page = parts.registers.supervised(filters, query.limit, query.cursor, query.sort)
    except UsageError as error:
        raise BadParameter("cursor", str(error)) from error
    places, now = parts.places.now(), parts.clock.now_ms()
    items = [
        supervised_json(one, case_for(one.case, places, parts.desk.filing, now, who))
        for one in page.items
    ]
    return answer({"items": items, "next": page.next})
