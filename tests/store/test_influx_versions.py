"""How each version of InfluxDB is set up and written to: 1.6 for real, the others as documented."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial

import pytest

from facility.store.base import Verdict
from facility.store.influx import InfluxStore
from tests.servers import InfluxDB
from tests.store.batches import T0, batch_of
from tests.store.documented import TOKEN, Documented
from tests.store.stub import Reply, Request, http_stub

BATCH = batch_of([("L1", T0, {"on": 1.0})])
VERSIONS = ["1.7.11", "1.8.10", "v2.0.9", "v2.7.12", "3.2.0"]


def store_at(url: str, *, org: str = "o", raw: int = 35, kept: int = 1830) -> InfluxStore:
    return InfluxStore(url, "city", token=TOKEN, org=org, raw_days=raw, retention_days=kept)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_server_is_set_up_at_the_first_write(version: str) -> None:
    server = Documented(version)
    # Any host but localhost and 127.0.0.1 is another machine to the store.
    with http_stub(server, "127.0.0.2") as url, closing(store_at(url)) as store:
        for _ in range(2):
            assert store.write(BATCH).verdicts.tolist() == [Verdict.ACCEPT]
        assert server.kept == {"city": 35}
        assert store.roll_up("streetlight", 0, 0) == 0
        assert store.stale_hours("streetlight", 0, T0).tolist() == []
        store.expire(T0, T0)
    assert server.kept == {"city": 35, "city_1h": 1830}
    assert server.deleted == []
    reading, mark = server.lines["city"][:2]
    assert reading == f"streetlight,device=L1 on=1.0,n=1i {T0}"
    assert mark.startswith("xiuhua_hours,of=streetlight changed=")
    assert server.encodings == {"gzip"}
    if version.startswith("v2"):
        assert server.mapped == {"city": "0b-city", "city_1h": "0b-city_1h"}
    path = "/write" if version == "1.7.11" else "/api/v2/write"
    assert f"POST {path}" in server.calls


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_with_the_database_is_told_what_changed(version: str) -> None:
    server = Documented(version, kept={"city": 7, "city_1h": 1830}, mapped={"city": "0b-city"})
    with http_stub(server) as url, closing(store_at(url)) as store:
        assert store.write(BATCH).verdicts.tolist() == [Verdict.ACCEPT]
    # 3 Core keeps what it has as it was told first.
    assert server.kept == {"city": 7 if version == "3.2.0" else 35, "city_1h": 1830}
    assert server.encodings == {None}
    assert "POST /api/v2/dbrps" not in server.calls
    server.calls.clear()
    with http_stub(server) as url, closing(store_at(url)) as store:
        store.write(BATCH)
    assert not [call for call in server.calls if call.startswith(("PATCH", "ALTER", "CREATE"))]


@pytest.mark.parametrize("version", VERSIONS)
def test_with_no_days_the_servers_own_setting_stays(version: str) -> None:
    server = Documented(version, kept={"city": 7})
    with http_stub(server) as url, closing(store_at(url, raw=0, kept=0)) as store:
        assert store.write(BATCH).verdicts.tolist() == [Verdict.ACCEPT]
        store.expire(T0, T0)
    assert server.kept == {"city": 7, "city_1h": 0}
    if version.startswith("v2"):
        assert [(d["bucket"], d["stop"]) for d in server.deleted] == [
            ("city", "2023-11-14T22:13:20Z"),
            ("city_1h", "2023-11-14T22:13:20Z"),
        ]
    if version.startswith("1"):
        assert server.calls.count(f"DELETE WHERE time < {T0}000000") == 2


@pytest.mark.parametrize(
    ("server", "org", "words"),
    [
        (Documented("v2.7.12", may_make=False), "o", "write:buckets is unauthorized"),
        (Documented("v2.7.12"), "elsewhere", "no organisation 'elsewhere'"),
        (Documented("3.2.0", may_make=False), "o", "not an admin token"),
    ],
)
def test_what_may_not_be_made_is_to_be_made_by_hand(
    server: Documented, org: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with http_stub(server) as url, closing(store_at(url, org=org)) as store:
        result = store.write(BATCH)
        assert result.verdicts.tolist() == [Verdict.KEEP]
        assert "create 'city'" in result.reasons[0]
        assert words in caplog.text
        server.kept = {"city": 0}
        assert store.write(BATCH).verdicts.tolist() == [Verdict.ACCEPT]


def test_a_server_that_refuses_the_token_says_so() -> None:
    with http_stub(Documented("v2.7.12")) as url, closing(InfluxStore(url, "city")) as store:
        result = store.write(BATCH)
    assert result.verdicts.tolist() == [Verdict.KEEP]
    assert "unauthorized access: give a token" in result.reasons[0]


def test_the_real_server_forgets_as_it_is_told(influxdb: InfluxDB, influx_database: str) -> None:
    open_store: Callable[..., InfluxStore] = partial(InfluxStore, influxdb.url, influx_database)

    def kept(store: InfluxStore) -> list[str]:
        names = (influx_database, f"{influx_database}_1h")
        answers = [store._server.query({"q": f'SHOW RETENTION POLICIES ON "{n}"'}) for n in names]
        return [answer.split(b'["autogen","')[1].split(b'"')[0].decode() for answer in answers]

    for days, told in (
        ((0, 0), ["0s", "0s"]),
        ((35, 1830), ["840h0m0s", "43920h0m0s"]),
        ((0, 0), ["840h0m0s", "43920h0m0s"]),
        ((10, 40), ["240h0m0s", "960h0m0s"]),
    ):
        with closing(open_store(raw_days=days[0], retention_days=days[1])) as store:
            store.latest("streetlight")
            store.hours("streetlight", "L1", ["readings"], 0, 1)
            assert kept(store) == told


def test_a_ping_that_names_no_version_is_a_cloud_s() -> None:
    server = Documented("v2.7.12")

    def nameless(request: Request) -> Reply:
        reply = server(request)
        return Reply() if "X-Influxdb-Version" in reply.headers else reply

    with http_stub(nameless) as url, closing(store_at(url)) as store:
        assert store.write(BATCH).verdicts.tolist() == [Verdict.ACCEPT]
    assert server.mapped
