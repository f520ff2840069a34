"""Cases, their history, and what a person does with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.parameters import Cursor, Limit, Parameters, Text
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter
from api.represent import case_json, event_json
from api.shapes import Case, CasePage, CaseWithEvents
from cases.case import Case as HeldCase
from cases.case import State
from cases.desk import AUTHOR_MAX, REASON_MAX, NoSuchCase
from cases.lifecycle import ActionName
from cases.listing import CaseFilter, Sort
from facility.errors import UsageError

router = APIRouter(tags=["cases"])


class CaseQuery(Parameters):
    state: Annotated[
        list[State], Field(default_factory=list, max_length=3, description="repeatable")
    ]
    type: Text | None = None
    subject: Text | None = None
    overdue: Annotated[
        Literal["true"] | None,
        Field(description="only those that ran past their deadline"),
    ] = None
    sort: Annotated[Sort, Field(description="the newest first, or the soonest deadline first")] = (
        "opened_at"
    )
    limit: Limit = 100
    cursor: Cursor = None


class ActionBody(BaseModel):
    """What a person wants with a case; ``version`` guards against acting on an old view of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: ActionName
    author: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=AUTHOR_MAX)
    ]
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_MAX)
    ]
    version: Annotated[int | None, Field(ge=1)] = None


@router.get("/cases", response_model=CasePage)
def cases(parts: FromApp, query: Annotated[CaseQuery, Query()]) -> Response:
    """Cases, newest first, or by deadline with those that have none last."""
    now = parts.clock.now_ms()
    filters = CaseFilter(
        tuple(query.state), query.type, query.subject, now if query.overdue else None
    )
    try:
        page = parts.desk.listing(filters, query.limit, query.cursor, query.sort)
    except UsageError as error:
        raise BadParameter("cursor", str(error)) from error
    return answer({"items": _shown(parts, page.items), "next": page.next})


@router.get("/cases/{case_id}", response_model=CaseWithEvents)
def case(parts: FromApp, case_id: str) -> Response:
    """One case with everything that happened to it."""
    found = parts.desk.get(case_id)
    if found is None:
        raise NoSuchCase(f"no case {case_id!r}")
    events = [event_json(stored) for stored in parts.desk.events_of(case_id)]
    return answer({**_shown(parts, [found])[0], "events": events})


@router.post("/cases/{case_id}/actions", response_model=Case)
def act(parts: FromApp, case_id: str, body: ActionBody) -> Response:
    """Does something with a case; 409 says what is possible where this is not."""
    done = parts.desk.act(
        case_id, body.action, body.author, body.reason, parts.clock.now_ms(), body.version
    )
    parts.hub.wake()
    return answer(_shown(parts, [done])[0])


def _shown(parts: Parts, cases: Iterable[HeldCase]) -> list[dict[str, Any]]:
    """CASEs as they are now."""
    places, now = parts.places.now(), parts.clock.now_ms()
    return [case_json(case, places, parts.desk.filing, now) for case in cases]
