"""Places where the same fault comes again and again; of water, the flood-prone points (易涝点)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.parameters import Limit, Moment, Parameters, Text
from api.parts import FromApp, answer
from api.problems import BadParameter
from api.shapes.figures import RecurrentPlaces
from facility.clock import DAY, HOUR, to_rfc3339

router = APIRouter(tags=["cases"])

_SPAN = 90 * DAY
MOST_DAYS = 800


class RecurrentQuery(Parameters):
    type: Text | None = None
    street: Text | None = None
    start: Annotated[
        Moment | None, Field(alias="from", description="default: 90 days before to")
    ] = None
    end: Annotated[Moment | None, Field(alias="to", description="default: now")] = None
    least: Annotated[int, Field(ge=1, le=1_000, description="how many times at least")] = 2
    limit: Limit = 100


@router.get("/recurrent", response_model=RecurrentPlaces)
def recurrent(parts: FromApp, query: Annotated[RecurrentQuery, Query()]) -> Response:
    """Subjects at fault again and again in [from, to), the worst first: by times, hours, water."""
    now = parts.clock.now_ms()
    end = now if query.end is None else query.end
    start = end - _SPAN if query.start is None else query.start
    if start >= end:
        raise BadParameter("from", "must be before to")
    if end - start > MOST_DAYS * DAY:
        raise BadParameter("from", f"must be within {MOST_DAYS} days of to")
    found = parts.desk.recurrent(start, end, now, query.type, query.street, query.least)
    places = parts.places.now()
    items = []
    for one in found[: query.limit]:
        lon, lat = places.point_of(one.subject) or (None, None)
        items.append(
            {
                "type": one.type,
                "subject": one.subject,
                "street": one.street,
                "times": one.times,
                "hours": round(one.ms / HOUR, 2),
                "highest_m": one.highest_m,
                "last_at": to_rfc3339(one.last_at),
                "cases": one.case_ids,
                "lon": lon,
                "lat": lat,
            }
        )
    return answer({"items": items})
