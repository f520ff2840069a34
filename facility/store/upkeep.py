"""Upkeep of a readings store: rolling up and expiry, step by step on a thread of its own."""

from __future__ import annotations

import logging

from facility.background import Loop
from facility.clock import Clock
from facility.errors import Permanent, Retryable
from facility.store.rollup import RollUp

log = logging.getLogger(__name__)

_LOOKS_EVERY_S = 20.0
_BREATHES_S = 0.05


class Upkeep:
    """Takes a step of a :class:`RollUp` whenever one is due. One process does it for a store."""

    def __init__(self, roll_up: RollUp, clock: Clock) -> None:
        self._roll_up = roll_up
        self._clock = clock
        self._problem = ""
        self.loop = Loop("upkeep", self._step)

    def _step(self) -> None:
        try:
            left = self._roll_up.run(self._clock.now_ms())
        except (Retryable, Permanent) as error:
            if str(error) != self._problem:
                log.warning("hours wait to be rolled up: %s", error)
            self._problem = str(error)
            self.loop.wait(_LOOKS_EVERY_S)
            return
        self._problem = ""
        # Between two steps others get their turn at the store.
        self.loop.wait(_BREATHES_S if left else _LOOKS_EVERY_S / max(1.0, self._clock.speed / 10))
