"""The waveforms that covers captured, as they came."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.parameters import Parameters
from api.parts import FromApp, answer
from api.routes.assets import known_asset
from api.shapes.readings import BurstPage
from facility.clock import to_rfc3339

router = APIRouter(tags=["assets"])

_MOST = 100


class BurstQuery(Parameters):
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 10


@router.get("/assets/{asset_id}/bursts", response_model=BurstPage)
def bursts(parts: FromApp, asset_id: str, query: Annotated[BurstQuery, Query()]) -> Response:
    """The newest captured waveforms of a cover, newest first, in the contract's form."""
    known_asset(parts.places.now(), asset_id)
    items = [
        {
            "at": to_rfc3339(wave.ts),
            "rate_hz": wave.rate_hz,
            "scale_g": wave.scale_g,
            "samples": base64.b64encode(wave.samples).decode(),
        }
        for wave in parts.waveforms(asset_id, query.limit)
    ]
    return answer({"items": items})
