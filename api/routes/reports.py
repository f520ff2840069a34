"""Residents' reports, for the staff: taken down, found, moved between cases, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api import forms
from api.caller import Caller
from api.parameters import Cursor, Limit, Moment, Parameters, Text
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter
from api.represent import case_for, time_or_none
from api.resident.address import base_url
from api.routes.photos import case_for_caller
from api.shapes.cases import Case
from api.shapes.reports import (
    ReportPage,
    ReportWithContact,
    ServiceList,
    StaffBody,
    TakenReport,
    report_json,
    service_json,
)
from cases.people.who import Who
from cases.residents import aftercare
from cases.residents.listing import ReportFilter, Sort
from cases.residents.reported import Channel, Report
from cases.residents.reports import NoSuchReport, Taken
from cases.residents.tokens import report_path
from facility.errors import UsageError

router = APIRouter(tags=["reports"])

Number = Annotated[int, Path(ge=1, lt=2**63)]


class ReportQuery(Parameters):
    channel: Channel | None = None
    service: Text | None = None
    case: Text | None = None
    since: Annotated[Moment | None, Field(alias="from", description="received then or later")] = (
        None
    )
    until: Annotated[Moment | None, Field(alias="to", description="received then or earlier")] = (
        None
    )
    closed: Annotated[
        Literal["true", "false"] | None, Field(description="whether their case is closed")
    ] = None
    not_fixed: Annotated[
        Literal["true"] | None,
        Field(description="only those whose case was closed and nothing mended, they say"),
    ] = None
    sort: Annotated[
        Sort,
        Field(
            description="the newest first, the least satisfied first, or those first of which it "
            "was said last that nothing was mended"
        ),
    ] = "received_at"
    limit: Limit = 100
    cursor: Cursor = None


class JoinBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    case: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]


def form_of(body: type[BaseModel]) -> dict[str, Any]:
    """How the reference shows a body that is JSON, or a form with photos."""
    shape = body.model_json_schema()
    photos = {"type": "array", "items": {"type": "string", "format": "binary"}}
    with_photos = {**shape, "properties": {**shape["properties"], forms.PHOTO: photos}}
    content = {"application/json": {"schema": shape}, forms.MULTIPART: {"schema": with_photos}}
    return {"requestBody": {"required": True, "content": content}}


@router.get("/services", response_model=ServiceList)
def services(parts: FromApp) -> Response:
    """What residents may report, by heading, in the order of the filing standard."""
    offered = parts.reports.services(parts.clock.now_ms()).values()
    return answer({"items": [service_json(one) for one in offered]})


@router.post(
    "/reports", response_model=TakenReport, status_code=201, openapi_extra=form_of(StaffBody)
)
async def take(request: Request, parts: FromApp) -> Response:
    """Takes down a report, with who made it; the token is the resident's, and told only here."""
    sent = await forms.read(request, parts.reports.settings.photos)
    body = forms.validated(StaffBody, sent.fields)
    told = body.told(body.channel, photos=sent.photos)
    now = parts.clock.now_ms()
    taken = await run_in_threadpool(parts.reports.take, told, now)
    parts.hub.wake()
    return taken_answer(request, parts, taken)


@router.get("/reports", response_model=ReportPage)
def reports(parts: FromApp, who: Caller, query: Annotated[ReportQuery, Query()]) -> Response:
    """Reports that fit, page by page; a handler sees those of the own unit's cases."""
    filters = ReportFilter(
        services=(query.service,) if query.service else (),
        channel=query.channel,
        case=query.case,
        since=query.since,
        until=query.until,
        open=None if query.closed is None else query.closed == "false",
        not_fixed=query.not_fixed is not None,
        **_within(who),
    )
    try:
        page = parts.reports.listing(filters, query.limit, query.cursor, query.sort)
    except UsageError as error:
        raise BadParameter("cursor", str(error)) from error
    return answer({"items": _shown(parts, page.items), "next": page.next})


@router.get("/reports/{number}", response_model=ReportWithContact)
def report(parts: FromApp, who: Caller, number: Number) -> Response:
    """One report, with who made it for those who may call them back."""
    found = _one(parts, who, number)
    contact = None if who.role == "handler" else parts.reports.contact(number)
    told = None if contact is None else msgspec.to_builtins(contact)
    return answer({**_shown(parts, [found])[0], "contact": told})


@router.post("/reports/{number}/join", response_model=Case)
def join(parts: FromApp, who: Caller, number: Number, body: JoinBody) -> Response:
    """Moves a report to another case, which is the answer.

    The case that the report alone had opened is closed as merged into it.
    """
    _one(parts, who, number)
    case_for_caller(parts, who, body.case)
    case = aftercare.join(parts.reports, number, body.case, parts.clock.now_ms(), who.name)
    parts.hub.wake()
    return _case(parts, case, who)


@router.post("/reports/{number}/split", response_model=Case)
def split(parts: FromApp, who: Caller, number: Number) -> Response:
    """Takes a report out of its case into one of its own, which is the answer."""
    _one(parts, who, number)
    case = aftercare.split(parts.reports, number, parts.clock.now_ms(), who.name)
    parts.hub.wake()
    return _case(parts, case, who)


@router.delete("/reports/{number}/contact", status_code=204)
def forget(parts: FromApp, who: Caller, number: Number) -> Response:
    """Deletes what is known of the person who made a report, as they may ask at any time."""
    _one(parts, who, number)
    aftercare.forget(parts.reports, number, parts.clock.now_ms())
    return Response(status_code=204)


def taken_answer(request: Request, parts: Parts, taken: Taken) -> Response:
    """TakenReport: what the resident is told."""
    filed = taken.case.filed
    told = {
        "id": taken.report.id,
        "token": taken.token,
        "url": base_url(request, parts.reports.settings) + report_path(taken.token),
        "case": taken.case.id,
        "joined": taken.joined,
        "deadline": time_or_none(filed.deadline if filed else None),
    }
    return answer(told, status=201)


def _one(parts: Parts, who: Who, number: int) -> Report:
    """The report, where it is one that the caller may see. NoSuchReport."""
    page = parts.reports.listing(ReportFilter(ids=(number,), **_within(who)), 1)
    if not page.items:
        raise NoSuchReport(f"no report {number}")
    return page.items[0]


def _within(who: Who) -> dict[str, Any]:
    """What narrows the reports to those that are the caller's business."""
    unit = who.unit or "" if who.role == "handler" else None
    return {"unit": unit, "streets": () if who.role == "admin" else who.streets}


def _shown(parts: Parts, found: Sequence[Report]) -> list[dict[str, Any]]:
    offered = parts.reports.services(parts.clock.now_ms())
    photos = parts.reports.photos_of([one.id for one in found])
    return [report_json(one, offered.get(one.service), photos.get(one.id, ())) for one in found]


def _case(parts: Parts, case: Any, who: Who) -> Response:
    now = parts.clock.now_ms()
    return answer(case_for(case, parts.places.now(), parts.desk.filing, now, who))
