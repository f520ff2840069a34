"""What can be saved of a damaged spool: row by row, into a new file that takes its place.

A damaged page costs what stood on it. The damaged file is kept under another name, and the books
of the new one balance: what was received and cannot be found is entered as ``refused:damaged``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections import Counter
from pathlib import Path

from ingest.ledger import REFUSED, balance, total
from ingest.spool_file import OtherLayout, connect, continue_from, is_damage, set_aside

log = logging.getLogger(__name__)

_GIVES_UP_AFTER = 10_000
"""Rows missing one after another that end the search for older ones."""

_COLUMNS = {
    "spool": "id, readings, arrived, size, checksum, batch",
    "quarantine": "id, arrived, size, reason, detail, topic, payload",
    "bursts": "id, series, ts, arrived, rate_hz, scale_g, size, samples",
}


def open_sound(path: Path) -> sqlite3.Connection:
    """Opens the spool at ``path``, whatever state it is in, and tells what that cost.

    Raises sqlite3.Error where the disk or another process is in the way.
    """
    _finish(path)
    try:
        return connect(path)
    except OtherLayout as error:
        aside = set_aside(path)
        log.error("the spool %s is of %s; it is kept as %s", path, error, aside.name)
        return connect(path)
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
    return salvage(path)


def salvage(path: Path) -> sqlite3.Connection:
    """Replaces the damaged spool at ``path``, which nothing has open, by what can be read of it."""
    saved = path.with_name(path.name + ".saving")
    saved.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
            report = _copy(old, saved)
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        saved.unlink(missing_ok=True)
        aside = set_aside(path)
        log.error(
            "the spool %s cannot be read (%s); it is kept as %s and a new one is started: what "
            "waited in it is not stored, and the ledger begins anew",
            *(path, error, aside.name),
        )
        return connect(path)
    saved.replace(path.with_name(path.name + ".saved"))
    log.error("the spool %s was damaged; it is kept as %s: %s", path, _finish(path), report)
    return connect(path)


def _finish(path: Path) -> str:
    """Puts a saved file into the place of the damaged one; after a crash, at the next start."""
    saved = path.with_name(path.name + ".saved")
    if not saved.exists():
        return ""
    aside = set_aside(path).name if path.exists() else ""
    # Frames of the old file's log would be taken for the new one's.
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    saved.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return aside


def _copy(old: sqlite3.Connection, saved: Path) -> str:
    """Copies every row that can be read; what was lost, in words."""
    old.execute("SELECT 1 FROM sqlite_master").fetchall()  # a destroyed header ends it here
    with contextlib.closing(connect(saved)) as new:
        new.execute("BEGIN")
        kept = {table: _copy_rows(old, new, table) for table in _COLUMNS}
        books = _books(old, new)
        lost = balance(books)
        books["refused:damaged"] += max(lost, 0)
        books["received"] += max(-lost, 0)
        quarantined = (
            total(books, "quarantined") + books["refused:store"] - total(books, "forgotten")
        )
        books["forgotten:damaged"] += max(0, quarantined - kept["quarantine"])
        del books["in_spool"]
        new.executemany("INSERT INTO ledger VALUES (?, ?)", list((+books).items()))
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return f"{max(lost, 0)} readings are lost; {kept['spool']} batches were saved"


def _copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    """Copies a table from its newest row back: a page in between does not end the search."""
    columns = _COLUMNS[table]
    places = ", ".join("?" * (columns.count(",") + 1))
    read = f"SELECT {columns} FROM {table} WHERE id = ?"  # noqa: S608 (our own names)
    write = f"INSERT OR IGNORE INTO {table}({columns}) VALUES ({places})"  # noqa: S608
    newest = old.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    number = newest[0] if newest else 0
    kept = missing = 0
    while number > 0 and missing < _GIVES_UP_AFTER:
        row = None
        with contextlib.suppress(sqlite3.DatabaseError):
            row = old.execute(read, (number,)).fetchone()
        missing = missing + 1 if row is None else 0
        if row is not None:
            kept += new.execute(write, row).rowcount
        number -= 1
    continue_from(new, table, newest[0] if newest else 0)
    return kept


def _books(old: sqlite3.Connection, new: sqlite3.Connection) -> Counter[str]:
    """The old ledger with the new spool; where it cannot be read, one that starts from the rows."""
    books: Counter[str] = Counter()
    waiting = new.execute("SELECT TOTAL(readings) FROM spool").fetchone()[0]
    try:
        books.update(dict(old.execute("SELECT entry, count FROM ledger").fetchall()))
    except sqlite3.DatabaseError:
        log.error("the spool's ledger cannot be read; it begins anew")
        for reason, count in new.execute("SELECT reason, COUNT(*) FROM quarantine GROUP BY 1"):
            books["refused:store" if reason == REFUSED else f"quarantined:{reason}"] += count
            books["received"] += count
        books["received"] += int(waiting)
    books["in_spool"] = int(waiting)
    return books
