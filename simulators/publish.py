"""Publishes a running district, day after day, at the pace of a clock."""

from __future__ import annotations

import threading
from collections.abc import Callable

from facility.clock import HOUR, Clock, real_seconds
from facility.errors import Retryable
from simulators.run import QOS, Run
from simulators.scenario import Scenario

Send = Callable[[str, bytes, int, bool], object]

_GIVEN_UP_AFTER = HOUR
"""Messages that are later than this by the clock are left out: the machine slept."""

_LONGEST_WAIT_S = 0.5
_AGAIN_AFTER_S = 0.1


def publish(
    scenario: Scenario,
    send: Send,
    clock: Clock,
    stop: threading.Event,
    *,
    start_ms: int | None = None,
) -> int:
    """Sends the scenario's messages when the clock shows their time, until ``stop`` is set.

    ``send(topic, payload, qos, retain)`` may wait, or raise Retryable and be called again: that
    holds the simulation up, so its backlog stays at one window of messages. ``start_ms`` is where
    the run begins, now where None; where the clock is an hour ahead of a window, the window is
    left out. Returns how many messages were sent.
    """
    run = Run(scenario, clock.now_ms() if start_ms is None else start_ms)
    sent = 0
    for until, window in run.windows():
        if clock.now_ms() - until > _GIVEN_UP_AFTER:
            continue
        for at, topic, payload, retained in zip(
            window.arrived, window.topics, window.payloads, window.retained, strict=True
        ):
            while not stop.is_set() and (left := real_seconds(clock, at)) > 0:
                stop.wait(min(left, _LONGEST_WAIT_S))
            if not _delivered(send, (topic, payload.encode(), QOS, retained), stop):
                return sent
            sent += 1
        if stop.is_set():
            return sent
    return sent


def _delivered(send: Send, message: tuple[str, bytes, int, bool], stop: threading.Event) -> bool:
    """Sends a message, again and again while the way is blocked; False where ``stop`` was set."""
    while not stop.is_set():
        try:
            send(*message)
        except Retryable:
            stop.wait(_AGAIN_AFTER_S)
        else:
            return True
    return False
