"""A small district, with real parts: DuckDB, SQLite, and the bus of one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.database import upgrade
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from tests.api.district import District
from tests.api.people import add_accounts


@pytest.fixture(scope="session")
def empty_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case database without cases, to copy; with an account of each role."""
    path = tmp_path_factory.mktemp("cases") / "cases.db"
    upgrade(f"sqlite:///{path}")
    add_accounts(f"sqlite:///{path}")
    return path


@pytest.fixture
def filing(district: District) -> Filing:
    """What the district's cases are filed by from here on."""
    filing = Filing(standard.load(), calendar.load("Asia/Shanghai"), district.inventory.assets.get)
    district.desk.filing = filing
    return filing


@pytest.fixture
def district(tmp_path: Path, empty_cases: Path) -> Iterator[District]:
    made = District(tmp_path, empty_cases)
    yield made
    made.close()
