"""Photos, for the staff: of reports, and of what was done about cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from api import forms
from api.caller import Caller
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter, Problem
from api.shapes.reports import PhotoList, photo_json
from cases.case import Case
from cases.desk import NoSuchCase
from cases.people.who import Who
from cases.residents.photos import MEDIA_TYPE
from cases.residents.rows import KeptPhoto

router = APIRouter(tags=["photos"])

PhotoId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            forms.MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {
                        forms.PHOTO: {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                        }
                    },
                }
            }
        },
    }
}


@router.get("/cases/{case_id}/photos", response_model=PhotoList)
def photos(parts: FromApp, who: Caller, case_id: str) -> Response:
    """The photos of what was done about a case, in the order that they were added."""
    case_for_caller(parts, who, case_id)
    return answer({"items": [photo_json(one) for one in parts.reports.photos_of_case(case_id)]})


@router.post(
    "/cases/{case_id}/photos",
    response_model=PhotoList,
    status_code=201,
    openapi_extra=_FORM,
)
async def add(request: Request, parts: FromApp, who: Caller, case_id: str) -> Response:
    """Adds photos of what was done; residents who reported the case see them."""
    await run_in_threadpool(case_for_caller, parts, who, case_id)
    sent = await forms.read(request, parts.reports.settings.photos)
    for name in sent.fields:
        raise BadParameter(name, "there is no such field")
    if not sent.photos:
        raise BadParameter(forms.PHOTO, "is missing")
    now = parts.clock.now_ms()
    await run_in_threadpool(parts.reports.add_photos, case_id, sent.photos, now, who.name)
    kept = await run_in_threadpool(parts.reports.photos_of_case, case_id)
    return answer({"items": [photo_json(one) for one in kept]}, status=201)


@router.get("/photos/{photo_id}", responses={200: {"content": {MEDIA_TYPE: {}}}})
def photo(parts: FromApp, who: Caller, photo_id: PhotoId) -> Response:
    """A photo, as a JPEG."""
    kept = parts.reports.photo(photo_id)
    if kept is None:
        raise no_photo()
    case_id = kept.case
    if kept.report is not None:
        case_id = parts.reports.get(kept.report).case
    case_for_caller(parts, who, case_id or "")
    return file_of(parts, kept)


def file_of(parts: Parts, photo: KeptPhoto) -> Response:
    """The file of a photo; no cache but the browser's may keep it."""
    path = parts.reports.files.path(photo.id)
    if path is None:
        raise no_photo()
    headers = {
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": "default-src 'none'",
    }
    return FileResponse(path, media_type=MEDIA_TYPE, headers=headers)


def no_photo() -> Problem:
    return Problem(404, "there is no such photo", "没有这张照片")


def case_for_caller(parts: Parts, who: Who, case_id: str) -> Case:
    """The case, where it is the caller's business. NoSuchCase."""
    case = parts.desk.get(case_id)
    if case is None or (who.role == "handler" and case.unit != who.unit):
        raise NoSuchCase(f"no case {case_id!r}")
    if who.role != "admin" and who.streets and case.street not in who.streets:
        raise NoSuchCase(f"no case {case_id!r}")
    return case
