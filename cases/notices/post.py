"""One HTTP POST of JSON, with a time limit, without redirects."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from facility.errors import Permanent, Retryable

TIMEOUT_S = 10.0
_LONGEST_ANSWER = 65_536
_PASSING = frozenset({408, 409, 425, 429})
"""Refusals that say: not now."""


def address(url: str) -> tuple[str, int]:
    """The host and port of an http or https URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Posts, and returns what a 2xx answer says.

    Retryable where the other side is away, busy or failing; Permanent where it refuses. The texts
    name the host only: an address may hold a secret.
    """
    parts = urlsplit(url)
    host, _ = address(url)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    connection = _connection(parts)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        answered = response.read(_LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise Retryable(f"{host}: {_reason(error)}") from None
    finally:
        connection.close()
    if 200 <= response.status < 300:
        return answered
    words = f"{host} answered {response.status}"
    if response.status >= 500 or response.status in _PASSING:
        raise Retryable(words)
    raise Permanent(words)


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        trusted = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=trusted)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
