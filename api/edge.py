"""What every request passes: a bound, security headers, the service's own counters, and bugs.

A bug is logged here, once, and answered with a problem document that tells nothing of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import problem_response

log = logging.getLogger(__name__)

MOST_BODY_BYTES = 64 * 1024

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

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BODY_BYTES:
                raise HTTPException(413, f"a body may have at most {MOST_BODY_BYTES:,} bytes")
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
            log.exception("failed: %s %s", scope["method"], scope["path"])
            if status is not None:
                raise
            answer = problem_response(500, "a fault of this server; its log says more")
            await answer(scope, receive, send_with_headers)
        finally:
            self._metrics.request(
                scope["method"], _route(scope), status or 0, time.perf_counter() - started
            )


def _route(scope: MutableMapping[str, Any]) -> str:
    """The route's pattern, never the path itself: a label must not have a value per asset."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "other"
