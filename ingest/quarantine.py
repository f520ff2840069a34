"""The quarantine for a person: what is in it, and another try for what has been repaired since.

Any process may look while ingest runs. A message is tried again by the process that owns the
spool: by ingest where it runs, which picks up requests from the spool's file, else here.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facility.errors import UsageError
from ingest import spool_rows
from ingest.ledger import entries_of, found_under
from ingest.messages import Burst, Decoded, Messages, Quarantined
from ingest.pipeline import Pipeline
from ingest.spool import Spool
from ingest.spool_file import SpoolInUse, connect, meaning

_PATIENCE_S = 10.0
_LOOKS_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Held:
    """A message in quarantine, under its number."""

    id: int
    message: Quarantined


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of another try: ``repaired``, or still there for ``reason``.

    ``waiting`` where ingest has not come to it yet.
    """

    id: int
    repaired: bool = False
    reason: str = ""
    detail: str = ""
    waiting: bool = False


def listed(
    path: Path, *, reason: str | None = None, topic: str = "", limit: int = 100
) -> list[Held]:
    """The newest messages in the quarantine of the spool at ``path``, newest first.

    Only those quarantined for ``reason``, and those whose topic begins with ``topic``.
    """
    with _looking(path) as db:
        return [Held(*row) for row in spool_rows.held(db, reason, topic, limit)]


def shown(path: Path, number: int) -> Held:
    """One message with its bytes. UsageError where there is none of that number."""
    with _looking(path) as db:
        message = spool_rows.quarantined(db, number)
    if message is None:
        raise UsageError(f"no message {number} in quarantine; xiuhua quarantine list has them")
    return Held(number, message)


def bursts(path: Path, series: str, limit: int = 10) -> list[Burst]:
    """The newest captured waveforms of a series, newest first, whoever owns the spool."""
    with _looking(path) as db:
        return spool_rows.bursts(db, series, limit)


def retried(
    path: Path, pipeline: Pipeline, numbers: Sequence[int], patience_s: float = _PATIENCE_S
) -> list[Outcome]:
    """Puts messages through the door again.

    A running ingest does it, with its own pipeline, and is given ``patience_s`` from one to the
    next; where none runs it is done here, and the readings are in the spool for the next ingest.
    """
    try:
        spool = Spool(path)
    except SpoolInUse:
        return _asked_for(path, numbers, patience_s)
    with contextlib.closing(spool):
        for number in numbers:
            message = spool.quarantined(number)
            if message is not None:
                put_through(spool, pipeline, number, message)
    return _outcomes(path, numbers)


def put_through(
    spool: Spool, pipeline: Pipeline, number: int, message: Quarantined
) -> tuple[list[int], Decoded]:
    """Decodes a quarantined message again and notes what came of it: its batches and their ids.

    Retryable where the spool cannot take it.
    """
    decoded = pipeline.decode(Messages([message.topic], [message.payload], [message.arrived]))
    ids = spool.try_again(number, decoded, entries_of(decoded), found_under(message))
    return ids, decoded


def _asked_for(path: Path, numbers: Sequence[int], patience_s: float) -> list[Outcome]:
    with _looking(path) as db:
        db.executemany("INSERT OR IGNORE INTO retries VALUES (?)", [(n,) for n in numbers])
        left, deadline = len(numbers), time.monotonic() + patience_s
        while left and time.monotonic() < deadline:
            time.sleep(_LOOKS_EVERY_S)
            now = db.execute("SELECT COUNT(*) FROM retries").fetchone()[0]
            if now < left:
                left, deadline = now, time.monotonic() + patience_s
    return _outcomes(path, numbers)


def _outcomes(path: Path, numbers: Sequence[int]) -> list[Outcome]:
    outcomes = []
    with _looking(path) as db:
        for number in numbers:
            message = spool_rows.quarantined(db, number)
            if message is None:
                outcomes.append(Outcome(number, repaired=True))
                continue
            asked = db.execute("SELECT 1 FROM retries WHERE quarantined = ?", (number,)).fetchone()
            waiting = asked is not None
            outcomes.append(Outcome(number, False, message.reason, message.detail, waiting))
    return outcomes


@contextlib.contextmanager
def _looking(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection beside the owner's. UsageError where there is no spool."""
    if not path.exists():
        raise UsageError(f"no spool {path}: name the data directory of ingest with --data-dir")
    try:
        with contextlib.closing(connect(path, create=False)) as db:
            yield db
    except sqlite3.Error as error:
        raise meaning(path, error) from None
