"""The writer: drains the spool into the readings store, behind the door's back.

While it keeps up, batches reach it in memory; when it falls behind, or after a restart, it reads
them from the spool. A store that is away costs nothing but disk.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Sequence

import numpy as np

from facility.background import Loop
from facility.errors import Permanent, Retryable
from facility.measurements import MEASUREMENTS
from facility.readings import Names, ReadingBatch, concatenate
from facility.store.base import ReadingsStore, Verdict
from ingest.messages import Quarantined
from ingest.spool import Spool, Spooled

log = logging.getLogger(__name__)

_AT_ONCE = 20_000
"""Readings written at once."""

_IN_MEMORY = 100_000
"""Readings waiting in memory; past that they are read from the spool when their turn comes."""

_LONGEST_WAIT_S = 30.0


class Writer:
    """Takes batches in the order of the spool and settles them once the store has them."""

    def __init__(self, spool: Spool, store: ReadingsStore) -> None:
        self._spool = spool
        self._store = store
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._queue: deque[Spooled] = deque()
        self._queued = 0
        self._last = 0
        self._from_disk = True
        self._wait_s = 0.0
        self.problem = ""
        self.loop = Loop("writer", self._step)

    def offer(self, ids: Sequence[int], batches: Sequence[ReadingBatch]) -> None:
        """Batches that are in the spool by now, with their ids."""
        with self._ready:
            for spool_id, batch in zip(ids, batches, strict=True):
                if self._from_disk or spool_id <= self._last:
                    continue
                if self._queued > _IN_MEMORY:
                    self._from_disk = True
                    continue
                self._queue.append(Spooled(spool_id, batch))
                self._queued += len(batch)
            self._ready.notify_all()

    def _step(self) -> None:
        for table_batches in self._next():
            self._write(table_batches)

    def _next(self) -> list[list[Spooled]]:
        """The next batches, those of a table together; empty after half a second without any."""
        with self._ready:
            if not self._queue and not self._from_disk:
                self._ready.wait(0.5)
            taken: list[Spooled] = []
            total = 0
            while self._queue and total < _AT_ONCE:
                taken.append(self._queue.popleft())
                total += len(taken[-1].batch)
            self._queued -= total
            if not taken and self._from_disk:
                taken = self._spool.next(self._last, _AT_ONCE, Names())
                self._from_disk = bool(taken)
            if taken:
                self._last = taken[-1].id
        tables: dict[tuple[str, int], list[Spooled]] = {}
        for spooled in taken:
            tables.setdefault((spooled.batch.table, id(spooled.batch.names)), []).append(spooled)
        return list(tables.values())

    def _write(self, spooled: list[Spooled]) -> None:
        """Writes batches of one table until each row is stored or refused, then settles them."""
        ids = [one.id for one in spooled]
        rest = concatenate([one.batch for one in spooled])
        stored = 0
        refused: list[Quarantined] = []
        while len(rest) and not self.loop.stopping:
            try:
                result = self._store.write(rest)
            except (Retryable, Permanent) as error:
                self._back_off(str(error))
                continue
            stored += len(result.rows(Verdict.ACCEPT))
            refused += [
                _refused(rest, int(row), result.reasons.get(int(row), ""))
                for row in result.rows(Verdict.REJECT)
            ]
            keep = result.rows(Verdict.KEEP)
            if len(keep):
                self._back_off(result.reasons.get(int(keep[0]), "the store is away"))
            else:
                self._wait_s = 0.0
                self.problem = ""
            rest = rest.take(keep)
        if not len(rest):
            self._spool.settle(ids, refused, {"stored": stored, "refused:store": len(refused)})

    def _back_off(self, problem: str) -> None:
        if not self.problem:
            log.error("readings wait in the spool: %s", problem)
        self.problem = problem
        self._wait_s = min(max(0.5, self._wait_s * 2), _LONGEST_WAIT_S)
        self.loop.wait(self._wait_s)


def _refused(batch: ReadingBatch, row: int, words: str) -> Quarantined:
    """A reading that the store refused, in the form of the contract."""
    measurements = MEASUREMENTS[batch.table]
    values = {
        name: measurements[name].to_public(float(column[row]))
        for name, column in batch.columns.items()
        if not np.isnan(column[row])
    }
    payload = json.dumps({"ts": int(batch.ts[row]), **values}).encode()
    topic = f"{batch.table}/{batch.name(row)}"
    return Quarantined(int(batch.arrived[row]), topic, payload, "refused", words)
