"""The spool's SQLite file: its layout, who may write it, and what its errors mean.

WAL with ``synchronous=FULL``: a commit that returned survives a power cut. The service that owns
the file holds a lock file beside it for as long as it runs, so that others may read it, and leave
requests in it, but not take it over.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from pathlib import Path
from typing import IO

from facility.errors import Permanent, Retryable, UsageError

log = logging.getLogger(__name__)

LAYOUT = 2
"""Kept in the file as ``user_version``."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS spool (
    id INTEGER PRIMARY KEY AUTOINCREMENT, readings INTEGER NOT NULL, arrived INTEGER NOT NULL,
    size INTEGER NOT NULL, checksum INTEGER NOT NULL, batch BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT, arrived INTEGER NOT NULL, size INTEGER NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS bursts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, series TEXT NOT NULL, ts INTEGER NOT NULL,
    arrived INTEGER NOT NULL, rate_hz REAL NOT NULL, scale_g REAL NOT NULL, size INTEGER NOT NULL,
    samples BLOB NOT NULL, UNIQUE (series, ts));
CREATE TABLE IF NOT EXISTS ledger (entry TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS retries (quarantined INTEGER PRIMARY KEY);
PRAGMA user_version = {LAYOUT};
"""
TABLES = ("spool", "quarantine", "bursts", "ledger", "retries")

_BUSY_S = 5.0
_LOG_KEEPS = 16 << 20
_MB = 1 << 20
_AWAY = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, not the moment."""
    return _code(error) in _DAMAGED


def meaning(path: Path, error: sqlite3.Error) -> Retryable | Permanent:
    """SQLite's error as one of ours: Retryable where the disk or another process may yield."""
    if _code(error) in _AWAY:
        return Retryable(f"the spool {path} cannot be used just now: {error}")
    if is_damage(error):
        return Permanent(f"the spool {path} is damaged: {error}")
    return Permanent(f"the spool {path}: {error}")


def _code(error: sqlite3.Error) -> int:
    # The low byte is the error, the others say more of it. A few are raised by Python itself.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
    return code & 0xFF


class OtherLayout(sqlite3.DatabaseError):
    """The file is a sound one, but not a spool as this version keeps it."""


class SpoolInUse(UsageError):
    """Another process owns the spool."""


class OwnerLock:
    """Says that one process owns the spool; given up when that process ends, however it does.

    SpoolInUse where another one owns it.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.with_name(path.name + ".lock").open("ab")
        except OSError as error:
            raise UsageError(f"cannot open the spool {path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise SpoolInUse(
                f"another xiuhua ingest uses the spool {path}; stop it, or give this one "
                "a --data-dir or an ingest.client_id of its own"
            ) from None
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """A connection that several threads may use in turn, with its layout in place.

    Raises sqlite3.Error where the file is none, OtherLayout where another version made it.
    """
    mode = "rwc" if create else "rw"
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    db = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        _lay_out(db, create)
    except BaseException:
        db.close()
        raise
    return db


def _lay_out(db: sqlite3.Connection, create: bool) -> None:
    layout = db.execute("PRAGMA user_version").fetchone()[0]
    empty = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0] == 0
    if layout != LAYOUT and not (create and empty):
        raise OtherLayout(f"layout {layout}, not {LAYOUT}")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(f"PRAGMA journal_size_limit={_LOG_KEEPS}")
    if empty:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(_SCHEMA)
    for table in TABLES:
        db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608 (names of ours)


def continue_from(db: sqlite3.Connection, table: str, number: int) -> None:
    """Lets the ids of a table go on behind ``number``, whatever rows it has."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    if row is None:
        db.execute("INSERT INTO sqlite_sequence(name, seq) VALUES (?, ?)", (table, number))
    elif row[0] < number:
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (number, table))


def free_mb(path: Path) -> int:
    """What is left of the disk that ``path`` is on, for those who are not root."""
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize // _MB


def set_aside(path: Path) -> Path:
    """Moves a file that cannot be read to a free name beside it, and tells it."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.replace(aside.with_name(aside.name + suffix))
    return aside
