"""What is InfluxDB's own: refusals, outages, versions, and names and numbers on the wire."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from facility.clock import DAY
from facility.errors import Permanent, Retryable
from facility.readings import series_of
from facility.store import influx, influx_connection
from facility.store.base import Verdict
from facility.store.influx import InfluxStore
from tests.servers import InfluxDB
from tests.store.batches import T0, batch_of, points_of, rows_of
from tests.store.stub import Reply, Request, http_stub

EVER = (0, 4_000_000_000_000)


@pytest.fixture
def store(influxdb: InfluxDB, influx_database: str) -> Iterator[InfluxStore]:
    with closing(InfluxStore(influxdb.url, influx_database)) as store:
        yield store


def test_only_the_refused_rows_are_rejected(
    influxdb: InfluxDB, influx_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(influx, "LINES_PER_POST", 40)
    now = time.time_ns() // 1_000_000  # the server knows no time but this
    bad = [0, 41, 42, 43, 79, 99]
    rows = [
        (f"L{i}", T0 if i in bad else now + i, {"power_w": float(i), "on": 1.0}) for i in range(100)
    ]
    with closing(InfluxStore(influxdb.url, influx_database, raw_days=30)) as store:
        result = store.write(batch_of(rows))
        assert result.rows(Verdict.REJECT).tolist() == bad
        assert sorted(result.reasons) == bad
        assert all("beyond retention policy" in reason for reason in result.reasons.values())
        assert result.rows(Verdict.ACCEPT).tolist() == [i for i in range(100) if i not in bad]
        stored = [row for batch in store.scan("streetlight", *EVER) for row in rows_of(batch)]
        assert stored == [row for i, row in enumerate(rows) if i not in bad]
        old = store.write(batch_of([(f"L{i}", T0 + i * DAY, {"on": 1.0}) for i in range(50)]))
        assert len(old.rows(Verdict.REJECT)) == 50


def test_a_conflict_of_types_rejects_the_rows_that_have_the_field(store: InfluxStore) -> None:
    store.write(batch_of([("L0", T0, {"on": 1.0})]))
    store._readings.post([f'streetlight,device=L0 power_w="much" {T0}'])
    rows = [(f"L{i}", T0, {"power_w": 1.0} if i % 3 else {"lux": 1.0}) for i in range(20)]
    result = store.write(batch_of(rows))
    assert result.rows(Verdict.ACCEPT).tolist() == list(range(0, 20, 3))
    assert "field type conflict" in result.reasons[1]
    whole = store.write(batch_of([(f"L{i}", T0, {"power_w": 1.0}) for i in range(50)]))
    assert len(whole.rows(Verdict.REJECT)) == 50


def test_rows_wait_while_the_server_is_away(new_influxdb: Callable[[], InfluxDB]) -> None:
    server = new_influxdb()
    with closing(InfluxStore(server.url, "x")) as store:
        batch = batch_of([("L1", T0, {"on": 1.0}), ("L2", T0, {"on": 0.0})])
        server.stop(kill=True)
        result = store.write(batch)
        assert result.rows(Verdict.KEEP).tolist() == [0, 1]
        assert "does not answer" in result.reasons[0]
        with pytest.raises(Retryable, match="does not answer"):
            store.latest("streetlight")
        server.start()
        assert (store.write(batch).verdicts == Verdict.ACCEPT).all()
        server.stop(kill=True)
        assert (store.write(batch).verdicts == Verdict.KEEP).all()
        server.start()
        assert len(store.latest("streetlight")) == 2


def test_a_dropped_database_is_made_again(store: InfluxStore) -> None:
    batch = batch_of([("L1", T0, {"on": 1.0})])
    store.write(batch)
    store._server.query({"q": f'DROP DATABASE "{store._readings.name}"'})
    with pytest.raises(Permanent, match="database not found"):
        store.latest("streetlight")
    assert store.write(batch).verdicts.tolist() == [Verdict.KEEP]
    assert store.write(batch).verdicts.tolist() == [Verdict.ACCEPT]


def test_a_wrong_password_keeps_rows_and_says_so(new_influxdb: Callable[..., InfluxDB]) -> None:
    server = new_influxdb(auth=True)
    batch = batch_of([("L1", T0, {"on": 1.0})])
    with closing(InfluxStore(server.url, "x")) as anonymous:
        anonymous._server.query(
            {"q": "CREATE USER admin WITH PASSWORD 'right' WITH ALL PRIVILEGES"}
        )
    with closing(InfluxStore(server.url, "x", token="admin:wrong")) as store:
        result = store.write(batch)
        assert result.verdicts.tolist() == [Verdict.KEEP]
        assert "authorization failed" in result.reasons[0]
        assert "give a token" in result.reasons[0]
        with pytest.raises(Permanent, match="give a token"):
            store.latest("streetlight")
    with closing(InfluxStore(server.url, "x", token="admin:right")) as store:
        assert store.write(batch).verdicts.tolist() == [Verdict.ACCEPT]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (429, b'{"code":"too many requests","message":"slow down"}', "slow down"),
        (503, b"<html>no</html>", "status 503"),
        (400, b"<html>not a database</html>", "status 400"),
        (404, b'{"code":"not found","message":"bucket \\"city\\" not found"}', "create 'city'"),
        (401, b'{"code":"unauthorized","message":"unauthorized access"}', "give a token"),
    ],
)
def test_what_is_not_the_rows_fault_keeps_them(status: int, body: bytes, words: str) -> None:
    def answer(request: Request) -> Reply:
        return Reply(status, body) if "write" in request.path else Reply()

    with http_stub(answer) as url, closing(InfluxStore(url, "city")) as store:
        result = store.write(batch_of([(f"L{i}", T0, {"on": 1.0}) for i in range(3)]))
    assert result.verdicts.tolist() == [Verdict.KEEP] * 3
    assert words in result.reasons[2]


def test_an_answer_that_breaks_off_can_be_asked_again() -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/query":
            return Reply(200, b'{"results":[{"series":[{"columns":', {"Content-Length": "900"})
        return Reply()

    with http_stub(answer) as url, closing(InfluxStore(url, "city")) as store:
        with pytest.raises(Retryable):
            store.latest("streetlight")
        with pytest.raises(Retryable, match="broke off"):
            list(store.scan("streetlight", *EVER))


def test_the_latest_of_very_many_series(store: InfluxStore) -> None:
    rows = [(f"L{i:04}", T0, {"power_w": float(i)}) for i in range(1_000)]
    assert (store.write(batch_of(rows)).verdicts == Verdict.ACCEPT).all()
    asked = [name for name, _, _ in rows[::3]]
    assert sorted(rows_of(store.latest("streetlight", asked))) == rows[::3]


devices = count(1)
readings = st.dictionaries(
    st.sampled_from(["power_w", "voltage_v", "leakage_ma"]),
    st.floats(allow_nan=False, allow_infinity=False),
    min_size=1,
)


@given(circuits=st.dictionaries(st.text(min_size=1), readings, min_size=1, max_size=5))
@example(circuits={"\\": {"power_w": -0.0}, "\\,": {"power_w": 5e-324}, "%5C": {"power_w": 1e22}})
@settings(max_examples=40, deadline=None)
def test_any_name_and_number_comes_back(
    influxdb: InfluxDB, circuits: dict[str, dict[str, float]]
) -> None:
    device = f"CAB-{next(devices)}"
    rows = [(series_of(device, circuit), T0, values) for circuit, values in circuits.items()]
    with closing(InfluxStore(influxdb.url, "any name")) as store:
        result = store.write(batch_of(rows, "cabinet"))
        assert (result.verdicts == Verdict.ACCEPT).all(), result.reasons
        for series, ts, values in rows:
            read = store.read("cabinet", series, ["power_w", "voltage_v", "leakage_ma"], *EVER)
            assert points_of(read) == [(ts, values)]
        latest = rows_of(store.latest("cabinet", [series for series, _, _ in rows]))
        assert sorted(latest, key=str) == sorted(rows, key=str)


def test_a_server_that_never_answers_is_away_within_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SHORT_S", "WRITE_S", "QUERY_S"):
        monkeypatch.setattr(influx_connection, name, 0.2)
    batch = batch_of([("L1", T0, {"on": 1.0})])
    # The system takes the connection, and nobody ever reads from it.
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with closing(InfluxStore(url, "city")) as store:
            began = time.monotonic()
            result = store.write(batch)
            assert result.verdicts.tolist() == [Verdict.KEEP]
            assert "does not answer" in result.reasons[0]
            with pytest.raises(Retryable, match="does not answer"):
                store.latest("streetlight")
            assert time.monotonic() - began < 5


@pytest.mark.parametrize("deaf_path", ["/write", "/query"])
def test_one_call_that_is_never_answered_is_bounded_too(
    deaf_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WRITE_S", "QUERY_S"):
        monkeypatch.setattr(influx_connection, name, 0.2)
    over = threading.Event()

    def answer(request: Request) -> Reply:
        if request.path.startswith(deaf_path):
            over.wait(10)
        return Reply(200, b'{"results":[{}]}', {"X-Influxdb-Version": "1.6.7"})

    with http_stub(answer) as url, closing(InfluxStore(url, "city")) as store:
        began = time.monotonic()
        result = store.write(batch_of([("L1", T0, {"on": 1.0})]))
        assert result.verdicts.tolist() == [Verdict.KEEP]
        assert "does not answer" in result.reasons[0]
        assert time.monotonic() - began < 5
        over.set()
