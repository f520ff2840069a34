"""The servers that other tests stand on: they answer, stop, and come back."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from tests import conftest, servers
from tests.servers import InfluxDB, Mosquitto, PostgreSQL, ServerMissing, find_program


def test_mosquitto_comes_back_on_its_port(new_mosquitto: Callable[..., Mosquitto]) -> None:
    broker = new_mosquitto(persistence=True)
    port, first = broker.port, broker.pid
    broker.stop()
    assert not broker.is_ready()
    broker.start()
    assert broker.is_ready()
    assert broker.port == port
    assert broker.pid != first


def test_influxdb_answers(influxdb: InfluxDB) -> None:
    with urllib.request.urlopen(f"{influxdb.url}/ping") as answer:
        assert answer.headers["X-Influxdb-Version"]


def test_postgresql_makes_databases(postgresql: PostgreSQL) -> None:
    first, second = postgresql.new_database(), postgresql.new_database()
    assert first != second
    with psycopg.connect(second.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_chromium_is_a_program(chromium: str) -> None:
    assert Path(chromium).is_file()


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(ServerMissing, match="apt-get install nosuch"):
        find_program(["no-such-server"], "nosuch")


def test_a_missing_server_skips_but_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_SEARCH_PATH", "")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install mosquitto"), ExitStack() as s:
        conftest._started(s, Mosquitto)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install influxdb"), ExitStack() as s:
        conftest._started(s, InfluxDB)
