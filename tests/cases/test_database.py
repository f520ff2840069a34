"""The database itself: migrations, and what happens when it is not there."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from cases.database import connect, reading, upgrade, writing
from cases.desk import Desk
from cases.schema import metadata
from facility.errors import Permanent, Retryable, UsageError
from tests.cases.made import opened
from tests.servers import PostgreSQL, free_port


def test_the_migrations_make_the_tables_that_the_schema_declares(url: str) -> None:
    engine = connect(url)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_upgrading_again_keeps_the_cases(url: str) -> None:
    with closing(Desk(url)) as desk:
        desk.record([opened(1, "c1")])
    upgrade(url)
    with closing(Desk(url)) as desk:
        assert [case.id for case in desk.unclosed()] == ["c1"]


def test_services_that_start_together_upgrade_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    failed: list[Exception] = []

    def start() -> None:
        try:
            upgrade(url)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with closing(Desk(url)) as desk:
        assert desk.counts()["open"] == 0


def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(UsageError, match="newer"):
        upgrade(url)


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cases.db"
    upgrade(url)
    engine = connect(url)
    with reading(engine) as connection:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        found = {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}
    engine.dispose()
    assert found == wanted


def test_the_clerk_lets_sqlite_know_how_its_rows_are_spread(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    desk = Desk(url)
    desk.record([opened(1, "c1")])
    desk.tidy()
    engine = connect(url)
    with reading(engine) as connection:
        known = connection.execute(text("SELECT idx FROM sqlite_stat1 WHERE tbl = 'cases'"))
        assert "sqlite_autoindex_cases_1" in set(known.scalars())
    engine.dispose()
    desk.close()


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"nowhere.*unable to open") as caught:
        upgrade(f"sqlite:///{tmp_path}/nowhere/cases.db")
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_one_clear_line_without_the_password() -> None:
    with pytest.raises(Retryable, match="is away") as caught:
        upgrade(f"postgresql://xiuhua:secret@127.0.0.1:{free_port()}/cases")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "cases.db", "mysql://x/y", "oracle+nonsense://x"])
def test_a_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        upgrade(url)


def test_a_database_without_tables_is_not_worth_another_try(tmp_path: Path) -> None:
    with (
        closing(Desk(f"sqlite:///{tmp_path}/empty.db")) as desk,
        pytest.raises(Permanent, match="no such table"),
    ):
        desk.counts()


def test_a_file_that_is_no_database_is_not_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "cases.db").write_bytes(b"not a database" * 100)
    with pytest.raises(Permanent, match="not a database"):
        upgrade(f"sqlite:///{tmp_path}/cases.db")


def test_a_locked_database_is_worth_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/cases.db"
    upgrade(url)
    monkeypatch.setattr("cases.database.BUSY_MS", 50)
    desk = Desk(url)
    other = sqlite3.connect(tmp_path / "cases.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retryable, match="locked"):
        desk.record([opened(1, "c1")])
    other.execute("ROLLBACK")
    other.close()
    assert desk.record([opened(1, "c1")]) == 1
    desk.close()


def test_a_desk_works_on_after_its_connections_were_cut(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    upgrade(url)
    desk = Desk(url)
    desk.record([opened(1, "c1")])
    engine = connect(url)
    with reading(engine) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
    assert desk.record([opened(2, "c2")]) == 1
    desk.close()
