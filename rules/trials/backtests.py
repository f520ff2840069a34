"""Backtests for other people than who runs the command: one at a time, in a thread that gives way.

Beside a live engine in the same process a backtest takes what is left: its thread has the lowest
priority the system gives without asking, and it rests after each slice.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from facility.clock import DAY
from facility.errors import Permanent, UsageError, XiuhuaError
from facility.grid import Grid
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from facility.store.base import ReadingsStore
from rules.book.rulebook import Rulebook, parse
from rules.trials.backtest import LEAD, Backtest, Question, Stopped
from rules.trials.tally import Result, Tally, streets

log = logging.getLogger(__name__)

LONGEST = 92 * DAY
_KEPT = 10
"""Runs whose results are kept."""

_NICE = 15
_REST = 0.5
"""How long it rests after a slice, of the time that took: the live engine needs the interpreter."""

State = Literal["running", "done", "failed", "cancelled"]


class Busy(Permanent):
    """Another one is running."""


@dataclass(slots=True)
class Run:
    """One backtest, as it is now. Times are ms."""

    id: str
    author: str
    started_at: int
    question: Question
    operators: int
    state: State = "running"
    at: int = 0
    readings: int = 0
    error: str = ""
    result: Result | None = None

    @property
    def progress(self) -> float:
        """How much of it is done, 0 to 1."""
        begin = self.question.start - LEAD
        share = (self.at - begin) / (self.question.end - begin)
        return 1.0 if self.state == "done" else min(max(share, 0.0), 1.0)


class Backtests:
    """The runs over one store. ``live`` gives the book in use, at the start of each run."""

    def __init__(
        self,
        store: ReadingsStore,
        inventory: Callable[[], Inventory],
        grid: Callable[[], Grid],
        plans: dict[str, LightingPlan],
        timezone: str,
        live: Callable[[], Rulebook],
    ) -> None:
        self._store = store
        self._inventory = inventory
        self._grid = grid
        self._plans = plans
        self._timezone = timezone
        self._live = live
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._thread: threading.Thread | None = None

    def start(self, text: str, start: int, end: int, operators: int, author: str, now: int) -> Run:
        """Begins a run of the draft ``text`` over [start, end) ms, at ``now``.

        UsageError where the draft has mistakes or the span is none; Busy while another runs.
        """
        if not start < end <= start + LONGEST:
            raise UsageError(f"from must be before to, by {LONGEST // DAY} days at most")
        question = Question(self._live(), parse(text, "rulebook"), start, end)
        with self._lock:
            if self.running() is not None:
                raise Busy("another backtest is running; wait for it, or cancel it")
            run = Run(secrets.token_hex(6), author, now, question, operators, at=start - LEAD)
            self._runs[run.id] = run
            while len(self._runs) > _KEPT:
                del self._runs[next(iter(self._runs))]
            self._thread = threading.Thread(
                target=self._run, args=(run,), name="backtest", daemon=True
            )
            self._thread.start()
        return run

    def running(self) -> Run | None:
        """The one that runs now."""
        return next((run for run in self._runs.values() if run.state == "running"), None)

    def runs(self) -> list[Run]:
        """Those that are kept, the newest first."""
        return list(self._runs.values())[::-1]

    def get(self, run_id: str) -> Run | None:
        """A run, or None."""
        return self._runs.get(run_id)

    def cancel(self, run_id: str) -> Run | None:
        """Says that a run is no longer wanted; it ends with the slice it is at."""
        with self._lock:
            run = self._runs.get(run_id)
            if run is not None and run.state == "running":
                run.state = "cancelled"
        return run

    def close(self) -> None:
        """Cancels what runs, and waits for it."""
        if run := self.running():
            self.cancel(run.id)
        if self._thread:
            self._thread.join()

    def _run(self, run: Run) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        try:
            result = self._result(run)
        except Stopped:
            return
        except UsageError as error:
            run.error, run.state = str(error), "failed"
        except XiuhuaError as error:
            # Where the store is, is for the log alone.
            log.error("a backtest cannot read: %s", error)
            run.error, run.state = (
                "the readings cannot be had; the log of this server says why",
                "failed",
            )
        except Exception:  # the boundary of a thread
            log.exception("a backtest failed")
            run.error, run.state = "a fault of this server; its log says more", "failed"
        else:
            with self._lock:
                if run.state == "running":
                    run.result, run.state = result, "done"

    def _result(self, run: Run) -> Result:
        question, inventory, grid = run.question, self._inventory(), self._grid()
        test = Backtest(self._store, inventory, self._plans, self._timezone, question, grid)
        tally = Tally(question.start, question.end, self._timezone, streets(inventory, grid))
        began = time.monotonic()

        def is_wanted() -> bool:
            nonlocal began
            run.at, run.readings = test.at, test.readings
            time.sleep(_REST * (time.monotonic() - began))
            began = time.monotonic()
            return run.state == "running"

        test.run(tally.hear, is_wanted)
        run.at, run.readings = test.at, test.readings
        versions = question.live.version, question.draft.version
        return tally.result(versions, test.readings, run.operators)
