"""What the services tell each other: batches of readings, the state of assets, their health.

One interface, two carriers: :class:`LocalBus` inside one process, and the broker between
processes (:mod:`facility.mqtt_bus`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facility.measurements import Kind
from facility.readings import ReadingBatch


@dataclass(frozen=True, slots=True, eq=False)
class KindState:
    """What the rules hold of every asset of a kind at ``at`` (ms).

    ``ids`` the assets; ``state`` int8 (n,), an index into ``vocabulary``;
    ``last_seen`` int64 (n,) ms, 0 where never heard of.
    """

    kind: Kind
    at: int
    ids: tuple[str, ...]
    vocabulary: tuple[str, ...]
    state: NDArray[np.int8]
    last_seen: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Health:
    """A service's own account of itself: counters, and problems as (code, zh, en)."""

    service: str
    at: int
    counters: dict[str, Any]
    problems: tuple[tuple[str, str, str], ...] = ()


Message = ReadingBatch | KindState | Health


class Bus(Protocol):
    """Publishing never waits for a slow listener; listeners run on the carrier's thread."""

    def publish(self, message: Message) -> None: ...

    def listen(self, listener: Callable[[Message], None]) -> None: ...

    def close(self) -> None: ...


class LocalBus:
    """Hands each message to every listener at once, on the publisher's thread."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Message], None]] = []

    def publish(self, message: Message) -> None:
        for listener in self._listeners:
            listener(message)

    def listen(self, listener: Callable[[Message], None]) -> None:
        self._listeners.append(listener)

    def close(self) -> None:
        self._listeners.clear()
