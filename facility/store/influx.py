"""Readings in InfluxDB 1, 2 or 3, through influxdb-client: the one module that speaks to it.

The client's connections, TLS and sign-in are used; its ``Point`` (18 µs a line) and its batching
writer (which loses what is pending at exit) are not. Lines are written column by column, posted
in batches of our own, and a write returns when the database has answered.
"""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import numpy as np
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient

from facility.errors import Permanent, Retryable
from facility.readings import Names, ReadingBatch
from facility.store import influxql
from facility.store.base import History, Series, Verdict, WriteResult
from facility.store.influxql import Question, Rows, StatementError
from facility.store.lineprotocol import LineWriter, series_of_tags
from facility.store.tables import fields_of

LINES_PER_POST = 5_000
SCAN_ROWS = 10_000
SERIES_PER_QUESTION = 200
TIMEOUT = urllib3.Timeout(connect=3.0, read=120.0)


class InfluxStore:
    """A readings store (:mod:`facility.store.base`) in a database, or bucket, of InfluxDB.

    ``token`` is a token, or ``user:password`` for 1.x; ``org`` is for 2.x. Nothing is asked of
    the server before the first call; a 1.x server is told to make the database then.
    """

    def __init__(self, url: str, database: str, *, token: str = "", org: str = "") -> None:
        self._url = url.rstrip("/")
        self._database = database
        self._org = org
        self._client = InfluxDBClient(self._url, token, org=org, auth_basic=":" in token)
        self._pool: urllib3.PoolManager = self._client.api_client.rest_client.pool_manager
        self._headers: dict[str, str] = self._client.api_client.default_headers
        self._compress = urlsplit(self._url).hostname not in {"127.0.0.1", "::1", "localhost"}
        self._write_path: str | None = None
        self._preparing = threading.Lock()
        self._writers: dict[str, LineWriter] = {}

    def write(self, batch: ReadingBatch) -> WriteResult:
        result = WriteResult.all(len(batch), Verdict.KEEP)
        if not len(batch):
            return result
        try:
            fields_of(batch.table, batch.columns)
        except Permanent as refusal:
            return WriteResult.all(len(batch), Verdict.REJECT, str(refusal))
        writer = self._writers.setdefault(batch.table, LineWriter(batch.table))
        first = 0
        try:
            for piece in batch.split(LINES_PER_POST):
                self._write_lines(writer.lines(piece), first, result)
                first += len(piece)
        except (Retryable, Permanent) as error:
            # A refused token or a missing database is for a person to mend: rows wait for that.
            for row in result.rows(Verdict.KEEP).tolist():
                result.reasons[row] = str(error)
        return result

    def read(self, table: str, series: str, fields: Sequence[str], start: int, end: int) -> Series:
        fields_of(table, fields)
        rows = self._rows(influxql.read(table, series, fields, start, end))
        values = influxql.matrix(rows, 2 + len(fields))
        return Series(influxql.times(rows), dict(zip(fields, values[2:], strict=True)))

    def history(
        self, table: str, series: str, fields: Sequence[str], start: int, end: int, every: int
    ) -> History:
        fields_of(table, fields)
        rows = self._rows(influxql.history(table, series, fields, start, end, every))
        _, count, *figures = influxql.matrix(rows, 2 + 3 * len(fields))
        mean, low, high = (dict(zip(fields, figures[i::3], strict=True)) for i in range(3))
        return History(influxql.times(rows), count.astype(np.int64), mean, low, high)

    def latest(self, table: str, series: Sequence[str] | None = None) -> ReadingBatch:
        fields = fields_of(table)
        if series is None or len(series) > SERIES_PER_QUESTION:
            batch = self._latest(table, fields, None)
            if series is None:
                return batch
            asked = set(series)
            return batch.take(np.array([batch.name(i) in asked for i in range(len(batch))], bool))
        return self._latest(table, fields, list(dict.fromkeys(series)))

    def scan(self, table: str, start: int, end: int) -> Iterator[ReadingBatch]:
        fields = fields_of(table)
        names = Names()
        for part in self._stream(influxql.scan(table, start, end)):
            for rows in part:
                by_name = dict(zip(rows.columns, zip(*rows.values, strict=True), strict=True))
                ts = influxql.times(rows.values)
                circuits = by_name.get("circuit") or [""] * len(ts)
                tags = zip(by_name["device"], circuits, strict=True)
                codes = [names.code(_series(device, circuit)) for device, circuit in tags]
                columns = {f: np.array(by_name[f], float) for f in fields if f in by_name}
                columns = {f: values for f, values in columns.items() if not np.isnan(values).all()}
                yield ReadingBatch(table, names, np.array(codes, np.int32), ts, ts, columns)

    def close(self) -> None:
        self._pool.clear()

    def _write_lines(self, lines: list[str], first: int, result: WriteResult) -> None:
        """Posts the lines of the rows from ``first`` on and notes the verdicts.

        The database takes what it can of a batch and refuses the rest with one answer for all,
        so a refused batch is halved until it is known which rows were meant.
        """
        parts = [(0, len(lines))]
        while parts:
            low, high = parts.pop()
            words = self._post(lines[low:high])
            rows = range(first + low, first + high)
            if words is None:
                result.verdicts[rows.start : rows.stop] = Verdict.ACCEPT
            elif len(rows) == 1 or words.endswith(f" dropped={len(rows)}"):
                result.verdicts[rows.start : rows.stop] = Verdict.REJECT
                result.reasons.update(dict.fromkeys(rows, words))
            else:
                middle = (low + high) // 2
                parts += [(middle, high), (low, middle)]

    def _post(self, lines: list[str]) -> str | None:
        """Writes lines; the database's words where it refuses any of them."""
        path = self._prepared()
        body = "\n".join(lines).encode()
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._compress:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        answer = self._request("POST", path, body, headers)
        if answer.status in {400, 413, 422} and (words := _words(answer.data)):
            return words
        if answer.status == 404:
            self._write_path = None  # the database is gone: make it anew next time
        self._check(answer.status, answer.data)
        return None

    def _latest(
        self, table: str, fields: Sequence[str], series: Sequence[str] | None
    ) -> ReadingBatch:
        # The newest reading of each series is found in a third of the time of last() over every
        # field; then only fields that some of those readings lack have to be asked for.
        found = self._ask(influxql.newest(table, series)) if series != [] else []
        names = Names(series_of_tags(rows.tags) for rows in found)
        newest = [rows.values[0] for rows in found]
        present = found[0].columns if found else []
        values = influxql.matrix(newest, len(present))
        columns = {name: values[present.index(name)] for name in fields if name in present}
        for name, column in columns.items():
            if np.isnan(column).any():
                for rows in self._ask(influxql.last(table, name, series)):
                    code = names.code(series_of_tags(rows.tags))
                    if code < len(column):
                        column[code] = rows.values[0][1]
        columns = {name: column for name, column in columns.items() if not np.isnan(column).all()}
        ts = influxql.times(newest)
        return ReadingBatch(table, names, np.arange(len(ts), dtype=np.int32), ts, ts, columns)

    def _rows(self, question: Question) -> list[list[Any]]:
        return [row for series in self._ask(question) for row in series.values]

    def _ask(self, question: Question) -> list[Rows]:
        self._prepared()
        return self._answered(self._query(question).data)

    def _stream(self, question: Question) -> Iterator[list[Rows]]:
        """The answer in parts of SCAN_ROWS rows, as the database sends them."""
        self._prepared()
        answer = self._query(question, chunked="true", chunk_size=str(SCAN_ROWS))
        try:
            rest = b""
            for block in answer.stream(1 << 18):
                *lines, rest = (rest + block).split(b"\n")
                yield from map(self._answered, filter(None, lines))
            if rest:
                yield self._answered(rest)
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(f"{self._url}: the answer broke off: {error}") from error
        finally:
            answer.close()

    def _prepared(self) -> str:
        """Where to write: known once the server told its version, and 1.x made its database."""
        with self._preparing:
            if self._write_path is None:
                version = self._version()
                if version < (2, 0):
                    with suppress(Permanent):  # an account without that right may still write
                        self._answered(self._query(influxql.create(self._database)).data)
                target = {"db": self._database}
                if version >= (1, 8):
                    target = {"org": self._org, "bucket": self._database}
                path = "/write" if version < (1, 8) else "/api/v2/write"
                self._write_path = f"{path}?{urlencode(target | {'precision': 'ms'})}"
            return self._write_path

    def _version(self) -> tuple[int, int]:
        answer = self._request("GET", "/ping")
        self._check(answer.status, answer.data)
        number = re.search(r"(\d+)\.(\d+)", answer.headers.get("X-Influxdb-Version", ""))
        return (int(number[1]), int(number[2])) if number else (2, 0)

    def _query(self, question: Question, **options: str) -> urllib3.BaseHTTPResponse:
        form = {"q": question.statement, "db": self._database, "epoch": "ms", **options}
        if question.parameters:
            form["params"] = msgspec.json.encode(question.parameters).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        answer = self._request("POST", "/query", body, headers, stream="chunked" in options)
        if answer.status >= 300:
            self._check(answer.status, answer.data)
        return answer

    def _answered(self, document: bytes) -> list[Rows]:
        try:
            return influxql.answered(document)
        except StatementError as error:
            text = f"{self._url}: {error}"
            if "not found" in text or "authoriz" in text:
                raise Permanent(text) from error
            raise Retryable(text) from error
        except msgspec.DecodeError as error:
            raise Retryable(f"{self._url}: not an answer of InfluxDB: {error}") from error

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method,
                self._url + path,
                body=body,
                headers=self._headers | (headers or {}),
                timeout=TIMEOUT,
                retries=False,
                preload_content=not stream,
            )
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(f"{self._url} does not answer: {error}") from error

    def _check(self, status: int, document: bytes) -> None:
        """Raises what an answer other than success means."""
        if status < 300:
            return
        text = f"{self._url}: {_words(document) or f'status {status}'}"
        if status in {401, 403}:
            raise Permanent(f"{text}: give a token that may use {self._database!r}")
        if status == 404:
            raise Permanent(f"{text}: create {self._database!r}, or name another database")
        if status in {400, 422}:
            raise Permanent(text)
        raise Retryable(text)


def _series(device: str, circuit: str | None) -> str:
    return series_of_tags({"device": device, "circuit": circuit or ""})


def _words(document: bytes) -> str:
    """What the database says is wrong; empty where it was not the database that answered."""
    try:
        answer = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    words = answer.get("error") or answer.get("message") if isinstance(answer, dict) else None
    return str(words)[:1000] if words else ""
