"""The residents' pages: a form, and for each report a page that its token opens.

Plain HTML that needs no script. Nothing on it says who made a report, and no cache, search engine
or other site learns of its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, RedirectResponse, Response

from api import forms
from api.limits import Limit
from api.parts import FromApp, Parts
from api.problems import Problem, note_away
from api.resident.language import language_of
from api.resident.texts import texts
from api.resident.view import standing
from api.routes.photos import PhotoId, file_of, no_photo
from api.routes.public_reports import REPORTS
from api.shapes.reports import PublicBody
from cases.actions import WrongField
from cases.desk import Refused
from cases.filing.services import Service, headings
from cases.residents import aftercare, plain_words
from cases.residents.reported import Language, Report
from cases.residents.reports import NoSuchReport
from cases.residents.tokens import report_path
from facility.assets import Asset
from facility.errors import Retryable

PAGES = Path(__file__).parents[1] / "resident" / "pages"

READS = Limit("residents' pages", 240, 60)
SAYS = Limit("residents' answers", 20, 60)

router = APIRouter(include_in_schema=False, dependencies=[Depends(READS)])

_pages = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "img-src 'self' data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    # Its address is the key to a report: no other site is to see it.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language",
}


def _language(request: Request, lang: Annotated[Language | None, Query()] = None) -> Language:
    return lang or language_of(request.headers.get("accept-language", ""))


In = Annotated[Language, Depends(_language)]


@router.get("/report")
def form(
    parts: FromApp,
    language: In,
    service: Annotated[str, Query(max_length=64)] = "",
    asset: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The form; an address on a facility's plate may name the facility, and what is wrong."""
    return _form(parts, language, {"service": service, "asset": asset}, {})


@router.post("/report")
async def send(request: Request, parts: FromApp, language: In) -> Response:
    """Takes the form; what is wrong with it is said in it."""
    given: dict[str, Any] = {}
    try:
        REPORTS(request)
        sent = await forms.read(request, parts.reports.settings.photos)
        given = sent.fields
        told = forms.validated(PublicBody, given).told("web", photos=sent.photos)
        taken = await run_in_threadpool(parts.reports.take, told, parts.clock.now_ms())
    except WrongField as error:
        said = error.zh if language == "zh" else error.en
        filled_in = error.fields if isinstance(error, forms.WrongPhoto) else given
        return _form(parts, language, filled_in, {error.field: said}, 422)
    except RequestValidationError as error:
        wrong = {str(one["loc"][-1]): _not_right(language) for one in error.errors()}
        return _form(parts, language, given, wrong, 422)
    except Problem as problem:
        return _form(parts, language, given, _problem(problem, language), problem.status)
    except Retryable as error:
        note_away(request, error)
        return _form(parts, language, given, {"": texts(language)["try_later"]}, 503)
    parts.hub.wake()
    return _see(f"{report_path(taken.token)}?lang={language}&new=1")


@router.get("/report/style.css")
def style() -> Response:
    """The look of the pages."""
    return FileResponse(PAGES / "style.css", media_type="text/css")


@router.get("/report/form.js")
def script() -> Response:
    """What a browser with scripts adds to the form."""
    return FileResponse(PAGES / "form.js", media_type="text/javascript")


@router.get("/r/{token}")
def followed(parts: FromApp, language: In, token: str, new: bool = False) -> Response:
    """The page of a report."""
    try:
        report = parts.reports.by_token(token)
    except NoSuchReport:
        return _missing(language)
    return _standing(parts, language, token, report, new=new)


@router.get("/r/{token}/photos/{photo_id}")
def photo(parts: FromApp, token: str, photo_id: PhotoId) -> Response:
    """A photo of the report, or of what was done about its case."""
    report = parts.reports.by_token(token)
    kept = parts.reports.photo(photo_id)
    if kept is None or (kept.report != report.id and kept.case != report.case):
        raise no_photo()
    return file_of(parts, kept)


@router.post("/r/{token}/rate", dependencies=[Depends(SAYS)])
async def rate(request: Request, parts: FromApp, language: In, token: str) -> Response:
    """Keeps how satisfied the resident is."""
    fields = (await forms.read(request, parts.reports.settings.photos)).fields
    said = str(fields.get("satisfaction", ""))
    stars = int(said) if said in ("1", "2", "3", "4", "5") else 0

    def rated(number: int, now: int) -> None:
        aftercare.rate(parts.reports, number, stars, now)

    return await run_in_threadpool(_said, parts, language, token, rated)


@router.post("/r/{token}/not-fixed", dependencies=[Depends(SAYS)])
def not_fixed(parts: FromApp, language: In, token: str) -> Response:
    """Takes the matter up again."""
    return _said(
        parts, language, token, lambda one, now: aftercare.not_fixed(parts.reports, one, now)
    )


@router.post("/r/{token}/forget", dependencies=[Depends(SAYS)])
def forget(parts: FromApp, language: In, token: str) -> Response:
    """Deletes what is known of the resident."""
    return _said(parts, language, token, lambda one, now: aftercare.forget(parts.reports, one, now))


def _said(
    parts: Parts, language: Language, token: str, does: Callable[[int, int], object]
) -> Response:
    """Does what the resident asks with the report of a token, and shows its page again."""
    try:
        report = parts.reports.by_token(token)
    except NoSuchReport:
        return _missing(language)
    try:
        does(report.id, parts.clock.now_ms())
    except WrongField as error:
        said = error.zh if language == "zh" else error.en
        return _standing(parts, language, token, report, wrong=(said,), status=422)
    except Refused as error:
        said = error.refusal.zh if language == "zh" else error.refusal.en
        return _standing(parts, language, token, report, wrong=(said,), status=409)
    parts.hub.wake()
    return _see(f"{report_path(token)}?lang={language}")


def _standing(
    parts: Parts,
    language: Language,
    token: str,
    report: Report,
    *,
    new: bool = False,
    wrong: Iterable[str] = (),
    status: int = 200,
) -> Response:
    reports, now = parts.reports, parts.clock.now_ms()
    case = parts.desk.get_many([report.case])[report.case]
    shown = standing(
        report,
        case,
        parts.desk.events_of(case.id),
        service=reports.services(now).get(report.service),
        asset=parts.places.now().inventory.assets.get(report.asset or ""),
        photos=reports.photos_of([report.id]).get(report.id, ()),
        result_photos=reports.photos_of_case(case.id),
        has_contact=reports.contact(report.id) is not None,
        not_fixed_days=reports.settings.not_fixed_days,
        language=language,
        timezone=parts.site.timezone,
        now=now,
    )
    path = report_path(token)
    return _page("standing.html", language, status, it=shown, path=path, new=new, wrong=wrong)


def _form(
    parts: Parts,
    language: Language,
    given: Mapping[str, Any],
    wrong: Mapping[str, str],
    status: int = 200,
) -> Response:
    settings = parts.reports.settings
    offered = parts.reports.services(parts.clock.now_ms())
    asset = parts.places.now().inventory.assets.get(str(given.get("asset", "")))
    groups = [
        (_in(heading, language), [(one.code, _in(one.name, language)) for one in group])
        for heading, group in headings(_fitting(offered.values(), asset)).items()
    ]
    choices = {
        row.code.code: _in(row.code.name, language)
        for one in offered.values()
        if one.choice
        for row in one.choice.rows
    }
    return _page(
        "report.html",
        language,
        status,
        groups=groups,
        choices=list(choices.items()),
        given=given,
        wrong=wrong,
        shown=_SHOWN,
        days=settings.keep_contacts_days,
        most=settings.photos.most,
        mb=f"{settings.photos.most_mb:g}",
        most_bytes=settings.photos.most_bytes,
    )


_SHOWN = (
    *("service", "description", "address", "asset", "chosen", "lat", "lon"),
    *("name", "phone", "mail", forms.PHOTO),
)
"""The fields beside which the form says what is wrong with them."""


def _fitting(offered: Iterable[Service], asset: Asset | None) -> list[Service]:
    """What can be wrong with a facility; with none named, everything."""
    every = list(offered)
    if asset is None:
        return every
    return [one for one in every if one.row.group.kind is asset.kind] or every


def _problem(problem: Problem, language: Language) -> dict[str, str]:
    """What to say of a Problem, by the field where it names one."""
    if problem.status == 429:
        return {"": texts(language)["too_often"]}
    said = problem.more.get("detail_zh", problem.detail) if language == "zh" else problem.detail
    named = problem.more.get("errors", ())
    return {one["name"]: said for one in named} or {"": said}


def _not_right(language: Language) -> str:
    return "填写有误" if language == "zh" else "is not right"


def _in(text: Any, language: Language) -> str:
    return plain_words.in_((text.zh, text.en), language)


def _missing(language: Language) -> Response:
    said = texts(language)
    return _page("missing.html", language, 404, title=said["not_found"], why=said["not_found_why"])


def _page(name: str, language: Language, status: int, **shown: Any) -> Response:
    html = _pages.get_template(name).render(language=language, t=texts(language), **shown)
    return Response(html, status_code=status, media_type="text/html", headers=_HEADERS)


def _see(path: str) -> Response:
    """Sends the browser to a page, so that reloading it sends nothing again."""
    return RedirectResponse(path, status_code=303, headers=_HEADERS)
