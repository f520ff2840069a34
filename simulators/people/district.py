"""The people of a simulated district: dispatchers, units and inspectors at their desks; residents.

They use the HTTP API as anybody does, each with a key of its own, so what they do is held to roles
and stages, and whoever sits at the screen may be faster.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from facility.background import Loop
from facility.clock import MINUTE, SECOND, Clock
from simulators.people.client import Client, Refused
from simulators.people.habits import Habits, shipped
from simulators.people.residents import Town
from simulators.people.steps import Step, next_step

log = logging.getLogger(__name__)

_LOOK_EVERY = 2 * MINUTE
"""Of the district's time; in a district in great haste no more than four looks a second."""

_LEAST_S = 0.25

Keys = Callable[[str | None], str]
"""An API key: of the dispatchers, or of the unit that is named."""


class People:
    """Work on every case that is not closed, at ``url``, by ``clock``, until stopped."""

    def __init__(self, url: str, keys: Keys, clock: Clock, habits: Habits | None = None) -> None:
        self._url = url
        self._keys = keys
        self._clock = clock
        self._habits = habits or shipped()
        self._clients: dict[str | None, Client] = {}
        self._town = Town(self._client(None), self._habits.residents)
        self.refused = 0
        """Steps that came too late, or were not possible."""
        self.loop = Loop("simulated people", self._turn)

    def _turn(self) -> None:
        self.loop.wait(max(_LEAST_S, _LOOK_EVERY / SECOND / self._clock.speed))
        if not self.loop.stopping:
            self.work()

    def work(self) -> int:
        """One look at every case; how many steps were taken."""
        now = self._clock.now_ms()
        cases = self.cases()
        units = sorted({case["proposed_unit"] for case in cases} - {None})
        taken = 0
        for case in cases:
            step = next_step(case, now, units, self._habits)
            if step is not None:
                taken += self._take(case["id"], case["version"], step)
        try:
            self._town.live(cases, now)
        except Refused as refused:
            self._note(refused)
        return taken

    def cases(self) -> list[dict[str, Any]]:
        """Every case that is not closed, as the API shows it."""
        return list(self._client(None).pages("cases", state=["open", "recovered"]))

    def _take(self, case_id: str, version: int, step: Step) -> bool:
        body = {"action": step.action, "reason": step.reason, **step.given}
        try:
            self._client(step.unit).post(f"cases/{case_id}/actions", body, version)
        except Refused as refused:
            self._note(refused)
            return False
        return True

    def _note(self, refused: Refused) -> None:
        log.debug("%s", refused)
        self.refused += 1

    def _client(self, unit: str | None) -> Client:
        if unit not in self._clients:
            self._clients[unit] = Client(self._url, self._keys(unit))
        return self._clients[unit]
