"""The door: messages from the broker are decoded, made safe in the spool, and acknowledged."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from facility.background import Loop
from facility.bus import Bus
from facility.clock import Clock
from facility.errors import Retryable
from facility.mqtt import Delivery
from facility.readings import ReadingBatch
from ingest.ledger import entries_of
from ingest.messages import Decoded, Messages
from ingest.pipeline import Pipeline
from ingest.spool import Spool

log = logging.getLogger(__name__)

_GROUP = 5_000
"""Messages that one commit takes at most."""

_LINGER_S = 0.02
"""How long the first message of a commit waits for others."""

_MAX_WAITING = 100_000
"""Messages received and not yet decoded; past that the socket is not read. QoS 1 alone cannot
reach it (65,535 may be unacknowledged); a flood of QoS 0 could."""


class Door:
    """Takes deliveries on the session's thread and works them off on its own.

    ``acknowledge`` is told which deliveries are safe; ``stored_later`` gets their batches with
    their places in the spool.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        spool: Spool,
        bus: Bus,
        clock: Clock,
        acknowledge: Callable[[Sequence[Delivery]], None],
        stored_later: Callable[[Sequence[int], Sequence[ReadingBatch]], None],
    ) -> None:
        self._pipeline = pipeline
        self._spool = spool
        self._bus = bus
        self._clock = clock
        self._acknowledge = acknowledge
        self._stored_later = stored_later
        self._waiting: deque[tuple[Delivery, int]] = deque()
        self._waiting_messages = 0
        self._changed = threading.Condition()
        self.problem = ""
        self.loop = Loop("door", self._step)

    def take(self, delivery: Delivery) -> None:
        """Takes a delivery in; waits while too much is waiting already."""
        arrived = self._clock.now_ms()
        with self._changed:
            while self._waiting_messages > _MAX_WAITING and not self.loop.stopping:
                self._changed.wait(0.5)
            self._waiting.append((delivery, arrived))
            self._waiting_messages += len(delivery)
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Messages received and not yet in the spool."""
        return self._waiting_messages

    def _step(self) -> None:
        taken = self._next_group()
        if not taken:
            return
        deliveries = [delivery for delivery, _ in taken]
        oversized: set[int] = set()
        topics: list[bytes | str] = []
        payloads: list[bytes | str] = []
        arrived: list[int] = []
        for delivery, at in taken:
            oversized.update(len(topics) + i for i in delivery.oversized)
            topics += delivery.topics
            payloads += delivery.payloads
            arrived += [at] * len(delivery)
        decoded = self._pipeline.decode(Messages(topics, payloads, arrived), frozenset(oversized))
        ids = self._make_safe(decoded)
        if ids is None:
            return
        self._acknowledge(deliveries)
        for batch in decoded.batches:
            self._bus.publish(batch)
        self._stored_later(ids, decoded.batches)

    def _next_group(self) -> list[tuple[Delivery, int]]:
        """Deliveries of about one commit; empty after half a second without any."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(0.5)
            if not self._waiting:
                return []
            end = time.monotonic() + _LINGER_S
            while self._waiting_messages < _GROUP and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            taken: list[tuple[Delivery, int]] = []
            count = 0
            while self._waiting and count < _GROUP:
                taken.append(self._waiting.popleft())
                count += len(taken[-1][0])
            self._waiting_messages -= count
            self._changed.notify_all()
        return taken

    def _make_safe(self, decoded: Decoded) -> list[int] | None:
        """Commits to the spool, trying until it can; None where it is stopped before."""
        entries = entries_of(decoded)
        while not self.loop.stopping:
            try:
                ids = self._spool.append(decoded.batches, decoded.quarantined, entries)
            except Retryable as error:
                if not self.problem:
                    log.error("%s; nothing is acknowledged until it can", error)
                self.problem = str(error)
                self.loop.wait(1)
            else:
                self.problem = ""
                return ids
        return None
