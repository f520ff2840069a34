"""What every request passes: a bound, security headers, the service's own counters, and bugs.

A bug is logged here, once, and answered with a problem document that tells nothing of it.
"""

from __future__ import annotations

import logging
import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.forms import MULTIPART, kind_of
from api.logged import path_of, route_of
from api.metrics import Metrics
from api.problems import problem_response

log = logging.getLogger(__name__)

MOST_BODY_BYTES = 64 * 1024

_WITH_PHOTOS = re.compile(r"/report|/api/v1/(?:public/)?reports|/api/v1/cases/[^/]+/photos")

# MapLibre runs its workers from blobs and its icons from data; Vue and ECharts set style
# attributes. Everything else comes from here, so the page works where there is no internet.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "child-src blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Edge:
    """The outermost middleware that is ours."""

    def __init__(self, app: ASGIApp, metrics: Metrics, photo_bytes: int) -> None:
        self._app = app
        self._metrics = metrics
        self._most_with_photos = MOST_BODY_BYTES + photo_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            answer = problem_response(400, "an address cannot have a NUL character in it")
            await answer(scope, receive, send)
            return
        received = 0
        most = self._most_with_photos if _has_photos(scope) else MOST_BODY_BYTES

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413, f"a body may have at most {most:,} bytes")
            return message

        started = time.perf_counter()
        status: int | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if cookie := scope.get("state", {}).get("set_cookie"):
                    headers.append("set-cookie", cookie)
            await send(message)

        try:
            await self._app(scope, receive_bounded, send_with_headers)
        except Exception:
            log.exception("failed: %s %s", scope["method"], path_of(scope))
            if status is not None:
                raise
            answer = problem_response(500, "a fault of this server; its log says more")
            await answer(scope, receive, send_with_headers)
        finally:
            self._metrics.request(
                scope["method"], route_of(scope), status or 0, time.perf_counter() - started
            )


def _has_photos(scope: Scope) -> bool:
    """Whether a request is a form of a call that takes photos."""
    kind = kind_of(Headers(scope=scope).get("content-type", ""))
    return kind == MULTIPART and _WITH_PHOTOS.fullmatch(scope["path"]) is not None
