"""The writer: drains the spool into the readings store, behind the door's back.

While it keeps up, batches reach it in memory; when it falls behind, or after a restart, it reads
them from the spool. A store that is away costs nothing but disk.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from facility.background import Loop
from facility.errors import Retryable, XiuhuaError
from facility.measurements import MEASUREMENTS, STATUS
from facility.readings import Names, ReadingBatch, concatenate, split_series
from facility.store.base import ReadingsStore, Verdict, WriteResult
from ingest.ledger import REFUSED
from ingest.messages import Quarantined
from ingest.spool import Spool, Spooled

log = logging.getLogger(__name__)

_IN_MEMORY = 100_000
"""Readings waiting in memory; past that they are read from the spool when their turn comes."""

_GATHERS_S = 0.2
"""How long readings wait for others to be written with them, while fewer wait than one request
takes: a write has a price of its own."""

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_NO_AREA = "000000"


@dataclass(frozen=True, slots=True)
class Pace:
    """How a store is written to: ``requests`` under way at once, of about ``readings`` each.

    Each request ends with a commit to the spool, and smaller ones spend their time in those.
    """

    requests: int = 1
    readings: int = 20_000


class Writer:
    """Takes batches in the order of the spool and settles them once the store has them.

    Each request is a loop of its own, and each batch is in the hands of one. ``root`` is that of
    native topics, under which refused readings go to quarantine.
    """

    def __init__(
        self,
        spool: Spool,
        store: ReadingsStore,
        pace: Pace | None = None,
        root: str = "facility",
    ) -> None:
        self._spool = spool
        self._store = store
        self._pace = pace or Pace()
        self._root = root
        self._ready = threading.Condition()
        self._queue: deque[Spooled] = deque()
        self._queued = 0
        self._taken = 0
        self._offered = 0
        self._from_disk = True
        self._stopping = False
        self._problems: dict[int, str] = {}
        self._loops: list[Loop] = []
        for number in range(self._pace.requests):
            self._loops.append(Loop(f"writer {number}", self._stepper(number)))

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Lets the requests under way end; what they do not get to is in the spool."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        for loop in self._loops:
            loop.stop(0)
        for loop in self._loops:
            loop.stop()

    @property
    def problem(self) -> str:
        """What keeps readings from being stored; empty where nothing does."""
        failures = [loop.failure for loop in self._loops]
        return next(filter(None, [*list(self._problems.values()), *failures]), "")

    def offer(self, ids: Sequence[int], batches: Sequence[ReadingBatch]) -> None:
        """Batches that are in the spool by now, with their ids."""
        with self._ready:
            for spool_id, batch in zip(ids, batches, strict=True):
                if spool_id <= self._taken:
                    continue
                # Past a gap, or too much, the spool is asked: it knows what is missing here.
                if spool_id != self._offered + 1 or self._queued > _IN_MEMORY:
                    self._from_disk = True
                self._offered = spool_id
                if not self._from_disk:
                    self._queue.append(Spooled(spool_id, batch))
                    self._queued += len(batch)
            self._ready.notify()

    def _stepper(self, number: int) -> Callable[[], None]:
        return lambda: self._step(number)

    def _step(self, number: int) -> None:
        try:
            taken = self._next()
        except Retryable as error:
            self._wait(number, str(error), 0)
            return
        tables: dict[tuple[str, int], list[Spooled]] = {}
        for spooled in taken:
            tables.setdefault((spooled.batch.table, id(spooled.batch.names)), []).append(spooled)
        for batches in tables.values():
            self._write(number, batches)

    def _next(self) -> list[Spooled]:
        """The next batches; empty after half a second without any."""
        with self._ready:
            if not self._queue and not self._from_disk:
                self._ready.wait(0.5)
            end = time.monotonic() + _GATHERS_S
            while self._queue and self._queued < self._pace.readings and not self._stopping:
                if (left := end - time.monotonic()) <= 0:
                    break
                self._ready.wait(left)
            taken: list[Spooled] = []
            total = 0
            while self._queue and total < self._pace.readings:
                taken.append(self._queue.popleft())
                total += len(taken[-1].batch)
            self._queued -= total
            if not taken and self._from_disk:
                taken = self._spool.next(self._taken, self._pace.readings, Names())
                if not taken:
                    self._from_disk = False
                    self._offered = self._taken
            if taken:
                self._taken = taken[-1].id
                self._offered = max(self._offered, self._taken)
            if self._queue or self._from_disk:
                self._ready.notify()
        return taken

    def _write(self, number: int, spooled: list[Spooled]) -> None:
        """Writes batches of one table until each row is stored or refused, then settles them."""
        loop = self._loops[number]
        rest = concatenate([one.batch for one in spooled])
        stored = failures = 0
        refused: list[Quarantined] = []
        while len(rest) and not loop.stopping:
            result = self._ask(rest)
            stored += len(result.rows(Verdict.ACCEPT))
            refused += [
                self._refused(rest, row, result.reasons.get(row, ""))
                for row in result.rows(Verdict.REJECT).tolist()
            ]
            keep = result.rows(Verdict.KEEP)
            if len(keep):
                words = result.reasons.get(int(keep[0]), "the store is away")
                failures = 0 if len(keep) < len(rest) else failures
                self._wait(number, words, failures)
                failures += 1
            rest = rest.take(keep)
        if len(rest):
            return
        ids = [one.id for one in spooled]
        entries = {"stored": stored, "refused:store": len(refused)}
        while not self._settle(number, ids, refused, entries, failures) and not loop.stopping:
            failures += 1

    def _ask(self, batch: ReadingBatch) -> WriteResult:
        try:
            return self._store.write(batch)
        except XiuhuaError as error:
            return WriteResult.all(len(batch), Verdict.KEEP, str(error))
        except Exception as error:
            # The boundary to the store: a fault in it must not cost a reading.
            log.exception("the readings store failed")
            return WriteResult.all(len(batch), Verdict.KEEP, f"{type(error).__name__}: {error}")

    def _settle(
        self,
        number: int,
        ids: Sequence[int],
        refused: Sequence[Quarantined],
        entries: dict[str, int],
        failures: int,
    ) -> bool:
        try:
            self._spool.settle(ids, refused, entries)
        except Retryable as error:
            # Stored, but the spool does not know yet; after a crash now they are stored again.
            self._wait(number, str(error), failures)
            return False
        self._problems.pop(number, None)
        return True

    def _wait(self, number: int, problem: str, failures: int) -> None:
        """Waits, longer with each failure, and not in step with the other requests."""
        if not self._problems:
            log.error("readings wait in the spool: %s", problem)
        self._problems[number] = problem
        seconds = min(_FIRST_WAIT_S * 2.0 ** min(failures, 16), _LONGEST_WAIT_S)
        self._loops[number].wait(seconds * random.uniform(0.5, 1.0))

    def _refused(self, batch: ReadingBatch, row: int, words: str) -> Quarantined:
        """A reading that the store refused, as a native message that can be tried again."""
        measurements = MEASUREMENTS[batch.table]
        device, circuit = split_series(batch.name(row))
        reading: dict[str, object] = {"ts": int(batch.ts[row])}
        if circuit is not None:
            reading["circuit"] = circuit
        for name, column in batch.columns.items():
            if not np.isnan(column[row]):
                reading[name] = measurements[name].to_public(float(column[row]))
        kind, channel = (batch.table, "telemetry")
        if batch.table == STATUS:
            kind, channel = "streetlight", "status"
        topic = f"{self._root}/{_NO_AREA}/{kind}/{device}/{channel}"
        payload = json.dumps(reading, ensure_ascii=False).encode()
        return Quarantined(int(batch.arrived[row]), topic, payload, REFUSED, words)
