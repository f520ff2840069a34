"""What is wrong with a call of GeoReport v2, in the standard's own error document.

404 for what is not there, 403 for the key, 400 for any other request that cannot be done; beyond
the standard 429 for too many, and 503 while the database is away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from api.open311 import documents
from api.open311.documents import Form
from api.open311.intake import described
from api.problems import AWAY, RETRY_AFTER_S, Problem, note_away
from cases.actions import WrongField
from facility.errors import Retryable

log = logging.getLogger(__name__)


class Fault(Exception):
    """Raised by a call: answered with this status and description."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


class FaultRoute(APIRoute):
    """A call whose errors are the standard's documents, in the form that was asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except Fault as fault:
                return _document(request, fault.status, fault.description)
            except WrongField as error:
                status = 404 if error.field == "service" else 400
                return _document(request, status, described(error))
            except Problem as problem:
                return _document(request, problem.status, problem.detail, problem.headers)
            except MultiPartException as error:
                return _document(request, 400, error.message)
            except HTTPException as error:
                return _document(request, error.status_code, str(error.detail))
            except Retryable as error:
                note_away(request, error)
                return _document(request, 503, AWAY, {"Retry-After": str(RETRY_AFTER_S)})

        return answered


def form_of(path: str) -> Form:
    """The form that a path asks for by its ending; XML where it has none."""
    return "json" if path.endswith(".json") else "xml"


def _document(
    request: Request, status: int, description: str, headers: dict[str, str] | None = None
) -> Response:
    answer = documents.errors([(status, description)], form_of(request.url.path), status)
    answer.headers.update(headers or {})
    return answer
