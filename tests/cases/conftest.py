"""Each test of the store runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cases.database import upgrade
from cases.desk import Desk
from tests.servers import PostgreSQL


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has its tables, to copy: making them anew each time takes longer."""
    path = tmp_path_factory.mktemp("tables") / "cases.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_tables(postgresql: PostgreSQL) -> str:
    """The same of PostgreSQL."""
    url = postgresql.new_database()
    upgrade(url)
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A case database of the test's own, with its tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_tables"), tmp_path / "cases.db")
        return f"sqlite:///{tmp_path}/cases.db"
    tables: str = request.getfixturevalue("postgresql_tables")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database(like=tables)


@pytest.fixture
def open_desk(url: str) -> Iterator[Callable[[], Desk]]:
    """``open_desk()``: one more desk on the test's database."""
    desks: list[Desk] = []

    def open_one() -> Desk:
        desks.append(Desk(url))
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[[], Desk]) -> Desk:
    return open_desk()
