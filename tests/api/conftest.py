"""A small district, with real parts: DuckDB, SQLite or PostgreSQL, and the bus of one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.database import upgrade
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from tests.api.district import District, copied
from tests.api.people import add_accounts
from tests.servers import PostgreSQL


@pytest.fixture(scope="session")
def empty_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case database without cases, to copy; with an account of each role."""
    path = tmp_path_factory.mktemp("cases") / "cases.db"
    upgrade(f"sqlite:///{path}")
    add_accounts(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty_postgresql(postgresql: PostgreSQL) -> str:
    """The same of PostgreSQL."""
    url = postgresql.new_database()
    upgrade(url)
    add_accounts(url)
    return url


EACH_DATABASE = pytest.mark.parametrize(
    "cases_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)], indirect=True
)
"""Marks tests whose district has its cases in SQLite, and once more in PostgreSQL."""


@pytest.fixture
def filing(district: District) -> Filing:
    """What the district's cases are filed by from here on."""
    filing = Filing(standard.load(), calendar.load("Asia/Shanghai"), district.inventory.assets.get)
    district.desk.filing = filing
    return filing


@pytest.fixture
def cases_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A case database of the test's own: SQLite, or what :data:`EACH_DATABASE` asks for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return copied(request.getfixturevalue("empty_cases"), tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database(like=request.getfixturevalue("empty_postgresql"))


@pytest.fixture
def district(tmp_path: Path, cases_url: str) -> Iterator[District]:
    made = District(tmp_path, cases_url)
    yield made
    made.close()
