"""The grid of responsibility, so that people read names where the data has codes."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from api.parts import FromApp, answer
from api.shapes.site import GridTree

router = APIRouter(tags=["assets"])


@router.get("/grid", response_model=GridTree, responses={304: {"description": "it is the same"}})
def grid(parts: FromApp, if_none_match: Annotated[str, Header(max_length=1_000)] = "") -> Response:
    """Every cell (district, street, community, grid, courtyard), those above before those below.

    It changes by an import alone, so it may be kept: 304 where `If-None-Match` has its ETag.
    """
    items = [
        {
            "code": cell.code,
            "name": cell.name,
            "level": cell.level,
            "parent": cell.parent,
            "responsible": cell.responsible,
        }
        for cell in parts.grid().cells.values()
    ]
    response = answer({"items": items})
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    kept = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    if tag in kept:
        response = Response(status_code=304)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
