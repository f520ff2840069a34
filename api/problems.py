"""Every error as a problem document (RFC 9457).

Which database it was, at which address, and which file, is for the log alone: whoever asks is told
what to do.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.logged import NowAndThen, path_of
from cases.actions import WrongField
from cases.desk import NoSuchCase, Refused, Stale
from cases.people.accounts import NoSuchAccount
from cases.people.keys import NameTaken, NoSuchKey
from cases.periodic.schedules import NoSuchSchedule, ScheduleChanged
from cases.residents.reports import NoSuchReport
from facility.errors import Permanent, Retryable, UsageError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
AWAY = f"what this needs is away or busy just now; try again in {RETRY_AFTER_S} s"
AWAY_ZH = f"所需的数据库暂时无法访问或繁忙,请 {RETRY_AFTER_S} 秒后再试"


class Problem(Exception):
    """Raised by a route: answered with this status and text. ``zh`` is the text in Chinese."""

    def __init__(
        self,
        status: int,
        detail: str,
        zh: str = "",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = {"detail_zh": zh, **more} if zh else more


class BadParameter(Problem):
    """A parameter that is well formed but cannot be meant; names it as 422s do."""

    def __init__(self, name: str, detail: str, zh: str = "") -> None:
        super().__init__(422, f"{name}: {detail}", zh, errors=[{"name": name, "detail": detail}])


def problem_response(
    status: int, detail: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """The document itself; members without a value are left out."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(
        msgspec.json.encode(document),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Makes the app answer every error that is raised on purpose, and wrong requests."""
    app.state.away = NowAndThen()
    app.exception_handler(Problem)(_problem)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(RequestValidationError)(_validation)
    app.exception_handler(Retryable)(_retryable)
    app.exception_handler(UsageError)(_usage)
    app.exception_handler(WrongField)(_wrong_field)
    app.exception_handler(Stale)(_stale)
    app.exception_handler(NoSuchCase)(_no_such_case)
    app.exception_handler(NoSuchReport)(_no_such_report)
    app.exception_handler(Refused)(_refused)
    app.exception_handler(NoSuchAccount)(_no_such_account)
    app.exception_handler(NoSuchKey)(_no_such_key)
    app.exception_handler(NameTaken)(_name_taken)
    app.exception_handler(NoSuchSchedule)(_no_such_schedule)
    app.exception_handler(ScheduleChanged)(_schedule_changed)
    app.exception_handler(Permanent)(_permanent)


def _problem(_request: Request, error: Problem) -> Response:
    return problem_response(error.status, error.detail, error.headers, **error.more)


def _http(request: Request, error: HTTPException) -> Response:
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"nothing at {request.url.path}; the calls are listed at /docs"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not possible here; possible: {headers.get('Allow', '')}"
    return problem_response(error.status_code, detail, headers)


def _validation(_request: Request, error: RequestValidationError) -> Response:
    errors = [{"name": _parameter(one["loc"]), "detail": _fault(one)} for one in error.errors()]
    detail = "; ".join(f"{one['name']}: {one['detail']}" for one in errors)
    return problem_response(422, detail, errors=errors)


def _fault(error: dict[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "there is no such parameter"
        case "missing":
            return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")


def _parameter(location: tuple[str | int, ...]) -> str:
    """``limit`` of ("query", "limit"), ``state.1`` of ("query", "state", 1)."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def note_away(request: Request, error: Retryable) -> None:
    """What is away, in the log; its address is nothing for an answer."""
    away: NowAndThen = request.app.state.away
    if away.due(str(error)):
        log.warning("away: %s %s: %s", request.method, path_of(request.scope), error)


def _retryable(request: Request, error: Retryable) -> Response:
    note_away(request, error)
    return problem_response(503, AWAY, {"Retry-After": str(RETRY_AFTER_S)}, detail_zh=AWAY_ZH)


def _usage(_request: Request, error: UsageError) -> Response:
    return problem_response(422, str(error))


def _no_such_case(_request: Request, error: NoSuchCase) -> Response:
    return problem_response(404, str(error), detail_zh="没有这个案件")


def _no_such_report(_request: Request, error: NoSuchReport) -> Response:
    return problem_response(404, str(error), detail_zh="没有这条反映")


def _wrong_field(_request: Request, error: WrongField) -> Response:
    errors = [{"name": error.field, "detail": error.en}]
    zh = f"{error.field}:{error.zh}"
    return problem_response(422, str(error), detail_zh=zh, errors=errors)


def _stale(_request: Request, error: Stale) -> Response:
    return problem_response(412, str(error), detail_zh=error.zh)


def _refused(_request: Request, error: Refused) -> Response:
    refusal = error.refusal
    status = 403 if refusal.forbidden else 409
    return problem_response(status, refusal.en, detail_zh=refusal.zh, possible=refusal.possible)


def _no_such_account(_request: Request, error: NoSuchAccount) -> Response:
    return problem_response(404, str(error), detail_zh="没有这个用户")


def _no_such_key(_request: Request, error: NoSuchKey) -> Response:
    return problem_response(404, str(error), detail_zh="没有这个密钥")


def _name_taken(_request: Request, error: NameTaken) -> Response:
    return problem_response(409, str(error), detail_zh="这个名称已被使用")


def _no_such_schedule(_request: Request, error: NoSuchSchedule) -> Response:
    return problem_response(404, str(error), detail_zh="没有这个周期计划")


def _schedule_changed(_request: Request, error: ScheduleChanged) -> Response:
    return problem_response(412, str(error), detail_zh="周期计划已有变化,请重新查看后再修改")


def _permanent(request: Request, error: Permanent) -> Response:
    log.error("refused: %s %s: %s", request.method, path_of(request.scope), error)
    return problem_response(500, _REFUSED, detail_zh=_REFUSED_ZH)


_REFUSED = "a database refuses this; the log of this server says which and why"
_REFUSED_ZH = "数据库拒绝了此操作,原因见服务器日志"
