"""Ctrl-C and SIGTERM: they end a start where it stands, and later wake who waits for them."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def until_stopped() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


class Stopping:
    """What a service asks when to stop. Made in the main thread, before anything is started."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._starting = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def wait(self) -> None:
        """Says that all is started, and returns when it is to stop."""
        self._starting = False
        self._asked.wait()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        first = not self._asked.is_set()
        self._asked.set()
        # Only once: what is being closed by then is not to be torn out of it by a second Ctrl-C.
        if first and self._starting:
            raise SystemExit(0)
