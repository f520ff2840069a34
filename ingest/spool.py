"""The spool: where a message is safe before it is acknowledged.

One SQLite file (WAL, ``synchronous=FULL``): a row a batch, the quarantine, and the ledger. What
became of some messages is committed as one transaction, so the books balance after any crash:
received = stored + quarantined + refused + in the spool.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facility import wire
from facility.errors import Permanent, Retryable, UsageError
from facility.readings import Names, ReadingBatch
from ingest.messages import Quarantined

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (
    id INTEGER PRIMARY KEY AUTOINCREMENT, readings INTEGER NOT NULL, batch BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT, arrived INTEGER NOT NULL, topic TEXT NOT NULL,
    payload BLOB NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ledger (entry TEXT PRIMARY KEY, count INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A batch in the spool."""

    id: int
    batch: ReadingBatch


class Spool:
    """The spool at ``path``. Two threads may use it: one appends, one drains."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(
                    f"another xiuhua ingest uses the spool {path}; stop it, or give this one "
                    "a --data-dir of its own"
                ) from None
            raise UsageError(f"cannot open the spool {path}: {error}") from None
        except (sqlite3.DatabaseError, OSError) as error:
            raise UsageError(f"cannot open the spool {path}: {error}") from None

    def append(
        self,
        batches: Sequence[ReadingBatch],
        quarantined: Sequence[Quarantined],
        entries: Mapping[str, int],
    ) -> list[int]:
        """Makes it all durable at once; the ids of the batches.

        Retryable where the disk is full or fails: then nothing of it is kept.
        """
        with self._transaction() as db:
            ids = []
            for batch in batches:
                row = (len(batch), wire.pack(batch))
                ids.append(db.execute("INSERT INTO spool(readings, batch) VALUES (?, ?)", row))
            db.executemany(
                "INSERT INTO quarantine(arrived, topic, payload, reason, detail)"
                " VALUES (?, ?, ?, ?, ?)",
                [(q.arrived, q.topic, q.payload, q.reason, q.detail) for q in quarantined],
            )
            _add(db, entries)
        return [cursor.lastrowid or 0 for cursor in ids]

    def next(self, after: int, limit: int, names: Names) -> list[Spooled]:
        """The next batches behind id ``after``, oldest first, of about ``limit`` readings.

        A batch that cannot be read any more is reported, counted as refused, and passed over.
        """
        with self._lock:
            rows = self._db.execute(
                "SELECT id, readings, batch FROM spool WHERE id > ? ORDER BY id LIMIT 100", (after,)
            )
            found: list[Spooled] = []
            damaged: list[tuple[int, int]] = []
            total = 0
            for spool_id, readings, data in rows:
                try:
                    found.append(Spooled(spool_id, wire.unpack(data, names)))
                except ValueError:
                    damaged.append((spool_id, readings))
                total += readings
                if total >= limit:
                    break
        for spool_id, readings in damaged:
            log.error("spool batch %d with %d readings is damaged and lost", spool_id, readings)
            self.settle([spool_id], [], {"refused:damaged": readings})
        return found

    def settle(
        self, ids: Sequence[int], refused: Sequence[Quarantined], entries: Mapping[str, int]
    ) -> None:
        """Takes batches out that are stored; what the store refused of them goes to quarantine."""
        with self._transaction() as db:
            db.executemany("DELETE FROM spool WHERE id = ?", [(i,) for i in ids])
            db.executemany(
                "INSERT INTO quarantine(arrived, topic, payload, reason, detail)"
                " VALUES (?, ?, ?, ?, ?)",
                [(q.arrived, q.topic, q.payload, q.reason, q.detail) for q in refused],
            )
            _add(db, entries)

    def ledger(self) -> Counter[str]:
        """The books, since the spool was made: entry → count; ``in_spool`` is counted afresh."""
        with self._lock:
            books = Counter(dict(self._db.execute("SELECT entry, count FROM ledger")))
            row = self._db.execute("SELECT COUNT(*), SUM(readings) FROM spool").fetchone()
        books["in_spool"] = row[1] or 0
        return books

    def close(self) -> None:
        """Closes the file; everything in it is durable already."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                self._roll_back()
                raise Retryable(f"the spool {self._path} cannot be written: {error}") from error
            except sqlite3.DatabaseError as error:
                self._roll_back()
                raise Permanent(f"the spool {self._path} is damaged: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _add(db: sqlite3.Connection, entries: Mapping[str, int]) -> None:
    db.executemany(
        "INSERT INTO ledger VALUES (?, ?) ON CONFLICT(entry) DO UPDATE SET count = count + ?",
        [(entry, count, count) for entry, count in entries.items() if count],
    )
