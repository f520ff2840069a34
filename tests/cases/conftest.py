"""Each test of the store runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cases.database import upgrade
from cases.desk import Desk


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A case database of the test's own, with its tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/cases.db"
    else:
        url = request.getfixturevalue("postgresql").new_database()
    upgrade(url)
    return url


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
