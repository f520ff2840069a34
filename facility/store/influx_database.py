"""One database, or bucket, of an InfluxDB: lines in, rows out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from facility.clock import to_rfc3339
from facility.errors import Permanent, Retryable
from facility.store import influxql
from facility.store.influx_connection import QUERY_S, InfluxConnection, Version, words_of
from facility.store.influx_setup import make_database
from facility.store.influxql import Question, Rows, StatementError
from facility.store.tables import LIMIT_MS

SCAN_ROWS = 10_000
_REFUSED = {400, 413, 422}


class InfluxDatabase:
    """The database ``name``, made at the first call to keep what it gets for ``days`` days."""

    def __init__(self, server: InfluxConnection, name: str, days: int) -> None:
        self.name = name
        self._server = server
        self._days = days
        self._preparing = threading.Lock()
        self._version: Version | None = None
        self._forgets = False

    def version(self) -> Version:
        """The server's version; by then the database is made, where the account may do that."""
        with self._preparing:
            if self._version is None:
                version = self._server.version()
                self._forgets = make_database(self._server, version, self.name, self._days)
                self._version = version
            return self._version

    def post(self, lines: list[str]) -> str | None:
        """Writes lines; the database's words where it refuses any of them."""
        version = self.version()
        target = {"db": self.name}
        if version >= (1, 8):
            target = {"org": self._server.org, "bucket": self.name}
        path = "/write" if version < (1, 8) else "/api/v2/write"
        query = urlencode(target | {"precision": "ms"})
        answer = self._server.post_lines(f"{path}?{query}", lines)
        if answer.status in _REFUSED and (words := words_of(answer.data)):
            return words
        if answer.status == 404:
            self._version = None  # the database is gone: make it anew next time
        if answer.status in _REFUSED:
            raise Retryable(f"{self._server.url}: status {answer.status}, not by InfluxDB")
        self._server.check(answer, repr(self.name))
        return None

    def ask(self, question: Question) -> list[Rows]:
        """The series of the answer."""
        self.version()
        answer = self._answered(self._server.query(self._form(question)))
        if question.is_select and any(rows.columns[0] != "time" for rows in answer):
            raise Permanent(
                f"{self._server.url} takes lines but answers no InfluxQL: it is written to only"
            )
        return answer

    def rows(self, question: Question) -> list[list[Any]]:
        """The rows of the answer, whatever series they are of."""
        return [row for series in self.ask(question) for row in series.values]

    def stream(self, question: Question) -> Iterator[list[Rows]]:
        """The answer in parts of SCAN_ROWS rows, as the database sends them."""
        self.version()
        form = self._form(question) | {"chunked": "true", "chunk_size": str(SCAN_ROWS)}
        with self._server.streamed(form) as lines:
            yield from map(self._answered, lines)

    def expire(self, before: int) -> None:
        """Deletes older points, unless the server was told to forget them by itself.

        Version 3 has no way to delete.
        """
        version = self.version()
        if self._forgets or version >= (3, 0):
            return
        if version < (2, 0):
            self.ask(influxql.delete(before))
            return
        query = urlencode({"org": self._server.org, "bucket": self.name})
        span = {"start": to_rfc3339(-LIMIT_MS), "stop": to_rfc3339(before)}
        document = msgspec.json.encode(span)
        headers = {"Content-Type": "application/json"}
        path = f"/api/v2/delete?{query}"
        self._server.check(self._server.request("POST", path, document, headers, timeout_s=QUERY_S))

    def _form(self, question: Question) -> dict[str, str]:
        form = {"q": question.statement, "db": self.name, "epoch": "ms"}
        if question.parameters:
            form["params"] = msgspec.json.encode(question.parameters).decode()
        return form

    def _answered(self, document: bytes) -> list[Rows]:
        try:
            return influxql.answered(document)
        except StatementError as error:
            text = f"{self._server.url}: {error}"
            if "not found" in text or "authoriz" in text:
                raise Permanent(text) from error
            raise Retryable(text) from error
        except msgspec.DecodeError as error:
            raise Retryable(f"{self._server.url}: not an answer of InfluxDB: {error}") from error
