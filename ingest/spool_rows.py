"""The statements of a spool's tables; each runs inside a transaction, or reading, of its caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from ingest.messages import Burst, Quarantined

_QUARANTINED = "arrived, topic, payload, reason, detail"
_BURST = "series, ts, arrived, rate_hz, scale_g, samples"


def waiting(db: sqlite3.Connection) -> tuple[int, int]:
    """Readings and bytes in the spool."""
    readings, size = db.execute("SELECT TOTAL(readings), TOTAL(size) FROM spool").fetchone()
    return int(readings), int(size)


def size_of(db: sqlite3.Connection, table: str) -> int:
    """Bytes that a bounded table holds."""
    return int(db.execute(f"SELECT TOTAL(size) FROM {table}").fetchone()[0])  # noqa: S608


def drop_oldest(db: sqlite3.Connection, table: str, over: int) -> tuple[int, int]:
    """Drops the oldest rows that together have ``over`` bytes; how many rows and bytes it were."""
    rows = size = last = 0
    for number, one in db.execute(f"SELECT id, size FROM {table} ORDER BY id"):  # noqa: S608
        rows, size, last = rows + 1, size + one, number
        if size >= over:
            break
    db.execute(f"DELETE FROM {table} WHERE id <= ?", (last,))  # noqa: S608
    return rows, size


def add_quarantined(db: sqlite3.Connection, quarantined: Sequence[Quarantined]) -> int:
    """Puts messages into quarantine; their bytes."""
    db.executemany(
        f"INSERT INTO quarantine({_QUARANTINED}, size) VALUES (?,?,?,?,?,?)",  # noqa: S608
        [
            (one.arrived, one.topic, one.payload, one.reason, one.detail, _size(one))
            for one in quarantined
        ],
    )
    return sum(map(_size, quarantined))


def remove_quarantined(db: sqlite3.Connection, number: int) -> int:
    """Takes a message out of quarantine; its bytes."""
    row = db.execute("DELETE FROM quarantine WHERE id = ? RETURNING size", (number,)).fetchone()
    return row[0] if row else 0


def give_reason(db: sqlite3.Connection, number: int, now: Quarantined) -> None:
    """Writes down why a message is in quarantine now."""
    db.execute(
        "UPDATE quarantine SET reason = ?, detail = ? WHERE id = ?",
        (now.reason, now.detail, number),
    )


def requested(db: sqlite3.Connection, limit: int) -> list[tuple[int, Quarantined]]:
    """Messages to be tried again; a request for one that is gone is forgotten."""
    rows = db.execute("SELECT quarantined FROM retries LIMIT ?", (limit,)).fetchall()
    found = []
    for (number,) in rows:
        one = quarantined(db, number)
        if one is None:
            db.execute("DELETE FROM retries WHERE quarantined = ?", (number,))
        else:
            found.append((number, one))
    return found


def held(
    db: sqlite3.Connection, reason: str | None, topic: str, limit: int
) -> list[tuple[int, Quarantined]]:
    """The newest messages that fit, with their ids, newest first."""
    rows = db.execute(
        f"SELECT id, {_QUARANTINED} FROM quarantine"  # noqa: S608
        " WHERE (?1 IS NULL OR reason = ?1) AND substr(topic, 1, length(?2)) = ?2"
        " ORDER BY id DESC LIMIT ?3",
        (reason, topic, limit),
    )
    return [(row[0], Quarantined(*row[1:])) for row in rows]


def quarantined(db: sqlite3.Connection, number: int) -> Quarantined | None:
    """One message of the quarantine."""
    row = db.execute(f"SELECT {_QUARANTINED} FROM quarantine WHERE id = ?", (number,)).fetchone()  # noqa: S608
    return Quarantined(*row) if row else None


def add_bursts(db: sqlite3.Connection, bursts: Sequence[Burst]) -> int:
    """Keeps waveforms; the bytes that came to it. One received again takes the place of itself."""
    size = 0
    for one in bursts:
        row = (one.series, one.ts, one.arrived, one.rate_hz, one.scale_g, one.samples)
        before = db.execute(
            "DELETE FROM bursts WHERE series = ? AND ts = ? RETURNING size", row[:2]
        ).fetchone()
        db.execute(
            f"INSERT INTO bursts({_BURST}, size) VALUES (?,?,?,?,?,?,?)",  # noqa: S608
            (*row, len(one.samples)),
        )
        size += len(one.samples) - (before[0] if before else 0)
    return size


def bursts(db: sqlite3.Connection, series: str, limit: int) -> list[Burst]:
    """The newest waveforms of a series, newest first."""
    rows = db.execute(
        f"SELECT {_BURST} FROM bursts WHERE series = ? ORDER BY ts DESC LIMIT ?",  # noqa: S608
        (series, limit),
    )
    return [Burst(*row) for row in rows]


def add_entries(db: sqlite3.Connection, entries: Mapping[str, int]) -> None:
    """Adds to the ledger."""
    db.executemany(
        "INSERT INTO ledger VALUES (?, ?) ON CONFLICT(entry) DO UPDATE SET count = count + ?",
        [(entry, count, count) for entry, count in entries.items() if count],
    )


def _size(one: Quarantined) -> int:
    return len(one.payload) + len(one.topic) + len(one.detail) + 64
