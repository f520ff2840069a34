"""The case database: SQLite inside one machine, PostgreSQL in production.

Writers go one after another (SQLite's write lock; an advisory lock on PostgreSQL). So what a
writer reads is what it changes, and event numbers become visible in their order: who has seen
number n will never be shown a smaller one later. Cases are few; readings are stored elsewhere.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url

from facility.errors import Permanent, Retryable, UsageError, without_secret

BUSY_MS = 10_000
"""How long a writer waits for the one before it."""

_WRITERS = 0x58494855
"""The number of the advisory lock that PostgreSQL writers take."""

_ANALYZED = 1_000
"""Rows of each index that are looked at; SQLite's manual proposes 100 to 1,000."""

_BEGIN = "xiuhua_begin"
"""The execution option that says how SQLite starts a connection's transaction."""


def connect(url: str) -> Engine:
    """An engine for ``sqlite:///PATH`` or ``postgresql://USER@HOST/NAME``; opens nothing yet.

    Raises UsageError where the URL is of neither.
    """
    parsed = _parse(url)
    options: dict[str, Any] = {
        "json_serializer": _to_json,
        "json_deserializer": msgspec.json.decode,
    }
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, **options, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        parsed,
        **options,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={"connect_timeout": 5},
    )


def upgrade(url: str) -> None:
    """Brings the database up to this version's tables; does nothing where it is.

    Safe where several services start at once. Raises Retryable where the database is away,
    UsageError where it was made by a newer version.
    """
    engine = connect(url)
    config = Config()
    config.set_main_option("script_location", "cases:migrations")
    config.set_main_option("path_separator", "os")
    try:
        if engine.dialect.name == "sqlite":
            _log_ahead(engine)
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise UsageError(
            f"the case database {_name(engine)} does not fit this version of Xiuhua ({error}); "
            "install the version that made it, or a newer one"
        ) from error
    finally:
        engine.dispose()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database."""
    with _translated(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """The one transaction that writes now: committed at the end, or not at all."""
    writer = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
    with _translated(engine), writer.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
        yield connection


def analyze(engine: Engine) -> None:
    """Counts anew how the rows of each index are spread, by which SQLite chooses between indexes.

    A few milliseconds, for it looks at some rows only. PostgreSQL does so by itself.
    """
    if engine.dialect.name != "sqlite":
        return
    with writing(engine) as connection:
        connection.exec_driver_sql(f"PRAGMA analysis_limit={_ANALYZED}")
        connection.exec_driver_sql("ANALYZE")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except exc.ArgumentError as error:
        raise UsageError(
            f"not a database URL: {without_secret(url)!r}; write sqlite:///PATH or postgresql://USER@HOST/NAME"
        ) from error
    if backend == "sqlite":
        return parsed
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise UsageError(f"cases are kept in sqlite or postgresql, not in {backend!r}")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must leave BEGIN to us: on its own it starts a transaction too late.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _log_ahead(engine: Engine) -> None:
    """Makes the file keep a write-ahead log, so that readers and the writer do not wait.

    It stays so. While another process does the same SQLite refuses at once, without waiting.
    """
    deadline = time.monotonic() + BUSY_MS / 1000
    with _translated(engine):
        while True:
            try:
                with engine.execution_options(**{_BEGIN: ""}).connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            except exc.OperationalError as error:
                busy = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes must take the write lock at its start: taking it
    # later fails, however long the time-out, when another has written in between.
    if begin := connection.get_execution_options().get(_BEGIN, "BEGIN"):
        connection.exec_driver_sql(begin)


def _to_json(value: Any) -> str:
    """JSON of evidence and members; NaN becomes null, numpy's numbers become numbers."""
    return msgspec.json.encode(value, enc_hook=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"cannot be kept as JSON: {type(value).__name__}")


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    """Says of what the database raises whether trying again can help."""
    try:
        yield
    except exc.TimeoutError as error:
        raise Retryable(f"the case database {_name(engine)} is too busy") from error
    except exc.DBAPIError as error:
        line = str(error.orig).strip().partition("\n")[0]
        if _may_pass(error):
            raise Retryable(f"the case database {_name(engine)} is away: {line}") from error
        raise Permanent(f"the case database {_name(engine)} refuses: {line}") from error


def _may_pass(error: exc.DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.OperationalError):
        # SQLITE_ERROR is a wrong statement; busy, full, unreadable, not to be opened can pass.
        return error.orig.sqlite_errorcode != sqlite3.SQLITE_ERROR
    return error.connection_invalidated or isinstance(
        error, exc.OperationalError | exc.InterfaceError
    )


def _name(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
