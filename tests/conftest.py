"""Fixtures for real servers. Where one is not installed its tests are skipped; in CI they fail.

A test that uses one of them carries the marker ``server`` by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NoReturn, TypeVar

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tests.servers import (
    InfluxDB,
    Mosquitto,
    PostgreSQL,
    Server,
    ServerMissing,
    VictoriaMetrics,
    find_program,
)

S = TypeVar("S", bound=Server)

SERVER_FIXTURES = {
    "mosquitto",
    "new_mosquitto",
    "influxdb",
    "new_influxdb",
    "victoriametrics",
    "postgresql",
    "chromium",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


def _without(error: ServerMissing) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(str(error), pytrace=False)
    pytest.skip(str(error))


def _started(stack: ExitStack, make: Callable[[], S]) -> S:
    try:
        server = make()
    except ServerMissing as error:
        _without(error)
    stack.callback(server.remove)
    server.start()
    return server


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    """A broker that all tests share: let each use topics of its own."""
    with ExitStack() as stack:
        yield _started(stack, Mosquitto)


@pytest.fixture
def new_mosquitto() -> Iterator[Callable[..., Mosquitto]]:
    """``new_mosquitto(persistence=False)``: a broker of the test's own, to stop and start."""
    with ExitStack() as stack:
        yield lambda **options: _started(stack, lambda: Mosquitto(**options))


@pytest.fixture(scope="session")
def influxdb() -> Iterator[InfluxDB]:
    """An InfluxDB 1.x that all tests share: let each use a database of its own."""
    with ExitStack() as stack:
        yield _started(stack, InfluxDB)


@pytest.fixture
def new_influxdb() -> Iterator[Callable[..., InfluxDB]]:
    """``new_influxdb(auth=False)``: an InfluxDB of the test's own, to stop and start."""
    with ExitStack() as stack:
        yield lambda **options: _started(stack, lambda: InfluxDB(**options))


@pytest.fixture(scope="session")
def victoriametrics() -> Iterator[VictoriaMetrics]:
    """A VictoriaMetrics that all tests share: let each use devices of its own."""
    with ExitStack() as stack:
        yield _started(stack, VictoriaMetrics)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL that all tests share: ``postgresql.new_database()`` is a test's own."""
    with ExitStack() as stack:
        yield _started(stack, PostgreSQL)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real Chromium."""
    try:
        return find_program(["chromium", "chromium-browser", "google-chrome"], "chromium")
    except ServerMissing as error:
        _without(error)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords are hashed by argon2 at its least cost; what it costs is not what tests are for."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cases.people.passwords._ARGON2", cheap)
        yield
