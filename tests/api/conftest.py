"""A small district, with real parts: DuckDB, SQLite, and the bus of one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.database import upgrade
from tests.api.district import District


@pytest.fixture(scope="session")
def empty_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case database without cases, to copy."""
    path = tmp_path_factory.mktemp("cases") / "cases.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def district(tmp_path: Path, empty_cases: Path) -> Iterator[District]:
    made = District(tmp_path, empty_cases)
    yield made
    made.close()
