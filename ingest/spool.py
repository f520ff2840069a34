"""The spool: where a message is safe before it is acknowledged.

One SQLite file: a row a batch, the quarantine, the captured waveforms, and the ledger. What became
of some messages is committed as one transaction, so the books balance after any crash:
received = stored + quarantined + refused + in the spool.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facility import wire
from facility.errors import Permanent, Retryable, UsageError
from facility.readings import Names, ReadingBatch
from ingest import spool_rows
from ingest.messages import Burst, Decoded, Quarantined
from ingest.salvage import open_sound, salvage
from ingest.spool_file import OwnerLock, continue_from, free_mb, is_damage, meaning

log = logging.getLogger(__name__)

_MB = 1 << 20
_BATCHES_AT_ONCE = 2_000
_ROOM_AGAIN = 0.95
"""Of the limit: below that a full spool takes in again."""


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """What a spool may take, in MB; ``min_free_mb`` is left of its disk for others."""

    spool_max_mb: float = 4096
    min_free_mb: float = 256
    quarantine_max_mb: float = 256
    bursts_max_mb: float = 1024


class SpoolFull(Retryable):
    """The spool or its disk is at the limit: nothing may be acknowledged until there is room."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A batch in the spool."""

    id: int
    batch: ReadingBatch


class Spool:
    """The spool at ``path``, owned by this process. Several threads may use it.

    Methods raise Retryable where the disk is full or fails: then nothing of the call was kept. A
    damaged file is saved as far as it can be read, at the start and whenever damage is met.
    """

    def __init__(self, path: Path, limits: SpoolLimits | None = None) -> None:
        self._path = path
        self._limits = limits or SpoolLimits()
        self._lock = threading.Lock()
        self._last_id = 0
        self._owner = OwnerLock(path)
        try:
            self._open(open_sound(path))
        except (sqlite3.Error, OSError) as error:
            self._owner.release()
            raise UsageError(f"cannot open the spool {path}: {error}") from None

    def append(self, decoded: Decoded, entries: Mapping[str, int]) -> list[int]:
        """Makes it all durable at once; the ids of the batches. SpoolFull at the limit."""
        with self._transaction() as change:
            ids = self._add(change, decoded)
            change.books.update(entries)
        return ids

    def next(self, after: int, limit: int, names: Names) -> list[Spooled]:
        """The next batches behind id ``after``, oldest first, of about ``limit`` readings.

        A batch that is damaged is reported, counted as refused, and passed over.
        """
        found: list[Spooled] = []
        damaged: dict[int, int] = {}
        with self._reading() as db:
            total = 0
            for spool_id, readings, checksum, data in db.execute(
                "SELECT id, readings, checksum, batch FROM spool WHERE id > ? ORDER BY id LIMIT ?",
                (after, _BATCHES_AT_ONCE),
            ):
                batch = _unpacked(data, checksum, names)
                if batch is None:
                    damaged[spool_id] = readings
                else:
                    found.append(Spooled(spool_id, batch))
                total += readings
                if total >= limit:
                    break
        for spool_id, readings in damaged.items():
            log.error("spool batch %d with %d readings is damaged and lost", spool_id, readings)
        if damaged:
            self.settle(list(damaged), [], {"refused:damaged": sum(damaged.values())})
            return found or self.next(max(damaged), limit, names)
        return found

    def settle(
        self, ids: Sequence[int], refused: Sequence[Quarantined], entries: Mapping[str, int]
    ) -> None:
        """Takes batches out that are stored; what the store refused of them goes to quarantine."""
        with self._transaction() as change:
            for spool_id in ids:
                removed = change.db.execute(
                    "DELETE FROM spool WHERE id = ? RETURNING readings, size", (spool_id,)
                ).fetchone()
                if removed:
                    change.readings -= removed[0]
                    change.size -= removed[1]
            change.quarantined += spool_rows.add_quarantined(change.db, refused)
            change.books.update(entries)

    def quarantined(self, number: int) -> Quarantined | None:
        """A message in quarantine."""
        with self._reading() as db:
            return spool_rows.quarantined(db, number)

    def requests(self, limit: int) -> list[tuple[int, Quarantined]]:
        """Quarantined messages that somebody asked to try again, with their ids."""
        with self._reading() as db:
            return spool_rows.requested(db, limit)

    def try_again(
        self, quarantined_id: int, decoded: Decoded, entries: Mapping[str, int], found: str
    ) -> list[int]:
        """Notes what a quarantined message was decoded to; the ids of the batches.

        With readings it leaves the quarantine; without, it stays, for the reason it has now.
        ``entries`` are the ledger's for ``decoded``, ``found`` the entry it was counted under.
        """
        ids: list[int] = []
        with self._transaction() as change:
            change.db.execute("DELETE FROM retries WHERE quarantined = ?", (quarantined_id,))
            if decoded.batches:
                ids = self._add(change, decoded)
                change.quarantined -= spool_rows.remove_quarantined(change.db, quarantined_id)
                change.books.update(entries)
                change.books.update({"received": -1, found: -1, "repaired": 1})
            elif len(decoded.quarantined) == 1:
                (now,) = decoded.quarantined
                spool_rows.give_reason(change.db, quarantined_id, now)
                change.books[found] -= 1
                change.books[f"quarantined:{now.reason}"] += 1
        return ids

    def bursts(self, series: str, limit: int) -> list[Burst]:
        """The newest captured waveforms of a series, newest first."""
        with self._reading() as db:
            return spool_rows.bursts(db, series, limit)

    def ledger(self) -> Counter[str]:
        """The books since the spool was made: entry → count, with ``in_spool``, at this moment."""
        with self._lock:
            books = Counter(self._books)
            books["in_spool"] = self._readings
            return books

    def oldest(self) -> int | None:
        """When the reading that waits longest arrived (ms); None where none waits."""
        with self._reading() as db:
            row = db.execute("SELECT arrived FROM spool ORDER BY id LIMIT 1").fetchone()
        return row[0] if row else None

    @property
    def size(self) -> int:
        """Bytes of the batches that wait."""
        return self._size

    def check_room(self) -> None:
        """SpoolFull unless there is clearly room again; Retryable where the disk cannot be
        written."""
        self._refuse_if_full(0, _ROOM_AGAIN)
        with self._transaction() as change:
            version = change.db.execute("PRAGMA user_version").fetchone()[0]
            change.db.execute(f"PRAGMA user_version = {version}")

    def close(self) -> None:
        """Closes the file; everything in it is durable already."""
        with self._lock:
            self._db.close()
            self._owner.release()

    def _add(self, change: _Change, decoded: Decoded) -> list[int]:
        packed = [(batch, wire.pack(batch)) for batch in decoded.batches]
        size = sum(len(data) for _, data in packed)
        self._refuse_if_full(size)
        ids = []
        for batch, data in packed:
            row = (len(batch), int(batch.arrived.min()), len(data), zlib.crc32(data), data)
            cursor = change.db.execute(
                "INSERT INTO spool(readings, arrived, size, checksum, batch) VALUES (?,?,?,?,?)",
                row,
            )
            ids.append(cursor.lastrowid or 0)
            change.readings += len(batch)
        change.size += size
        change.quarantined += spool_rows.add_quarantined(change.db, decoded.quarantined)
        change.bursts += spool_rows.add_bursts(change.db, decoded.bursts)
        return ids

    def _refuse_if_full(self, coming: int, share: float = 1.0) -> None:
        limit = int(self._limits.spool_max_mb * _MB * share)
        # One commit always fits into an empty spool, however small the limit.
        if self._size and self._size + coming > limit:
            raise SpoolFull(
                f"the spool has reached its {self._limits.spool_max_mb:g} MB (ingest.spool_max_mb)"
            )
        if (free := free_mb(self._path)) < self._limits.min_free_mb / share:
            raise SpoolFull(
                f"{free} MB are left of the disk of {self._path.parent}, "
                f"under {self._limits.min_free_mb:g} MB (ingest.min_free_mb)"
            )

    def _open(self, db: sqlite3.Connection) -> None:
        """Takes up what the file holds."""
        try:
            self._take_up(db)
        except sqlite3.Error as error:
            db.close()
            if not is_damage(error):
                raise
            db = salvage(self._path)
            self._take_up(db)
        self._db = db

    def _take_up(self, db: sqlite3.Connection) -> None:
        continue_from(db, "spool", self._last_id)
        self._books = Counter(dict(db.execute("SELECT entry, count FROM ledger")))
        self._readings, self._size = spool_rows.waiting(db)
        self._quarantined = spool_rows.size_of(db, "quarantine")
        self._bursts = spool_rows.size_of(db, "bursts")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise self._explained(error) from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[_Change]:
        """All of it durable, or nothing; the figures kept in memory follow."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                change = _Change(self._db)
                yield change
                self._keep_bounds(change)
                spool_rows.add_entries(self._db, change.books)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._explained(error) from error
            except BaseException:
                self._roll_back()
                raise
            self._books.update(change.books)
            self._readings += change.readings
            self._size += change.size
            self._quarantined += change.quarantined
            self._bursts += change.bursts

    def _keep_bounds(self, change: _Change) -> None:
        """Drops the oldest of what has outgrown its bound."""
        limits = self._limits
        over = int(self._quarantined + change.quarantined - limits.quarantine_max_mb * _MB)
        if over > 0:
            rows, size = spool_rows.drop_oldest(change.db, "quarantine", over)
            change.quarantined -= size
            change.books["forgotten:bound"] += rows
        over = int(self._bursts + change.bursts - limits.bursts_max_mb * _MB)
        if over > 0:
            change.bursts -= spool_rows.drop_oldest(change.db, "bursts", over)[1]

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _explained(self, error: sqlite3.Error) -> Retryable | Permanent:
        """SQLite's error as one of ours; a damaged file is replaced by what can be saved of it."""
        if not is_damage(error):
            with contextlib.suppress(sqlite3.Error):  # room in the log may be all that is lacking
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return meaning(self._path, error)
        row = None
        with contextlib.suppress(sqlite3.Error):
            row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name='spool'").fetchone()
        self._last_id = max(self._last_id, row[0] if row else 0)
        with contextlib.suppress(sqlite3.Error):
            self._db.close()
        try:
            self._open(salvage(self._path))
        except (sqlite3.Error, OSError) as worse:
            return Permanent(f"the damaged spool {self._path} cannot be saved: {worse}")
        return Retryable(f"the spool {self._path} was damaged, and is mended")


def _unpacked(data: bytes, checksum: int, names: Names) -> ReadingBatch | None:
    """The batch, None where it is not what was written."""
    if zlib.crc32(data) != checksum:
        return None
    try:
        return wire.unpack(data, names)
    except ValueError:
        return None


class _Change:
    """What one transaction changes of the figures that are kept in memory."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.books: Counter[str] = Counter()
        self.readings = 0
        self.size = 0
        self.quarantined = 0
        self.bursts = 0
