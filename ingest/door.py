"""The door: messages from the broker are decoded, made safe in the spool, and acknowledged."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from facility.background import Loop
from facility.bus import Bus
from facility.clock import Clock
from facility.errors import Retryable
from facility.mqtt import Delivery
from facility.readings import ReadingBatch
from ingest.ledger import entries_of
from ingest.messages import Decoded, Messages
from ingest.pipeline import Pipeline
from ingest.quarantine import put_through
from ingest.recent import Recent
from ingest.spool import Spool, SpoolFull

log = logging.getLogger(__name__)

_GROUP = 5_000
"""Messages that one commit takes at most."""

_GROUP_BYTES = 1 << 20
"""And bytes: 5,000 messages may be arrays of hundreds of readings each."""

_LINGER_S = 0.04
"""How long the first message of a commit waits for others."""

_MAX_UNACKNOWLEDGED = 28_000
"""Messages received and not acknowledged; past that the socket is not read. One more read brings
at most 37,449 of them (256 KiB of the shortest), so they stay under the 65,535 that have ids."""

_MAX_BYTES = 64 << 20
_RETRY_EVERY_S = 1.0
_RETRIES_AT_ONCE = 200


class Link(Protocol):
    """What the door needs of the session: see :class:`facility.mqtt.Session`."""

    @property
    def connection(self) -> int: ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None: ...

    def leave(self) -> None: ...

    def rejoin(self) -> None: ...


class Door:
    """Takes deliveries on the session's thread and works them off on its own.

    ``stored_later`` gets batches that are safe, with their places in the spool. While the spool
    cannot take them nothing is acknowledged; after ``patience_s`` the connection is dropped until
    it can, so that the broker keeps what comes.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        spool: Spool,
        bus: Bus,
        clock: Clock,
        link: Link,
        stored_later: Callable[[Sequence[int], Sequence[ReadingBatch]], None],
        patience_s: float,
    ) -> None:
        self._pipeline = pipeline
        self._spool = spool
        self._bus = bus
        self._clock = clock
        self._link = link
        self._stored_later = stored_later
        self._patience_s = patience_s
        self._recent = Recent()
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Delivery, int]] = deque()
        self._waiting_messages = 0
        self._waiting_bytes = 0
        self._in_hand = 0
        self._gone = -1
        self._away = False
        self._retry_at = 0.0
        self.full = False
        self.problem = ""
        self.loop = Loop("door", self._step)

    def take(self, delivery: Delivery) -> None:
        """Takes a delivery in; waits while too much is waiting already."""
        arrived = self._clock.now_ms()
        with self._changed:
            while self._is_crowded() and not self.loop.stopping:
                self._changed.wait(0.5)
            if delivery.connection <= self._gone:
                return  # the broker has it, and sends it on the next connection
            self._waiting.append((delivery, arrived))
            self._waiting_messages += len(delivery)
            self._waiting_bytes += delivery.size
            if len(self._waiting) == 1 or self._is_group():
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Messages received and not yet acknowledged."""
        return self._waiting_messages + self._in_hand

    def _step(self) -> None:
        if self._away and not self._come_back():
            return
        if time.monotonic() >= self._retry_at:
            self._retry_quarantined()
        taken = self._next_group()
        if not taken:
            return
        try:
            safe = self._work_off(taken)
            if safe:
                self._link.acknowledge([delivery for delivery, _ in taken])
                self._pass_on(*safe)
            elif not self.loop.stopping:
                self._go_away()
        except Exception:
            # Never acknowledged on this connection, they would not come again before the next.
            self._go_away()
            raise
        finally:
            with self._changed:
                self._in_hand = 0
                self._changed.notify_all()

    def _work_off(self, taken: Sequence[tuple[Delivery, int]]) -> tuple[list[int], Decoded] | None:
        """Decodes the messages and makes them safe: the batches' ids; None where it could not."""
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
        entries = entries_of(decoded)
        keys = self._recent.keys(decoded.batches)
        entries["duplicate"] = self._recent.count(keys)
        ids = self._make_safe(lambda: self._spool.append(decoded, entries))
        if ids is None:
            return None
        self._recent.remember(keys)
        return ids, decoded

    def _make_safe(self, commit: Callable[[], list[int]]) -> list[int] | None:
        """Commits to the spool, trying for as long as patience lasts; None where it could not."""
        give_up = time.monotonic() + self._patience_s
        while True:
            try:
                ids = commit()
            except Retryable as error:
                self._note(error)
                if self.loop.stopping or time.monotonic() >= give_up:
                    return None
                self.loop.wait(min(0.5, self._patience_s / 4))
            else:
                self._note(None)
                return ids

    def _pass_on(self, ids: Sequence[int], decoded: Decoded) -> None:
        self._stored_later(ids, decoded.batches)
        for batch in decoded.batches:
            try:
                self._bus.publish(batch)
            except Exception:  # the boundary to the listeners: what is safe is safe
                log.exception("a listener failed on %d readings", len(batch))

    def _go_away(self) -> None:
        """Leaves everything that is not safe to the broker, which sends it again."""
        log.error("the connection to the broker is dropped until the spool can take readings again")
        with self._changed:
            self._gone = self._link.connection
            self._away = True
            self._waiting.clear()
            self._waiting_messages = self._waiting_bytes = 0
            self._changed.notify_all()
        self._link.leave()

    def _come_back(self) -> bool:
        """Whether the connection is wanted again; looks once a second."""
        try:
            self._spool.check_room()
        except Retryable as error:
            self._note(error)
            self.loop.wait(1)
            return False
        self._note(None)
        self._away = False
        self._link.rejoin()
        log.warning("the spool can take readings again")
        return True

    def _retry_quarantined(self) -> None:
        """Puts quarantined messages through again that somebody asked for."""
        try:
            requests = self._spool.requests(_RETRIES_AT_ONCE)
            for number, message in requests:
                ids, decoded = put_through(self._spool, self._pipeline, number, message)
                if ids:
                    self._pass_on(ids, decoded)
            if len(requests) == _RETRIES_AT_ONCE:
                return
        except Retryable as error:
            log.warning("quarantined messages cannot be tried again just now: %s", error)
        self._retry_at = time.monotonic() + _RETRY_EVERY_S

    def _next_group(self) -> list[tuple[Delivery, int]]:
        """Deliveries of about one commit; empty after half a second without any."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(0.5)
            if not self._waiting:
                return []
            end = time.monotonic() + _LINGER_S
            while not self._is_group() and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            taken: list[tuple[Delivery, int]] = []
            count = size = 0
            while self._waiting and count < _GROUP and size < _GROUP_BYTES:
                taken.append(self._waiting.popleft())
                count += len(taken[-1][0])
                size += taken[-1][0].size
            self._waiting_messages -= count
            self._waiting_bytes -= size
            self._in_hand = count
        return taken

    def _is_group(self) -> bool:
        return self._waiting_messages >= _GROUP or self._waiting_bytes >= _GROUP_BYTES

    def _is_crowded(self) -> bool:
        return (
            self._waiting_messages + self._in_hand > _MAX_UNACKNOWLEDGED
            or self._waiting_bytes > _MAX_BYTES
        )

    def _note(self, error: Retryable | None) -> None:
        if error and not self.problem:
            log.error("%s; nothing is acknowledged until it can", error)
        self.problem = str(error) if error else ""
        self.full = isinstance(error, SpoolFull)
