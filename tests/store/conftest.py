"""Both backends, each with an empty store of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore

OpenStore = Callable[[], ReadingsStore]

_databases = count(1)


@pytest.fixture
def influx_database() -> str:
    """A name that no other test uses."""
    return f"test {next(_databases)}"


@pytest.fixture(params=["duckdb", pytest.param("influxdb", marks=pytest.mark.server)])
def open_store(
    request: pytest.FixtureRequest, tmp_path: Path, influx_database: str
) -> Iterator[OpenStore]:
    """Opens the test's store; called again after a close it opens the same one."""
    opener: OpenStore
    if request.param == "duckdb":
        opener = partial(DuckStore, tmp_path / "readings.duckdb")
    else:
        url = request.getfixturevalue("influxdb").url
        opener = partial(InfluxStore, url, influx_database)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(opener()))


@pytest.fixture
def store(open_store: OpenStore) -> ReadingsStore:
    """An empty store."""
    return open_store()
