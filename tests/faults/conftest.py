"""Ingest processes that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rig import Ingest, Source
from tests.servers import Mosquitto


@pytest.fixture
def broker(new_mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """A broker of the test's own that keeps its sessions over a restart."""
    return new_mosquitto(persistence=True)


@pytest.fixture(scope="session")
def source() -> Iterator[Source]:
    """Where the processes come from."""
    with closing(Source()) as source:
        yield source


@pytest.fixture
def new_ingest(
    source: Source, tmp_path: Path, broker: Mosquitto
) -> Iterator[Callable[..., Ingest]]:
    """``new_ingest(name, **options)``: an ingest process, not started yet."""
    with ExitStack() as stack:

        def make(
            name: str,
            *,
            url: str = broker.url,
            folder: Path = tmp_path,
            root: str = "faults",
            **options: Any,
        ) -> Ingest:
            log = tmp_path / f"{name}.log"
            ingest = Ingest(source, folder / name, log, url, name, root, **options)
            stack.callback(ingest.stop)
            return ingest

        yield make
