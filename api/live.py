"""What the rules hold of every asset now, and how the services say they are.

Fed by the bus, on the carrier's thread; read by the API's threads. A message replaces the one
before it, so a reader sees one state of a kind or the next, never half of each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.places import Places
from facility.bus import Health, KindState, Message
from facility.measurements import Kind

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class KindNow:
    """The states of a kind's assets in the inventory's order.

    ``state`` int8 (n,), an index into ``vocabulary``; ``last_seen`` int64 (n,) ms, 0 where never.
    """

    vocabulary: tuple[str, ...]
    state: NDArray[np.int8]
    last_seen: NDArray[np.int64]

    def of(self, row: int) -> tuple[str, int | None]:
        """The state of one asset, and when it was last seen (ms)."""
        return self.vocabulary[self.state[row]], int(self.last_seen[row]) or None

    def counts(self) -> dict[str, int]:
        """How many assets are in each state."""
        found = np.bincount(self.state, minlength=len(self.vocabulary))
        return {name: int(n) for name, n in zip(self.vocabulary, found, strict=True)}


@dataclass(frozen=True, slots=True)
class Heard:
    """A service's account of itself, and when it reached us (the monotonic clock's seconds)."""

    health: Health
    received_s: float


class Live:
    """The newest of each message. ``monotonic`` is real time: health is judged by receipt."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._states: dict[Kind, KindState] = {}
        self._healths: dict[str, Heard] = {}
        self._aligned: dict[Kind, tuple[KindState | None, Places, KindNow]] = {}
        self._rows: dict[Kind, tuple[tuple[str, ...], Places, NDArray[np.intp]]] = {}

    def hear(self, message: Message) -> None:
        """Takes a message off the bus; batches of readings are none of its business."""
        if isinstance(message, KindState):
            with self._lock:
                self._states[message.kind] = message
        elif isinstance(message, Health):
            with self._lock:
                self._healths[message.service] = Heard(message, self._monotonic())

    def services(self) -> dict[str, tuple[Health, float]]:
        """Each service's account, and the seconds since it came."""
        now = self._monotonic()
        with self._lock:
            heard = sorted(self._healths.items())
        return {name: (one.health, now - one.received_s) for name, one in heard}

    def told_by_rules(self) -> dict[str, Any]:
        """What the rules count beside the cases, as they told it last; empty before."""
        with self._lock:
            heard = self._healths.get("rules")
        return {} if heard is None else heard.health.counters

    def kind(self, kind: Kind, places: Places) -> KindNow:
        """The states of a kind; ``unknown`` for what the rules have not spoken of."""
        with self._lock:
            message = self._states.get(kind)
            known = self._aligned.get(kind)
            if known is None or known[0] is not message or known[1] is not places:
                known = (message, places, self._align(kind, message, places))
                self._aligned[kind] = known
            return known[2]

    def _align(self, kind: Kind, message: KindState | None, places: Places) -> KindNow:
        n = len(places.inventory.of_kind(kind))
        if message is None:
            return KindNow((UNKNOWN,), np.zeros(n, np.int8), np.zeros(n, np.int64))
        vocabulary = message.vocabulary
        if UNKNOWN not in vocabulary:
            vocabulary = (*vocabulary, UNKNOWN)
        # One more at the end, for the row -1 of an asset that the message does not have.
        state = np.append(message.state, np.int8(vocabulary.index(UNKNOWN)))
        last_seen = np.append(message.last_seen, 0)
        rows = self._rows_of(message, places)
        return KindNow(vocabulary, state[rows], last_seen[rows])

    def _rows_of(self, message: KindState, places: Places) -> NDArray[np.intp]:
        """For each asset of the inventory its row in the message, -1 without."""
        known = self._rows.get(message.kind)
        if known and known[1] is places and known[0] == message.ids:
            return known[2]
        row = {name: place for place, name in enumerate(message.ids)}
        assets = places.inventory.of_kind(message.kind)
        rows = np.array([row.get(asset.id, -1) for asset in assets], dtype=np.intp)
        self._rows[message.kind] = (message.ids, places, rows)
        return rows
