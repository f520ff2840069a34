"""Makes a database, or bucket, on the first start, and tells the server how long to keep it.

Each version has an interface of its own for that. Where the account may not use it the database
has to be made by hand; that is said in the log, once for each start, and changes nothing else.
"""

from __future__ import annotations

import logging

import msgspec

from facility.errors import Permanent
from facility.store import influxql
from facility.store.influx_connection import SHORT_S, InfluxConnection, Version
from facility.store.influxql import StatementError

log = logging.getLogger(__name__)

_DAY_S = 86_400
_IS_THERE = 409


def make_database(server: InfluxConnection, version: Version, name: str, days: int) -> bool:
    """Makes the database ``name`` where there is none, to keep what it gets for ``days`` days.

    With 0 days the server's own setting stays. Says whether the server forgets by itself.
    """
    make = _make_1 if version < (2, 0) else _make_2 if version < (3, 0) else _make_3
    try:
        return make(server, name, days)
    except (Permanent, StatementError) as error:
        log.warning("%s: make it by hand, the server refused to: %s", name, error)
    return False


def _make_1(server: InfluxConnection, name: str, days: int) -> bool:
    try:
        policies = influxql.answered(server.query({"q": influxql.policies(name)}))
    except StatementError as error:
        if "not found" not in str(error):
            raise
        influxql.answered(server.query({"q": influxql.create(name, days)}))
        return days > 0
    if not days:
        return False
    for rows in policies:
        for row in rows.values:
            policy = dict(zip(rows.columns, row, strict=True))
            if policy.get("default") and policy.get("duration") != f"{24 * days}h0m0s":
                altered = influxql.alter(name, str(policy["name"]), days)
                influxql.answered(server.query({"q": altered}))
    return True


def _make_2(server: InfluxConnection, name: str, days: int) -> bool:
    rules = [{"type": "expire", "everySeconds": days * _DAY_S}] if days else []
    buckets = _listed(server.json("GET", "/api/v2/buckets", org=server.org, name=name), "buckets")
    if buckets:
        bucket = buckets[0]
        known = bucket.get("retentionRules")
        kept = known[0].get("everySeconds") if isinstance(known, list) and known else 0
        if days and kept != days * _DAY_S:
            server.json("PATCH", f"/api/v2/buckets/{bucket['id']}", {"retentionRules": rules})
    else:
        orgs = _listed(server.json("GET", "/api/v2/orgs", org=server.org), "orgs")
        if not orgs:
            raise Permanent(f"{server.url} has no organisation {server.org!r}: name another")
        document = {"orgID": orgs[0]["id"], "name": name, "retentionRules": rules}
        bucket = server.json("POST", "/api/v2/buckets", document)
    # InfluxQL finds a bucket by its mapping; since 2.1 every bucket has a virtual one.
    mappings = server.json("GET", "/api/v2/dbrps", orgID=str(bucket["orgID"]), db=name)
    if not _listed(mappings, "content"):
        mapping = {
            "orgID": bucket["orgID"],
            "bucketID": bucket["id"],
            "database": name,
            "retention_policy": "autogen",
            "default": True,
        }
        server.json("POST", "/api/v2/dbrps", mapping)
    return days > 0


def _make_3(server: InfluxConnection, name: str, days: int) -> bool:
    retention = {"retention_period": f"{days}d"} if days else {}
    document = msgspec.json.encode({"db": name, **retention})
    headers = {"Content-Type": "application/json"}
    path = "/api/v3/configure/database"
    answer = server.request("POST", path, document, headers, timeout_s=SHORT_S)
    if answer.status != _IS_THERE:  # and Core does not change how long it keeps what is there
        server.check(answer)
    return days > 0


def _listed(answer: dict[str, object], key: str) -> list[dict[str, object]]:
    found = answer.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
