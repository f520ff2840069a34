"""From measured to arrived: latency; messages late, twice, out of order, several in an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from facility.clock import SECOND
from facility.measurements import Kind
from facility.readings import Codes, Times
from simulators import encoder
from simulators.faults.effects import Effect, Effects, What
from simulators.physics.reports import WINDOW, stream

_STREAMS = {kind: 20 + position for position, kind in enumerate(Kind)}
_LATENCY_S = 0.8
_SLOW_SHARE, _SLOW_S = 0.004, (5, 90)
_TWICE_SHARE, _TWICE_S = 0.002, (1, 40)
_LATE_SHARE, _LATE_INTERVALS = 0.35, (0.3, 1.4)
_BEHIND_INTERVALS = 1.25
_HANDED_OVER_S = 2


@dataclass(slots=True)
class Messages:
    """Messages as columns: arrival (ms), topic, payload, and whether the broker retains it."""

    arrived: list[int] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    retained: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.arrived)

    def add(self, at: int, topic: str, payload: str, retained: bool = False) -> None:
        self.arrived.append(at)
        self.topics.append(topic)
        self.payloads.append(payload)
        self.retained.append(retained)

    def extend(self, other: Messages) -> None:
        self.arrived += other.arrived
        self.topics += other.topics
        self.payloads += other.payloads
        self.retained += other.retained

    def take(self, rows: Sequence[int]) -> Messages:
        """Those of the given rows, in that order."""
        return Messages(
            [self.arrived[row] for row in rows],
            [self.topics[row] for row in rows],
            [self.payloads[row] for row in rows],
            [self.retained[row] for row in rows],
        )


class Delivery:
    """Carries the telemetry of one kind; keeps what offline devices hold back."""

    def __init__(
        self, kind: Kind, seed: int, topics: Sequence[str], every: Times, effects: Effects
    ) -> None:
        self._kind = kind
        self._seed = seed
        self._topics = topics
        self._every = every
        self._effects = effects
        self._held: dict[tuple[Effect, int], list[str]] = {}

    def carry(self, start: int, rows: Codes, ts: Times, payloads: list[str]) -> Messages:
        """The messages of the reports (row, ts) of the window that starts at ``start``."""
        rng = stream(self._seed, _STREAMS[self._kind], start)
        n = len(rows)
        end = int(ts.max(initial=start)) + 1
        delay = rng.lognormal(np.log(_LATENCY_S), 0.5, n) * SECOND
        slow = rng.random(n) < _SLOW_SHARE
        delay = np.where(slow, delay + rng.uniform(*_SLOW_S, n) * SECOND, delay)
        twice = rng.random(n) < _TWICE_SHARE
        lost = np.zeros(n, dtype=np.bool_)
        every = self._every[rows]
        for effect in self._effects.active(self._kind, start, end):
            match effect.what:
                case What.SILENT:
                    lost |= effect.mask(rows, ts)
                case What.LATE:
                    late = effect.mask(rows, ts) & (rng.random(n) < _LATE_SHARE)
                    delay = np.where(late, delay + rng.uniform(*_LATE_INTERVALS, n) * every, delay)
                case What.REPEATED:
                    twice |= effect.mask(rows, ts) & (rng.random(n) < 0.5)
                case What.OUT_OF_ORDER:
                    odd = (ts - effect.start) // every % 2 == 1
                    behind = effect.mask(rows, ts) & odd
                    delay = np.where(behind, delay + _BEHIND_INTERVALS * every, delay)
                case What.BUFFERED:
                    lost |= self._hold(effect, rows, ts, payloads)
                case _:
                    pass
        arrived = ts + np.maximum(delay, 20).astype(np.int64)
        again = arrived + (rng.uniform(*_TWICE_S, n) * SECOND).astype(np.int64)
        messages = self._sent(np.flatnonzero(~lost), rows, arrived, payloads)
        messages.extend(self._sent(np.flatnonzero(~lost & twice), rows, again, payloads))
        messages.extend(self._handed_over(start + WINDOW))
        return messages

    def _sent(
        self, chosen: NDArray[np.intp], rows: Codes, arrived: Times, payloads: list[str]
    ) -> Messages:
        return Messages(
            arrived[chosen].tolist(),
            [self._topics[row] for row in rows[chosen].tolist()],
            [payloads[k] for k in chosen.tolist()],
            [False] * len(chosen),
        )

    def _hold(
        self, effect: Effect, rows: Codes, ts: Times, payloads: list[str]
    ) -> NDArray[np.bool_]:
        """Keeps the readings of devices that are offline for a moment; which those are."""
        held = effect.mask(rows, ts)
        for k in np.flatnonzero(held).tolist():
            self._held.setdefault((effect, int(rows[k])), []).append(payloads[k])
        return held

    def _handed_over(self, before: int) -> Messages:
        """Devices that are back by ``before`` send what they kept, in one array."""
        messages = Messages()
        for effect, row in [key for key in self._held if key[0].end < before]:
            payload = encoder.array_of(self._held.pop((effect, row)))
            messages.add(effect.end + _HANDED_OVER_S * SECOND, self._topics[row], payload)
        return messages
