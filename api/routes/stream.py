"""What happens, as it happens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response
from pydantic import Field

from api.caller import Caller, Lasting
from api.eventstream import EventStream
from api.parts import FromApp

router = APIRouter(tags=["stream"])

LastEventId = Annotated[int | None, Header(), Field(ge=0, lt=2**63)]


@router.get("/stream", response_class=EventStream, status_code=200)
async def stream(
    parts: FromApp, who: Caller, lasting: Lasting, last_event_id: LastEventId = None
) -> Response:
    """Server-sent events: ``state`` on connecting and every 2 s, ``case`` as they happen.

    It ends when who is listening is shut out, or after twelve hours. 429 where the account or key
    has as many open as one may have.
    """
    return EventStream(parts.hub, who.name, last_event_id, lasting)
