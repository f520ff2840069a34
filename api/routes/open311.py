"""Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): services, requests and tokens.

XML, unless the path ends in ``.json``. It is not in the OpenAPI document: the standard describes
it, its errors too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.caller import access_of
from api.limits import Limit
from api.open311 import documents, represent
from api.open311.faults import Fault, FaultRoute, form_of
from api.open311.intake import told
from api.open311.search import MOST, filters_of
from api.parts import FromApp, Parts
from api.resident.address import base_url
from api.resident.language import language_of
from cases.case import Case
from cases.filing.services import Service
from cases.people.who import Role, Who
from cases.residents.masking import masked
from cases.residents.plain_words import standing
from cases.residents.reported import Language, Report
from cases.residents.reports import NoSuchReport
from cases.residents.tokens import report_path

PREFIX = "/open311/v2"

MAY_POST: frozenset[Role] = frozenset({"operator", "dispatcher", "supervisor", "admin"})

READS = Limit("open311", 240, 60)
POSTS = Limit("open311 post", 60, 60)

_MOST_FIELDS = 40

router = APIRouter(
    prefix=PREFIX,
    include_in_schema=False,
    route_class=FaultRoute,
    dependencies=[Depends(READS)],
)


async def _parameters(request: Request) -> dict[str, str]:
    """The parameters, of the address and of a form; an empty one is as if it were not there."""
    found = dict(request.query_params)
    if request.method == "POST":
        async with request.form(max_fields=_MOST_FIELDS, max_files=0) as form:
            found |= {name: value for name, value in form.items() if isinstance(value, str)}
    return {name: value for name, value in found.items() if value.strip()}


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))


Given = Annotated[dict[str, str], Depends(_parameters)]
In = Annotated[Language, Depends(_language)]


def _in_jurisdiction(parts: FromApp, given: Given) -> None:
    """There is one, the area; it need not be named."""
    named = given.get("jurisdiction_id", parts.site.area)
    if named != parts.site.area:
        raise Fault(404, f"jurisdiction_id: there is no {named[:40]!r}; it is {parts.site.area}")


HERE = [Depends(_in_jurisdiction)]
"""What every call but the discovery begins with."""


@router.get("/discovery")
@router.get("/discovery.xml")
@router.get("/discovery.json")
def discovery(request: Request, parts: FromApp) -> Response:
    """Where the service is, and who answers for it."""
    settings = parts.reports.settings
    node = represent.discovery(
        base_url(request, settings) + PREFIX,
        parts.reports.changeset(parts.clock.now_ms()),
        settings.contact,
    )
    return documents.document("discovery", node, form_of(request.url.path))


@router.get("/services", dependencies=HERE)
@router.get("/services.xml", dependencies=HERE)
@router.get("/services.json", dependencies=HERE)
def service_list(request: Request, parts: FromApp, language: In) -> Response:
    """What may be reported."""
    offered = parts.reports.services(parts.clock.now_ms()).values()
    node = represent.service_list(offered, language)
    return _answer("services", node, request)


@router.get("/services/{code}", dependencies=HERE)
def service_definition(request: Request, parts: FromApp, language: In, code: str) -> Response:
    """What is asked beside a service."""
    service = parts.reports.services(parts.clock.now_ms()).get(_without_form(code))
    if service is None:
        raise Fault(404, f"service_code: there is no {_without_form(code)[:40]!r}")
    return _answer("service_definition", represent.service_definition(service, language), request)


@router.get("/requests", dependencies=HERE)
@router.get("/requests.xml", dependencies=HERE)
@router.get("/requests.json", dependencies=HERE)
def request_list(request: Request, parts: FromApp, given: Given, language: In) -> Response:
    """Requests, newest first: at most 1000 of at most 90 days."""
    filters = filters_of(given, parts.clock.now_ms())
    found = parts.reports.listing(filters, MOST).items
    return _answer("service_requests", _shown(parts, found, language), request)


@router.get("/requests/{number}", dependencies=HERE)
def one_request(request: Request, parts: FromApp, language: In, number: str) -> Response:
    """One request."""
    filters = filters_of({"service_request_id": _without_form(number)}, 0)
    found = parts.reports.listing(filters, 1).items
    if not found:
        raise Fault(404, f"service_request_id: there is no {_without_form(number)[:40]!r}")
    return _answer("service_requests", _shown(parts, found, language), request)


@router.get("/tokens/{token}", dependencies=HERE)
def of_token(request: Request, parts: FromApp, token: str) -> Response:
    """The request that a token is of. Every request has its number at once; this is for those who
    kept the token alone."""
    token = _without_form(token)
    try:
        report = parts.reports.by_token(token)
    except NoSuchReport:
        raise Fault(404, "token: there is none like this") from None
    return _answer("service_requests", represent.of_token(report.id, token), request)


@router.post("/requests", dependencies=[Depends(POSTS), *HERE])
@router.post("/requests.xml", dependencies=[Depends(POSTS), *HERE])
@router.post("/requests.json", dependencies=[Depends(POSTS), *HERE])
async def make_request(request: Request, parts: FromApp, given: Given, language: In) -> Response:
    """Takes a report in. The notice says where the resident can follow it."""
    key = await run_in_threadpool(_key, request, given)
    if "service_code" not in given:
        raise Fault(400, "service_code: is missing")
    report = told(given, key.name, language)
    taken = await run_in_threadpool(parts.reports.take, report, parts.clock.now_ms())
    parts.hub.wake()
    page = base_url(request, parts.reports.settings) + report_path(taken.token)
    notice = f"办理进度 {page}" if language == "zh" else f"Follow it at {page}"
    return _answer("service_requests", represent.accepted(taken.report.id, notice), request)


@router.get("/{other:path}")
def nothing(other: str) -> Response:
    """What the standard has no call for is not there, in the standard's own words."""
    raise Fault(404, f"there is no call {other[:40]!r}; see discovery")


def _key(request: Request, given: Mapping[str, str]) -> Who:
    """Whose key it is. Fault 403 where there is none, or it may not report."""
    key = given.get("api_key")
    who = access_of(request).bearer(key) if key else None
    if who is None:
        said = "is missing" if key is None else "is not valid"
        raise Fault(403, f"api_key: {said}; the administrator gives one out")
    if who.role not in MAY_POST:
        raise Fault(403, f"api_key: a key of the role {who.role} may not report")
    return who


def _shown(parts: Parts, found: Sequence[Report], language: Language) -> documents.Elements:
    services = parts.reports.services(parts.clock.now_ms())
    cases = parts.desk.get_many({one.case for one in found})
    shown = [_request(one, cases[one.case], services.get(one.service), language) for one in found]
    return represent.requests(shown, language)


def _request(
    report: Report, case: Case, service: Service | None, language: Language
) -> represent.Request:
    """A report in public: its words without persons' numbers, and nothing of who made it."""
    return represent.Request(
        id=report.id,
        open=case.state != "closed",
        notes=standing(case, language),
        service=service,
        service_code=report.service,
        description=masked(report.description),
        agency=case.unit,
        requested_at=report.received_at,
        updated_at=case.closed_at or case.changed_at,
        expected_at=case.filed.deadline if case.filed else None,
        address=report.address and masked(report.address),
        address_id=report.asset,
        lon=report.lon,
        lat=report.lat,
        media_url=report.media_url,
    )


def _answer(root: str, node: documents.Node, request: Request) -> Response:
    answer = documents.document(root, node, form_of(request.url.path))
    answer.headers["Vary"] = "Accept-Language"
    return answer


def _without_form(name: str) -> str:
    return name.removesuffix(".xml").removesuffix(".json")
