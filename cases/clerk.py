"""The clerk: what happens to cases because time passes, on a thread of its own.

Suspensions that are over, schedules that are due, cases to be supervised; and what was kept for
long enough. All that it knows is in the database, so it may die between any two steps and another
go on; one process needs one. Beside it the courier sends what is to be told.
"""

from __future__ import annotations

import time

from cases.desk import Desk
from cases.notices.courier import Courier
from cases.notices.outbox import Standing
from cases.people.audit import Trail
from cases.periodic.occurrences import Rounds
from cases.supervision.overseer import Overseer
from facility.background import Loop
from facility.bus import Bus, Health
from facility.clock import Clock

_STEP_S = 1.0
_LOOK_EVERY_S = 5.0
_LOOK_SHARE = 4
"""Real seconds between two looks at all the cases that are open, and no less than so many times as
long as one takes."""

_COUNT_EVERY_S = 10.0
_TIDY_EVERY_S = 3_600.0
_REPORT_EVERY_S = 2.0
_NAMED = 3
"""Contacts that a problem names."""


class Clerk:
    """Keeps the desk's cases going by ``clock``, and tells of itself on the bus."""

    def __init__(
        self,
        desk: Desk,
        overseer: Overseer,
        rounds: Rounds,
        courier: Courier,
        trail: Trail,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self.loop = Loop("clerk", self._step)
        self._desk = desk
        self._overseer = overseer
        self._rounds = rounds
        self._courier = courier
        self._trail = trail
        self._bus = bus
        self._clock = clock
        self._resumed = self._opened = self._found = 0
        self._standing: Standing | None = None
        self._last: dict[str, float] = {}
        self._look_took_s = 0.0

    def start(self) -> None:
        self.loop.start()
        self._courier.loop.start()

    def stop(self) -> None:
        self.loop.stop()
        self._courier.loop.stop()

    def work(self) -> None:
        """One step: everything that is due now."""
        now = self._clock.now_ms()
        self._resumed += self._desk.resume_due(now)
        self._opened += self._rounds.open_due(now)
        if self._is_time("look", max(_LOOK_EVERY_S, _LOOK_SHARE * self._look_took_s)):
            started = time.monotonic()
            self._found += self._overseer.look(now)
            self._look_took_s = time.monotonic() - started
        if self._is_time("count", _COUNT_EVERY_S):
            self._standing = self._courier.standing()
        if self._is_time("tidy", _TIDY_EVERY_S):
            self._courier.tidy()
            self._trail.tidy()
            self._desk.tidy()

    def _step(self) -> None:
        try:
            self.work()
        finally:
            if self._is_time("report", _REPORT_EVERY_S):
                self.report()
        self.loop.wait(_STEP_S)

    def _is_time(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, -every_s) < every_s:
            return False
        self._last[what] = now
        return True

    def report(self) -> None:
        """Tells the bus how it is."""
        standing = self._standing
        counters = {
            "resumed": self._resumed,
            "opened": self._opened,
            "supervised": self._found,
            "outbox": dict(standing.counts) if standing else {},
        }
        self._bus.publish(Health("clerk", self._clock.now_ms(), counters, tuple(self._problems())))

    def _problems(self) -> list[tuple[str, str, str]]:
        found = []
        if words := self.loop.failure:
            found.append(("clerk", f"案件时钟出错:{words}", f"the clerk fails: {words}"))
        if words := self._courier.problem:
            found.append(("courier", f"通知发送出错:{words}", f"nothing can be sent: {words}"))
        if self._standing is None:
            return found
        if failing := self._standing.failing:
            words = "; ".join(f"{who} ({by}): {why}" for who, by, why in failing[:_NAMED])
            many = len(failing)
            found.append(
                (
                    "outbox",
                    f"{many} 个联系方式发送失败,正在重试:{words}",
                    f"{many} contacts cannot be reached, to be tried again: {words}",
                )
            )
        if lost := self._standing.given_up_lately:
            found.append(
                (
                    "given_up",
                    f"过去 24 小时有 {lost} 条通知未能送达",
                    f"{lost} notices were given up in the last 24 hours",
                )
            )
        return found
