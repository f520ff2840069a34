"""The state of every asset at once, for maps and for other systems."""

from __future__ import annotations

import gzip
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from api.parts import FromApp, answer
from api.shapes.live import LiveStates
from facility.clock import to_rfc3339
from facility.measurements import Kind

router = APIRouter(tags=["assets"])

_FAST = 1
"""The level of gzip: the higher ones save little of such columns, and take many times as long."""


@router.get("/states", response_model=LiveStates)
def states(
    parts: FromApp, accept_encoding: Annotated[str, Header(max_length=200)] = ""
) -> Response:
    """What the rules hold of every asset now, in columns: the same place in each is one asset.

    `state` is a place in `vocabulary`; `last_seen` is in ms since 1970 UTC, 0 where it was never
    heard of.
    """
    places = parts.places.now()
    kinds = {}
    for kind in Kind:
        now = parts.live.kind(kind, places)
        kinds[kind] = {
            "ids": places.ids[kind],
            "vocabulary": now.vocabulary,
            "state": now.state.tolist(),
            "last_seen": now.last_seen.tolist(),
        }
    response = answer({"now": to_rfc3339(parts.clock.now_ms()), "kinds": kinds})
    response.headers["Vary"] = "Accept-Encoding"
    if "gzip" in accept_encoding:
        response.body = gzip.compress(response.body, _FAST)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response
