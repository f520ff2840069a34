"""What a planner works with: the time and place of one fault, pinned or drawn by the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from facility.clock import DAY, HOUR, MINUTE
from facility.errors import UsageError
from facility.lighting import Schedule
from facility.readings import Codes
from simulators.physics.reports import local_offset
from simulators.physics.world import World
from simulators.scenario import Pinned, time_of_day_ms

T = TypeVar("T")

SETTLE = 15 * MINUTE
"""After a switching time no lamp is judged (the contract's inventory section)."""

_SEEN_FOR = 75 * MINUTE
"""A fault that is drawn can be seen at least so long before anything hides it."""

_REPAIRED_SHARE = 0.6
_TRIES = 60
_TRIED = 400


@dataclass(slots=True)
class Reserved:
    """Which circuits, covers, stations and cabinets a fault holds, and until when (ms)."""

    until: dict[str, int] = field(default_factory=dict)

    def free(self, names: Iterable[str], at: int) -> bool:
        return all(self.until.get(name, 0) <= at for name in names)

    def hold(self, names: Iterable[str], until: int) -> None:
        for name in names:
            self.until[name] = until


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """When a fault starts, can first be seen, and ends (ms)."""

    start: int
    visible: int
    end: int


@dataclass(slots=True, eq=False)
class Draw:
    """One fault to be drawn within the day [begin, end); nothing that is drawn starts before
    ``earliest``."""

    world: World
    reserved: Reserved
    rng: np.random.Generator
    begin: int
    end: int
    earliest: int
    sort: str
    pin: Pinned

    def choose(
        self,
        candidates: Sequence[T],
        subject: Callable[[T], str],
        holds: Callable[[T], Iterable[str]],
    ) -> T | None:
        """One of the candidates whose ``holds`` nothing else has today; None where there is none.

        UsageError where the pinned subject is not among them.
        """
        wanted = self.pin.subject
        if wanted:
            candidates = [item for item in candidates if subject(item) == wanted]
            if not candidates:
                raise UsageError(
                    f"{self.world.scenario.name}: {self.sort} cannot happen to {wanted!r}; "
                    "leave the subject out to have one drawn"
                )
        if len(candidates) == 0:
            return None
        order: list[int] = self.rng.permutation(len(candidates))[:_TRIED].tolist()
        for position in order:
            if self.reserved.free(holds(candidates[position]), self.begin):
                return candidates[position]
        return None

    def hold(self, names: Iterable[str], until: int) -> None:
        self.reserved.hold(names, until)

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def duration(self, low_h: float, high_h: float) -> int:
        """The pinned duration, or one between so many hours, ms."""
        hours = self.pin.hours or self.uniform(low_h, high_h)
        return round(hours * HOUR)

    def at(self, low: int, high: int) -> int | None:
        """The pinned time of this day, or one drawn between (ms); None where there is none."""
        if self.pin.at:
            return time_of_day_ms(self.world.scenario, self.pin.at, self.begin)
        low = max(low, self.earliest)
        return int(self.rng.integers(low, high)) if low < high else None

    def between_hours(self, low_h: float, high_h: float, room: int) -> int | None:
        """A time at which the local hour lies between, ``room`` ms before the day's end; None
        where the day has none."""
        if self.pin.at:
            return time_of_day_ms(self.world.scenario, self.pin.at, self.begin)
        offset = local_offset(self.world.scenario.zone, self.begin)
        for _ in range(_TRIES):
            at = self.at(self.begin, self.end - room)
            if at is None:
                return None
            if low_h * HOUR <= (at + offset) % DAY < high_h * HOUR:
                return at
        return None

    def repaired(self, visible: int, low_h: float, high_h: float, before: int) -> int:
        """When it is repaired: within the day before ``before``, or some time on the next day."""
        if self.pin.hours:
            return visible + round(self.pin.hours * HOUR)
        first = visible + round(low_h * HOUR)
        last = min(visible + round(high_h * HOUR), before)
        if self.rng.random() < _REPAIRED_SHARE and first < last:
            return int(self.rng.integers(first, last))
        return self.end + self.duration(4, 12)

    def while_planned(self, schedule: Schedule, lit: bool, since_h: float = 0.0) -> Span | None:
        """A span that shows while lamps should be lit, or should not be.

        ``since_h``: hours that the lamps were so before it starts.
        """
        for _ in range(1 if self.pin.at else _TRIES):
            start = self.at(self.begin, self.end - 2 * HOUR)
            if start is None:
                return None
            moment = np.array([start])
            begun, until = int(schedule.since(moment)[0]), int(schedule.until(moment)[0])
            if bool(schedule.lit(moment)[0]) is not lit:
                begun, until = until, int(schedule.until(np.array([until]))[0])
            visible = max(start, begun + SETTLE)
            if since_h and start < begun + since_h * HOUR:
                continue
            if visible + _SEEN_FOR > min(until, self.end) and not self.pin.at:
                continue
            if self.pin.hours:
                return Span(start, visible, start + self.duration(0, 0))
            return Span(start, visible, self.repaired(visible, 1.0, 4.0, until - 40 * MINUTE))
        return None


def rows_of(row: int) -> Codes:
    """A single row, as effects want it."""
    return np.array([row], dtype=np.int32)
