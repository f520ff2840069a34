"""Reports by residents themselves: nobody is signed in, and not too many come from one address."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api import forms
from api.limits import Limit
from api.parts import FromApp
from api.routes.reports import form_of, taken_answer
from api.shapes.reports import PublicBody, TakenReport

router = APIRouter(tags=["reports"])

REPORTS = Limit("reports", 10, 600)
"""The page's form counts as well: ten at once, then one a minute."""


@router.post(
    "/public/reports",
    response_model=TakenReport,
    status_code=201,
    openapi_extra=form_of(PublicBody),
    dependencies=[Depends(REPORTS)],
)
async def take(request: Request, parts: FromApp) -> Response:
    """Takes a report; `url` is the page where it can be followed, and `token` its key."""
    sent = await forms.read(request, parts.reports.settings.photos)
    told = forms.validated(PublicBody, sent.fields).told("web", photos=sent.photos)
    taken = await run_in_threadpool(parts.reports.take, told, parts.clock.now_ms())
    parts.hub.wake()
    return taken_answer(request, parts, taken)
