"""Who is asking: a session's cookie or token, or a machine's key; and whether they may.

    @router.get("/things")
    def things(parts: FromApp, who: Caller) -> Response: ...

:class:`Guard` stands before every router of the app and holds its calls to their rows in
:mod:`api.roles`; a route asks for ``Caller`` only where it needs to know who it is.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.access import Access
from api.limits import address_of
from api.problems import Problem
from api.roles import ALLOWED
from api.tokens import SHIFT_S, Session
from cases.people.who import Who
from facility.errors import Retryable

log = logging.getLogger(__name__)

COOKIE = "xiuhua_session"

_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Guard:
    """Holds a router that is included at ``prefix`` to the table of roles; a dependency.

    Problem 401 where nobody is signed in, 403 where their role may not call this. A call that
    changed something is written to the audit trail.
    """

    prefix: str = ""
    keeps_own_trail: bool = False
    """Whether its calls write to the audit trail themselves, in the transaction of the change."""

    async def __call__(self, request: Request) -> AsyncIterator[None]:
        call = f"{request.method} {self.prefix}{request.scope['route'].path}"
        if call not in ALLOWED:
            log.error("no row in api.roles for %s: refused", call)
            raise _forbidden()
        roles = ALLOWED[call]
        if roles is None:  # public
            yield
            return
        who = await caller(request)
        if who.role not in roles:
            raise _forbidden()
        yield
        if request.method not in _SAFE and not self.keeps_own_trail:
            await run_in_threadpool(_note, request, who, call)


async def caller(request: Request) -> Who:
    """Who is asking; Problem 401 where nobody is signed in."""
    who = await _identified(request)
    if who is None:
        raise Problem(
            401,
            "nobody is signed in, or no longer; sign in first",
            "尚未登录或登录已过期,请重新登录",
            {"WWW-Authenticate": "Bearer"},
        )
    return who


async def anybody(request: Request) -> Who | None:
    """Who is asking, or None: for what is public and says more to those who are signed in."""
    try:
        return await _identified(request)
    except (Problem, Retryable):
        return None


async def lasting(request: Request) -> Callable[[], bool]:
    """Asks whether the caller of a request that goes on for long may still be answered."""
    access, text = access_of(request), _credential(request)
    return lambda: text is not None and access.lasts(text)


Caller = Annotated[Who, Depends(caller)]
Anybody = Annotated[Who | None, Depends(anybody)]
Lasting = Annotated[Callable[[], bool], Depends(lasting)]


def access_of(request: Request) -> Access:
    """The app's access."""
    access: Access = request.app.state.parts.access
    return access


def same_origin(request: Request) -> None:
    """Problem 403 where another site's page sent this request with our cookie.

    A browser says where a request comes from, in Sec-Fetch-Site (on https and this machine) or in
    Origin, and a page cannot make it say otherwise.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        own = site == "same-origin"
    else:
        own = origin is not None and _place_of(origin) == request.headers.get("host")
    if not own:
        raise Problem(
            403,
            "a request with the session's cookie must come from this site's own page",
            "带登录状态的请求必须来自本站页面",
        )


def _place_of(origin: str) -> str | None:
    """Host and port of an Origin; None where it is no address, such as an unclosed ``[``."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def set_cookie(response: Response, request: Request, session: Session) -> Response:
    """The response, which makes the browser keep the session."""
    response.set_cookie(
        COOKIE,
        access_of(request).token(session),
        max_age=SHIFT_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


async def _identified(request: Request) -> Who | None:
    """Who is asking, looked up once a request: the one thing here that goes to another thread."""
    if not hasattr(request.state, "who"):
        request.state.who = await run_in_threadpool(_look_up, request)
    who: Who | None = request.state.who
    return who


def _look_up(request: Request) -> Who | None:
    access, text = access_of(request), _credential(request)
    if text is None:
        return None
    if _bearer(request):
        return access.bearer(text)
    found = access.session(text)
    if found is None:
        return None
    if request.method not in _SAFE:
        same_origin(request)
    who, session = found
    if longer := access.prolonged(session):
        carrier = set_cookie(Response(), request, longer)
        request.state.set_cookie = carrier.headers["set-cookie"]
    return who


def _credential(request: Request) -> str | None:
    """A key or a token of the header, else the cookie's token."""
    return _bearer(request) or request.cookies.get(COOKIE)


def _bearer(request: Request) -> str | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.casefold() == "bearer" else None


def _note(request: Request, who: Who, call: str) -> None:
    """The change is made and answered by now, so a trail that is away is no reason to fail."""
    access = access_of(request)
    subject = ",".join(request.path_params.values())
    try:
        access.accounts.note(access.by(who.name, address_of(request)), call, subject)
    except Retryable as error:
        log.warning("not in the audit trail: %s by %s: %s", call, who.name, error)


def _forbidden() -> Problem:
    return Problem(403, "your role may not do this", "您的角色无权进行此操作")
