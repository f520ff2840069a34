"""A caller of the HTTP API, and of the residents' pages, with a key of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

_TIMEOUT_S = 10
_PAGE = 500


class Refused(Exception):
    """The API answered that it cannot be: somebody was faster, or it is not possible now."""


class Client:
    """One caller. ``base`` is the server's address (http), ``key`` an API key."""

    def __init__(self, base: str, key: str) -> None:
        self._server = urlsplit(base).netloc
        self._key = key

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET. OSError where the server is away."""
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return msgspec.json.decode(self._send("GET", f"/api/v1/{path}{asked}", None, {}))

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=_PAGE, **query, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def post(self, path: str, body: Mapping[str, Any], version: int | None = None) -> Any:
        """The answer to a POST; with ``version``, done only to what was seen. Raises Refused."""
        headers = {"Content-Type": "application/json"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self._send("POST", f"/api/v1/{path}", msgspec.json.encode(body), headers)
        return msgspec.json.decode(answer)

    def submit(self, path: str, **fields: Any) -> None:
        """Sends a form of a page. Raises Refused."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._send("POST", path, urlencode(fields).encode(), headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        headers = {"Authorization": f"Bearer {self._key}", **headers}
        with closing(HTTPConnection(self._server, timeout=_TIMEOUT_S)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status >= 500:
            raise OSError(f"{method} {path}: {answer.status} {answer.reason}")
        if answer.status >= 400:
            raise Refused(f"{method} {path}: {answer.status} {content[:500].decode()}")
        return content
