"""Devices that report and are not installed, and their adoption into the inventory."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body
from starlette.responses import Response

from api.parts import FromApp, answer
from api.problems import Problem
from api.represent import asset_json
from api.shapes.assets import Cabinet, Cover, Station, Streetlight, UnregisteredPage
from facility.clock import to_rfc3339
from facility.errors import UsageError
from facility.kept_inventory import AlreadyInstalled
from facility.measurements import Kind
from facility.readings import split_series

router = APIRouter(tags=["assets"])

_LISTED = 1_000


@router.get("/unregistered", response_model=UnregisteredPage)
def unregistered(parts: FromApp) -> Response:
    """Devices whose readings are kept but that the inventory does not have as that kind.

    The newest first, 1,000 at most; ``more`` counts those left out.
    """
    installed = parts.places.now().inventory.assets
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for kind in Kind:
        batch = parts.store.latest(kind)
        for row in range(len(batch)):
            device, _ = split_series(batch.name(row))
            asset = installed.get(device)
            if asset is not None and asset.kind == kind:
                continue
            sends = {name for name, column in batch.columns.items() if not np.isnan(column[row])}
            one = found.setdefault((kind, device), {"ts": 0, "sends": set(), "asset": asset})
            one["ts"] = max(one["ts"], int(batch.ts[row]))
            one["sends"] |= sends
    newest = sorted(found.items(), key=lambda item: (-item[1]["ts"], item[0]))
    items = [
        {
            "id": device,
            "kind": kind,
            "last_seen": to_rfc3339(one["ts"]),
            "sends": sorted(one["sends"]),
            "installed_as": one["asset"].kind if one["asset"] else None,
        }
        for (kind, device), one in newest[:_LISTED]
    ]
    return answer({"items": items, "more": max(0, len(newest) - _LISTED)})


@router.post("/assets", response_model=Streetlight | Cabinet | Cover | Station, status_code=201)
def adopt(
    parts: FromApp, properties: Annotated[dict[str, Any], Body(description="as in an inventory")]
) -> Response:
    """Installs one asset: the contract's properties, with ``lon`` and ``lat``.

    The rules judge it from then on; what it sent before is kept already.
    """
    try:
        asset = parts.adopt(properties)
    except AlreadyInstalled as error:
        raise Problem(409, str(error), f"{properties.get('id')} 已在设施台账中") from None
    except UsageError as error:
        raise Problem(422, str(error), errors=[{"name": "body", "detail": str(error)}]) from None
    response = answer(asset_json(asset, "unknown", None))
    response.status_code = 201
    return response
