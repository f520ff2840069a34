"""Servers that Debian does not have, answering as InfluxData documents it: 1.8, 2.x and 3 Core.

Only what is asked of them is there: where their databases are made, and where lines are written.
They show that the right calls are made in the right order, not that the real servers take them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.store.stub import Reply, Request

TOKEN = "secret"


def _json(status: int, document: object) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})


@dataclass
class Documented:
    """A server of ``version``; ``kept`` is database → days, 0 for ever; ``lines`` what it got."""

    version: str
    kept: dict[str, int] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    deleted: list[dict[str, str]] = field(default_factory=list)
    encodings: set[str | None] = field(default_factory=set)
    may_make: bool = True

    def __call__(self, request: Request) -> Reply:
        url = urlsplit(request.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if request.headers.get("Authorization") != f"Token {TOKEN}":
            return _json(401, {"code": "unauthorized", "message": "unauthorized access"})
        if url.path == "/ping":
            return Reply(headers={"X-Influxdb-Version": self.version})
        self.calls.append(f"{request.method} {url.path}")
        if url.path in {"/api/v2/write", "/write"}:
            return self._write(request, asked)
        routes: dict[str, Callable[[Request, dict[str, str]], Reply]] = {
            "/query": self._query,
            "/api/v2/orgs": self._orgs,
            "/api/v2/buckets": self._buckets,
            "/api/v2/dbrps": self._mappings,
            "/api/v2/delete": self._delete,
            "/api/v3/configure/database": self._databases,
        }
        for start, route in routes.items():
            if url.path.startswith(start) and self._has(start):
                return route(request, asked)
        return _json(404, {"error": "no such path"})

    def _has(self, path: str) -> bool:
        major = self.version.lstrip("v")[0]
        return path == "/query" or path.startswith(f"/api/v{major}")

    def _write(self, request: Request, asked: dict[str, str]) -> Reply:
        name = asked.get("bucket") or asked["db"]
        if name not in self.kept:
            return _json(404, {"code": "not found", "message": f'bucket "{name}" not found'})
        assert asked["precision"] == "ms"
        encoding = request.headers.get("Content-Encoding")
        self.encodings.add(encoding)
        body = gzip.decompress(request.body) if encoding == "gzip" else request.body
        self.lines.setdefault(name, []).extend(body.decode().split("\n"))
        return Reply()

    def _query(self, request: Request, asked: dict[str, str]) -> Reply:
        form = parse_qs(request.body.decode())
        statement = form["q"][0]
        self.calls.append(statement)
        if statement.startswith("SHOW RETENTION") and (name := statement.split('"')[1]):
            if name not in self.kept:
                error = {"error": f"database not found: {name}"}
                return _json(200, {"results": [{"statement_id": 0, **error}]})
            columns = ["name", "duration", "shardGroupDuration", "replicaN", "default"]
            row = ["autogen", f"{24 * self.kept[name]}h0m0s", "24h0m0s", 1, True]
            return _json(200, {"results": [{"series": [{"columns": columns, "values": [row]}]}]})
        if statement.startswith(("CREATE DATABASE", "ALTER")):
            duration = statement.rpartition(" ")[2]
            name = statement.split('"')[-2]
            self.kept[name] = int(duration[:-1]) if " DURATION " in statement else 0
        return _json(200, {"results": [{"statement_id": 0}]})

    def _orgs(self, request: Request, asked: dict[str, str]) -> Reply:
        return _json(200, {"orgs": [{"id": "0o", "name": "o"}] if asked["org"] == "o" else []})

    def _buckets(self, request: Request, asked: dict[str, str]) -> Reply:
        if request.method == "GET":
            found = [self._bucket(name) for name in self.kept if name == asked["name"]]
            return _json(200, {"buckets": found})
        if not self.may_make:
            return _json(403, {"code": "forbidden", "message": "write:buckets is unauthorized"})
        document = json.loads(request.body)
        rules = document["retentionRules"]
        days = rules[0]["everySeconds"] // 86_400 if rules else 0
        if request.method == "PATCH":
            name = request.path.rpartition("/")[2].removeprefix("0b-")
        else:
            assert document["orgID"] == "0o"
            name = document["name"]
        self.kept[name] = days
        return _json(201 if request.method == "POST" else 200, self._bucket(name))

    def _bucket(self, name: str) -> dict[str, object]:
        rules = [{"type": "expire", "everySeconds": self.kept[name] * 86_400}]
        return {
            "id": f"0b-{name}",
            "orgID": "0o",
            "name": name,
            "retentionRules": rules if self.kept[name] else [],
        }

    def _mappings(self, request: Request, asked: dict[str, str]) -> Reply:
        if request.method == "GET":
            found = [
                {"database": name, "bucketID": bucket, "retention_policy": "autogen"}
                for name, bucket in self.mapped.items()
                if name == asked["db"]
            ]
            return _json(200, {"content": found})
        document = json.loads(request.body)
        assert document["orgID"] == "0o"
        assert document["default"] is True
        assert document["retention_policy"]
        self.mapped[document["database"]] = document["bucketID"]
        return _json(201, document)

    def _delete(self, request: Request, asked: dict[str, str]) -> Reply:
        self.deleted.append({**asked, **json.loads(request.body)})
        return Reply()

    def _databases(self, request: Request, asked: dict[str, str]) -> Reply:
        document = json.loads(request.body)
        name = document["db"]
        if not self.may_make:
            return _json(403, {"error": "not an admin token"})
        if name in self.kept:
            return _json(409, {"error": "attempted to create a resource that already exists"})
        self.kept[name] = int(document.get("retention_period", "0d")[:-1])
        return Reply(200)
