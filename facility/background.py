"""A service's own thread: started, watched, stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from facility.errors import Retryable

log = logging.getLogger(__name__)


class Loop:
    """Calls ``step`` over and over on a thread of its own until stopped.

    A step should return within a second or so. What it raises shows in ``failure``, and the loop
    tries again a second later: Retryable passes by itself, anything else is a bug. Either is logged
    once for as long as it goes on.
    """

    def __init__(self, name: str, step: Callable[[], None]) -> None:
        self.failure = ""
        self._step = step
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10) -> None:
        """Lets the running step end, and waits for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Waits, but not past the stop."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        logged: type[Exception] | None = None
        while not self._stopping.is_set():
            try:
                self._step()
                self.failure, logged = "", None
            except Retryable as error:
                if logged is not Retryable:
                    log.error("%s waits: %s", self._thread.name, error)
                self.failure, logged = str(error), Retryable
                self._stopping.wait(1)
            except Exception as error:  # the boundary of a service's thread
                if logged is not Exception:
                    log.exception("%s failed; trying again", self._thread.name)
                self.failure, logged = f"{type(error).__name__}: {error}", Exception
                self._stopping.wait(1)
