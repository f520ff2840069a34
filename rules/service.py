"""The rules service: the engine fed from the bus, its events put on the case desk."""

from __future__ import annotations

import logging
import time
from collections import deque
from pathlib import Path

from pydantic import BaseModel

from cases.desk import Desk
from cases.events import CaseEvent
from facility.background import Loop
from facility.bus import Bus, Health, Message
from facility.clock import HOUR, SECOND, Clock
from facility.errors import Retryable
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from facility.measurements import STATUS, Kind
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore
from rules import rulebook
from rules.engine import Engine

log = logging.getLogger(__name__)

_STEP_S = 0.25
_ALLOWANCE_S = 2.0
"""Real seconds that a reading may take from the broker to here before time is let pass by it."""

_REPORT_EVERY_S = 2.0

_WARM: dict[str, int] = {
    Kind.STREETLIGHT: 2 * HOUR,
    Kind.CABINET: 2 * HOUR,
    Kind.COVER: 24 * HOUR,
    Kind.STATION: 50 * HOUR,
    STATUS: 2 * HOUR,
}
"""How far back each detector's state reaches: a cover's normal, a station's service day."""

_MAX_WAITING = 500
"""Batches waiting; past that the oldest are let go, and said so: the store still has them."""


class RulesSettings(BaseModel):
    """``rulebook`` is a file whose figures stand in place of the built-in ones."""

    rulebook: Path | None = None


class RulesService:
    """The live engine. Its clock is the system's, its readings the bus's."""

    def __init__(
        self,
        settings: RulesSettings,
        inventory: Inventory,
        plans: dict[str, LightingPlan],
        timezone: str,
        store: ReadingsStore,
        desk: Desk,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._store = store
        self._desk = desk
        self._bus = bus
        self._clock = clock
        self._engine = Engine(inventory, plans, timezone, rulebook.load(settings.rulebook))
        self._waiting: deque[ReadingBatch] = deque()
        self._let_go = 0
        self._unrecorded: list[CaseEvent] = []
        self._recorded = 0
        self._seen_seq = 0
        self._reported = 0.0
        self._problem = ""
        self.loop = Loop("rules", self._step)
        bus.listen(self._hear)

    def start(self) -> None:
        """Takes up the open cases and the recent readings, then goes on."""
        self._seen_seq = self._desk.last_seq()
        for case in self._desk.unclosed():
            self._engine.tracker.restore(
                case.id, case.type, case.subject, case.members, case.recovered_at
            )
        now = self._clock.now_ms()
        for table, reach in _WARM.items():
            for batch in self._store.scan(table, now - reach, now):
                self._engine.warm(batch)
        self._engine.advance(now)
        self.loop.start()

    def stop(self) -> None:
        self.loop.stop()

    def _hear(self, message: Message) -> None:
        if isinstance(message, ReadingBatch):
            self._waiting.append(message)
            while len(self._waiting) > _MAX_WAITING:
                self._let_go += len(self._waiting.popleft())

    def _step(self) -> None:
        batches: list[ReadingBatch] = []
        while self._waiting:
            batches.append(self._waiting.popleft())
        self._unrecorded += self._engine.take(batches)
        allowance = int(_ALLOWANCE_S * SECOND * self._clock.speed)
        self._unrecorded += self._engine.advance(self._clock.now_ms() - allowance)
        self._record()
        self._heed_people()
        if time.monotonic() - self._reported >= _REPORT_EVERY_S:
            self._report()
        self.loop.wait(_STEP_S)

    def _record(self) -> None:
        """Puts the events on the desk; while the database is away they wait, in order."""
        if not self._unrecorded:
            return
        try:
            self._recorded += self._desk.record(self._unrecorded)
        except Retryable as error:
            if not self._problem:
                log.error("case events wait: %s", error)
            self._problem = str(error)
            return
        self._problem = ""
        self._unrecorded = []

    def _heed_people(self) -> None:
        """Lets the engine know of the cases that people closed."""
        try:
            events = self._desk.events_after(self._seen_seq, 1000)
        except Retryable as error:
            self._problem = str(error)
            return
        for stored in events:
            self._seen_seq = stored.seq
            if stored.event.event == "closed":
                self._engine.tracker.close(stored.event.case)

    def _report(self) -> None:
        self._reported = time.monotonic()
        for state in self._engine.states():
            self._bus.publish(state)
        now = self._clock.now_ms()
        lag = (now - self._engine.now) / SECOND
        counters = {
            "readings": self._engine.readings,
            "unknown_devices": self._engine.unknown_devices,
            "events": self._recorded,
            "waiting_events": len(self._unrecorded),
            "let_go": self._let_go,
            "watermark_age_s": round(lag, 1),
        }
        problems = []
        if problem := self._problem or self.loop.failure:
            problems.append(("rules", f"规则服务出错:{problem}", f"the rules fail: {problem}"))
        if lag > 180 + _ALLOWANCE_S * self._clock.speed:
            problems.append(("behind", "规则计算滞后", "the rules have fallen behind"))
        self._bus.publish(Health("rules", now, counters, tuple(problems)))
