"""Forms with photos, read as they arrive: a photo that is too large ends the reading, by name.

What is read of a photo lies on disk above a megyabyte, and no more than is allowed is read at all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api.problems import Problem
from cases.actions import WrongField
from cases.residents.photos import Photo, PhotoSettings, develop
from facility.errors import UsageError

PHOTO = "photo"
"""The field of a photo; it is repeated for several."""

MULTIPART = "multipart/form-data"

_MOST_FIELDS = 40
_MOST_FIELD_BYTES = 32 * 1024

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a request: fields by name, and photos, made anew."""

    fields: dict[str, Any]
    photos: tuple[Photo, ...] = ()


class WrongPhoto(WrongField):
    """A photo that cannot be kept; ``fields`` is what else was filled in."""

    def __init__(self, en: str, fields: dict[str, Any]) -> None:
        super().__init__(PHOTO, "照片无法读取或过大", en)
        self.fields = fields


async def read(request: Request, settings: PhotoSettings) -> Sent:
    """The JSON object or the form of a request. A Problem names the field that is wrong."""
    match kind_of(request.headers.get("content-type", "")):
        case "application/json":
            return Sent(_object(await request.body()))
        case "application/x-www-form-urlencoded":
            async with request.form(max_fields=_MOST_FIELDS) as form:
                return Sent(_fields(form))
        case kind if kind == MULTIPART:
            return await _multipart(request, settings)
    raise Problem(415, f"send application/json or {MULTIPART}", "请以 JSON 或 multipart 表单发送")


def kind_of(content_type: str) -> str:
    """The media type without its parameters."""
    return content_type.partition(";")[0].strip().casefold()


def validated(model: type[Body], fields: dict[str, Any]) -> Body:
    """The fields as the model has them; else the same 422 as of any other body."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from None


class _Parser(MultiPartParser):
    """Stops at the first photo that is too large, or one too many."""

    def __init__(self, request: Request, settings: PhotoSettings) -> None:
        super().__init__(
            request.headers,
            request.stream(),
            max_fields=_MOST_FIELDS,
            max_part_size=_MOST_FIELD_BYTES,
        )
        self._settings = settings
        self._photos = 0
        self._bytes = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._bytes = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._current_part
        if part.file is not None:
            if part.field_name != PHOTO:
                raise WrongField(part.field_name, "不是文件字段", "takes no file")
            # A browser sends a field without a file as an empty one, which is none.
            self._photos += self._bytes == 0
            self._bytes += end - start
            if self._photos > self._settings.most:
                most = self._settings.most
                raise WrongField(PHOTO, f"最多 {most} 张照片", f"at most {most} photos")
            if self._bytes > self._settings.most_bytes:
                raise _too_large(self._settings)
        super().on_part_data(data, start, end)


async def _multipart(request: Request, settings: PhotoSettings) -> Sent:
    try:
        form = await _Parser(request, settings).parse()
    except MultiPartException as error:
        raise Problem(400, f"the form cannot be read: {error.message}", "表单无法读取") from None
    try:
        files = [one for _, one in form.multi_items() if isinstance(one, UploadFile) and one.size]
        fields = _fields(form)
        if not files:
            return Sent(fields)
        # One is decoded at a time. The others wait here and on no thread: all calls need those.
        turn: asyncio.Semaphore = request.app.state.developing
        async with turn:
            return Sent(fields, await run_in_threadpool(_developed, files, fields))
    finally:
        await form.close()


def _developed(files: list[UploadFile], fields: dict[str, Any]) -> tuple[Photo, ...]:
    try:
        return tuple(develop(one.file) for one in files)
    except UsageError as error:
        raise WrongPhoto(str(error), fields) from None


def _fields(form: FormData) -> dict[str, Any]:
    """Texts by name; an empty one is one that was not filled in."""
    found: dict[str, Any] = {}
    for name, value in form.multi_items():
        if not isinstance(value, str) or not value.strip():
            continue
        if name in found:
            raise WrongField(name, "重复填写", "is there twice")
        found[name] = value
    return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    # One that is nested without end is a RecursionError.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WrongField("body", "不是 JSON 对象", f"is no JSON object: {error}") from None


def _too_large(settings: PhotoSettings) -> Problem:
    detail = f"a photo may have at most {settings.most_mb:g} MB"
    zh = f"每张照片不超过 {settings.most_mb:g} MB"
    errors = [{"name": PHOTO, "detail": detail}]
    return Problem(413, f"{PHOTO}: {detail}", zh, errors=errors)
