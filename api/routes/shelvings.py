"""Shelvings: faults put aside for a while, with a reason and an end."""

from __future__ import annotations

from itertools import compress
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.caller import Caller
from api.parameters import PLAIN, Moment
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter, Problem
from api.shapes.rules import Shelving, ShelvingPage
from api.streets import is_bound, only_within
from cases import shelvings as kept
from cases.actions import TEXT_MAX
from cases.people.who import Who
from facility.clock import to_rfc3339
from rules.book.scope import Where, cells_of
from rules.families import FAMILY

router = APIRouter(tags=["rules"])

_Type = Annotated[str, Field(max_length=64)]
_Word = Annotated[str, Field(max_length=200), PLAIN]
_Words = _Word | Annotated[list[_Word], Field(max_length=1_000)]


class ShelvingBody(BaseModel):
    """What is put aside: case types, none means all, at the assets that ``where`` names."""

    model_config = ConfigDict(extra="forbid")

    types: Annotated[list[_Type], Field(max_length=len(FAMILY))] = []
    where: Annotated[dict[str, _Words], Field(max_length=16)] = {}
    until: Moment
    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_MAX), PLAIN
    ]


@router.get("/shelvings", response_model=ShelvingPage)
def shelvings(parts: FromApp) -> Response:
    """What is shelved now, the oldest first."""
    running = parts.shelvings.not_over(parts.clock.now_ms())
    return answer({"items": [_shown(one) for one in running]})


@router.post("/shelvings", response_model=Shelving, status_code=201)
def shelve(parts: FromApp, who: Caller, body: ShelvingBody) -> Response:
    """Puts faults aside: they open no case until then. What is open goes on, and may recover."""
    for type_ in body.types:
        if type_ not in FAMILY:
            raise BadParameter("types", f"there is no case type {type_!r}")
    try:
        where = msgspec.convert(body.where, Where)
    except msgspec.ValidationError as error:
        raise BadParameter("where", str(error)) from None
    _within_streets(parts, who, where)
    now = parts.clock.now_ms()
    made = parts.shelvings.shelve(
        body.types, dict(body.where), body.reason, who.name, now, body.until
    )
    return answer(_shown(made), status=201)


@router.delete("/shelvings/{shelving_id}", response_model=Shelving)
def end(parts: FromApp, who: Caller, shelving_id: str) -> Response:
    """Ends a shelving now; what is still at fault opens within a minute."""
    now = parts.clock.now_ms()
    for one in parts.shelvings.not_over(now):
        if one.id == shelving_id:
            _within_streets(parts, who, msgspec.convert(one.place, Where))
    try:
        ended = parts.shelvings.end(shelving_id, who.name, now)
    except kept.NoSuchShelving as error:
        raise Problem(404, str(error), "没有这个搁置") from None
    return answer(_shown(ended))


def _within_streets(parts: Parts, who: Who, where: Where) -> None:
    """Problem 403 where it means facilities that the caller does not answer for."""
    if not is_bound(who):
        return
    assets = list(parts.places.now().inventory.assets.values())
    meant = where.rows(assets, cells_of(parts.grid()))
    only_within(parts, who, compress(assets, meant))


def _shown(one: kept.Shelving) -> dict[str, Any]:
    return {
        "id": one.id,
        "types": list(one.types),
        "where": one.place,
        "reason": one.reason,
        "author": one.author,
        "since": to_rfc3339(one.since),
        "until": to_rfc3339(one.until),
        "ended_at": None if one.ended_at is None else to_rfc3339(one.ended_at),
        "ended_by": one.ended_by,
    }
