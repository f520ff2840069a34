"""The rules service: the engine fed from the bus, its events put on the case desk."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from cases.desk import Desk
from cases.events import CaseEvent
from cases.shelvings import Shelvings
from cases.tallies import Tallies, Tally
from facility.background import Loop
from facility.bus import Bus, Health, Message
from facility.clock import HOUR, MINUTE, SECOND, Clock
from facility.errors import Retryable
from facility.grid import Grid
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore
from rules.book.live_book import LiveBook, problem_words
from rules.book.live_shelvings import LiveShelvings
from rules.book.versions import FOLDER
from rules.engine import WARM, Engine
from rules.snapshot import Damaged
from rules.state_file import Saved, StateFile
from rules.tracker import FAMILY

log = logging.getLogger(__name__)

_STEP_S = 0.25
_ALLOWANCE_S = 2.0
"""Real seconds that a reading may take from the broker to here before time is let pass by it."""

_REPORT_EVERY_S = 2.0

_MAX_WAITING = 500
"""Batches waiting; past that the oldest are let go, and said so: the store still has them."""

_SAVE_EVERY_S = 60.0
_SAVE_APART_S = 1.0
"""Events wait so long for the next state at most: a large fleet's takes some tenths of a second."""

_HEEDED = 1000
"""Events of the desk that are read at once."""

_ENDS = ("closed", "voided")
"""Events that end a case."""

_OVERLAP = 10 * MINUTE
"""Before the saved moment, for readings that were stored a little later than they were measured."""

_CATCH_UP = 6 * HOUR
_CATCH_UP_STEP = 10 * MINUTE
"""After a longer break the rules go on with what they knew, and do not judge the time between."""


class RulesSettings(BaseModel):
    """``rulebook`` is a file whose figures stand in place of the built-in ones.

    It is read again when it changes, and each version kept beside the state file.
    """

    rulebook: Path | None = None


class RulesService:
    """The live engine. Its clock is the system's, its readings the bus's.

    With a ``state_file`` it goes on where it was; without one it starts from the open cases and
    the recent readings. Where ``inventory`` answers another one than before it goes on over that.
    """

    def __init__(
        self,
        settings: RulesSettings,
        inventory: Callable[[], Inventory],
        plans: dict[str, LightingPlan],
        timezone: str,
        store: ReadingsStore,
        desk: Desk,
        bus: Bus,
        clock: Clock,
        state_file: Path | None = None,
        grid: Callable[[], Grid] = Grid,
        tallies: Tallies | None = None,
        shelvings: Shelvings | None = None,
    ) -> None:
        self._store = store
        self._desk = desk
        self._bus = bus
        self._clock = clock
        self._grid = grid
        self._tallies = tallies
        self._inventory_now = inventory
        self._inventory = inventory()
        self._plans = plans
        self._timezone = timezone
        folder = state_file.with_name(FOLDER) if state_file else None
        self._shelvings = LiveShelvings(shelvings)
        self._book = LiveBook(settings.rulebook, folder)
        self._engine = self._engine_over(self._inventory)
        self._waiting: deque[ReadingBatch] = deque()
        self._let_go = 0
        self._file = StateFile(state_file) if state_file else None
        self._saved_at = 0.0
        self._found: list[CaseEvent] = []
        self._unrecorded: list[CaseEvent] = []
        self._recorded = 0
        self._counted: dict[tuple[str, ...], Tally] = {}
        self._seen_seq = 0
        self._reported = 0.0
        self._problem = ""
        self._unsaved = ""
        self.loop = Loop("rules", self._step)
        bus.listen(self._hear)

    def _engine_over(self, inventory: Inventory) -> Engine:
        grid = self._grid()
        return Engine(inventory, self._plans, self._timezone, self._book.current, grid, live=True)

    def start(self) -> None:
        """Takes up the saved state, or the open cases and the recent readings; then goes on."""
        self.prepare()
        self.loop.start()

    def prepare(self) -> None:
        """All of the start but the thread. Raises Retryable while a database is away."""
        now = self._clock.now_ms()
        self._heed_shelvings()
        saved = self._file.read() if self._file else None
        if saved and self._thaw(saved):
            self._desk.record(saved.events)
            self._seen_seq = min(saved.seen_seq, self._desk.last_seq())
            self._agree_with_desk()
            self._heed_people()
            self._catch_up(now)
            return
        self._seen_seq = self._desk.last_seq()
        self._agree_with_desk()
        self._resume_tallies(now)
        for table, reach in WARM.items():
            for batch in self._store.scan(table, now - reach, now):
                self._engine.warm(batch)
        self._found += self._engine.advance(now)

    def _resume_tallies(self, now: int) -> None:
        """Goes on from what was counted of the night and the day, without a state of it."""
        daybook = self._engine.daybook
        if daybook and self._tallies:
            unfinished = daybook.unfinished(now)
            kept = [one for what in unfinished for one in self._tallies.of_day(*what)]
            daybook.resume(kept, now)

    def _thaw(self, saved: Saved) -> bool:
        try:
            self._engine.thaw(saved.state)
        except Damaged as error:
            log.warning("the saved state cannot be used, the rules start anew: %s", error)
            return False
        return True

    def _agree_with_desk(self) -> None:
        """The desk has the last word on which cases there are."""
        tracker = self._engine.tracker
        for case in list(tracker.cases.values()):
            if not case.closed:
                kept = self._desk.get(case.id)
                if kept is None:
                    tracker.forget(case.id)
                elif kept.state == "closed":
                    tracker.close(case.id)
        for known in self._desk.unclosed():
            if known.type in FAMILY and not tracker.knows(known.id):
                tracker.restore(
                    known.id, known.type, known.subject, known.members, known.recovered_at
                )
                for stored in self._desk.events_of(known.id):
                    self._engine.heed(stored.event.event, known.id, stored.event.at)

    def _catch_up(self, now: int) -> None:
        """Judges what was stored since the state was saved, as it would have been judged then."""
        engine = self._engine
        engine.skip(now - _CATCH_UP)
        begin = engine.now - _OVERLAP
        while begin < now:
            end = min(begin + _CATCH_UP_STEP, now)
            batches = [batch for table in WARM for batch in self._store.scan(table, begin, end)]
            self._found += engine.take(batches)
            self._found += engine.advance(end)
            begin = end

    def stop(self) -> None:
        self.loop.stop()
        if self._file and not self.loop.alive:
            self._save()
            self._record()

    def _hear(self, message: Message) -> None:
        if isinstance(message, ReadingBatch):
            self._waiting.append(message)
            while len(self._waiting) > _MAX_WAITING:
                self._let_go += len(self._waiting.popleft())

    def _step(self) -> None:
        self.work()
        if time.monotonic() - self._reported >= _REPORT_EVERY_S:
            self._report()
        self.loop.wait(_STEP_S)

    def work(self) -> None:
        """Takes in what has come, judges, records, and hears of what people did."""
        self._keep_up()
        self._heed_shelvings()
        batches: list[ReadingBatch] = []
        while self._waiting:
            batches.append(self._waiting.popleft())
        self._found += self._engine.take(batches)
        allowance = int(_ALLOWANCE_S * SECOND * self._clock.speed)
        self._found += self._engine.advance(self._clock.now_ms() - allowance)
        self._keep_tallies()
        passed = time.monotonic() - self._saved_at
        if passed >= (_SAVE_APART_S if self._found else _SAVE_EVERY_S):
            self._save()
        self._record()
        self._heed_people()

    def _keep_tallies(self) -> None:
        """Puts what was counted into the case database; while that is away, the newest waits."""
        if not self._engine.daybook:
            return
        self._counted |= {tally.key: tally for tally in self._engine.daybook.drain()}
        if not self._counted or not self._tallies:
            return
        try:
            self._tallies.put(self._counted.values())
        except Retryable as error:
            self._problem = str(error)
            return
        self._counted = {}

    def _keep_up(self) -> None:
        """Goes on over another inventory or by another book, with all that is known by now."""
        installed = self._inventory_now()
        another_book = self._book.look()
        if installed is not self._inventory:
            log.info("the inventory has changed: %d assets", len(installed))
        elif not another_book:
            return
        self._inventory = installed
        self._keep_tallies()
        state = self._engine.freeze()
        self._engine = self._engine_over(installed)
        self._engine.thaw(state)

    def _heed_shelvings(self) -> None:
        """Hears what people have shelved; while the database is away, what was known holds."""
        try:
            self._shelvings.tell(self._engine.suppression, self._clock.now_ms() - _CATCH_UP)
        except Retryable as error:
            self._problem = str(error)

    def _save(self) -> None:
        """Writes the state with the events it led to; only then may they be recorded."""
        self._unrecorded += self._found
        self._found = []
        if not self._file:
            return
        self._saved_at = time.monotonic()
        try:
            self._file.write(Saved(self._engine.freeze(), self._unrecorded, self._seen_seq))
        except OSError as error:
            if not self._unsaved:
                log.error("the rules' state cannot be saved: %s", error)
            self._unsaved = str(error)
        else:
            self._unsaved = ""

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
        """Lets the engine know of what people did, and of the cases that ended."""
        while True:
            try:
                events = self._desk.events_after(self._seen_seq, _HEEDED)
            except Retryable as error:
                self._problem = str(error)
                return
            for stored in events:
                self._seen_seq = stored.seq
                self._heed(stored.event)
            if len(events) < _HEEDED:
                return

    def _heed(self, event: CaseEvent) -> None:
        """Takes note of one event. Where telemetry had verified a case that ended, a fault that
        came back meanwhile is a new one; where people ended it, it is what they know of."""
        self._engine.heed(event.event, event.case, event.at)
        if event.event not in _ENDS:
            return
        if event.evidence.get("how") in ("verified", "self_recovered"):
            self._engine.tracker.forget(event.case)
        else:
            self._engine.tracker.close(event.case)

    def _report(self) -> None:
        self._reported = time.monotonic()
        for state in self._engine.states():
            self._bus.publish(state)
        now = self._clock.now_ms()
        lag = (now - self._engine.now) / SECOND
        counters = {
            "readings": self._engine.readings,
            "unknown_devices": self._engine.unknown_devices,
            "late_readings": self._engine.late_readings,
            "events": self._recorded,
            "waiting_events": len(self._unrecorded) + len(self._found),
            "let_go": self._let_go,
            "watermark_age_s": round(lag, 1),
            "rulebook": self._book.current.version,
            **(self._engine.daybook.figures() if self._engine.daybook else {}),
        }
        problems = [problem_words(self._book)] if self._book.problem else []
        if problem := self._problem or self._unsaved or self.loop.failure:
            problems.append(("rules", f"规则服务出错:{problem}", f"the rules fail: {problem}"))
        if lag > 180 + _ALLOWANCE_S * self._clock.speed:
            problems.append(("behind", "规则计算滞后", "the rules have fallen behind"))
        self._bus.publish(Health("rules", now, counters, tuple(problems)))
