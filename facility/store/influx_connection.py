"""The connection to an InfluxDB, through influxdb-client: the one module that imports it.

The client's connections, TLS and sign-in are used; its ``Point`` (18 µs a line) and its batching
writer (which loses what is pending at exit) are not. Every call ends within a bound: a server that
takes the connection and never answers is one that is away.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

import msgspec
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient

from facility.errors import Permanent, Retryable

CONNECT_S = 3.0
SHORT_S = 5.0
"""For an answer that takes the server no work."""
WRITE_S = 20.0
"""For a post of lines: twice what InfluxDB gives itself."""
QUERY_S = 120.0
"""For the next piece of an answer to a question."""

Version = tuple[int, int]


class InfluxConnection:
    """Requests to the server at ``url``. Retryable where it is away or busy, Permanent otherwise.

    ``token`` is a token, or ``user:password`` for 1.x; ``org`` is for 2.x.
    """

    def __init__(self, url: str, token: str, org: str) -> None:
        self.url = url.rstrip("/")
        self.org = org
        client = InfluxDBClient(self.url, token, org=org, auth_basic=":" in token).api_client
        self._pool: urllib3.PoolManager = client.rest_client.pool_manager
        self._headers: dict[str, str] = client.default_headers
        self._compress = urlsplit(self.url).hostname not in {"127.0.0.1", "::1", "localhost"}

    def version(self) -> Version:
        """The server's version; 2.0 for one that does not say, as InfluxDB Cloud."""
        answer = self.request("GET", "/ping", timeout_s=SHORT_S)
        self.check(answer)
        told = answer.headers.get("X-Influxdb-Version", "")
        if not told and answer.data.startswith(b"{"):
            told = str(msgspec.json.decode(answer.data).get("version", ""))
        number = re.search(r"(\d+)\.(\d+)", told)
        return (int(number[1]), int(number[2])) if number else (2, 0)

    def post_lines(self, path: str, lines: list[str]) -> urllib3.BaseHTTPResponse:
        """Posts lines, gzipped (level 1) unless the server is on this machine."""
        body = "\n".join(lines).encode()
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._compress:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        return self.request("POST", path, body, headers, timeout_s=WRITE_S)

    def query(self, form: Mapping[str, str]) -> bytes:
        """The answer to a question put to ``/query``."""
        answer = self._put(form, stream=False)
        return answer.data

    @contextmanager
    def streamed(self, form: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        """The lines of the answer, as the server sends them."""
        answer = self._put(form, stream=True)
        try:
            yield self._lines(answer)
        finally:
            answer.close()

    def json(
        self, method: str, path: str, document: object = None, **parameters: str
    ) -> dict[str, object]:
        """The answer of an administrative call, an empty one where the server sends none."""
        body = None if document is None else msgspec.json.encode(document)
        query = f"?{urlencode(parameters)}" if parameters else ""
        headers = {"Content-Type": "application/json"}
        answer = self.request(method, path + query, body, headers, timeout_s=SHORT_S)
        self.check(answer)
        decoded = msgspec.json.decode(answer.data) if answer.data.startswith(b"{") else {}
        return decoded if isinstance(decoded, dict) else {}

    def check(self, answer: urllib3.BaseHTTPResponse, name: str = "the database") -> None:
        """Raises what an answer other than success means, to a question about ``name``."""
        if answer.status < 300:
            return
        text = f"{self.url}: {words_of(answer.data) or f'status {answer.status}'}"
        if answer.status in {401, 403}:
            raise Permanent(f"{text}: give a token that may use {name}")
        if answer.status == 404:
            raise Permanent(f"{text}: create {name}, or name another")
        if answer.status >= 500 or answer.status in {408, 429}:
            raise Retryable(text)
        raise Permanent(text)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """One request, tried once."""
        try:
            return self._pool.request(
                method,
                self.url + path,
                body=body,
                headers=self._headers | dict(headers or {}),
                timeout=urllib3.Timeout(connect=min(CONNECT_S, timeout_s), read=timeout_s),
                retries=False,
                preload_content=not stream,
            )
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(f"{self.url} does not answer: {error}") from error

    def close(self) -> None:
        """Ends the connections."""
        self._pool.clear()

    def _put(self, form: Mapping[str, str], *, stream: bool) -> urllib3.BaseHTTPResponse:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        answer = self.request("POST", "/query", body, headers, timeout_s=QUERY_S, stream=stream)
        if answer.status >= 300:
            self.check(answer)
        return answer

    def _lines(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        try:
            rest = b""
            for block in answer.stream(1 << 18):
                *lines, rest = (rest + block).split(b"\n")
                yield from filter(None, lines)
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(f"{self.url}: the answer broke off: {error}") from error
        if rest:
            yield rest


def words_of(document: bytes) -> str:
    """What the database says is wrong; empty where it was not the database that answered."""
    try:
        answer = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    words = answer.get("error") or answer.get("message") if isinstance(answer, dict) else None
    return str(words)[:1000] if words else ""
