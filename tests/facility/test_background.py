"""A service's thread: what it raises is told once, and told apart."""

from __future__ import annotations

import logging
import threading

import pytest

from facility.background import Loop
from facility.errors import Retryable


def test_what_passes_is_a_line_and_a_bug_has_its_traceback_each_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    steps = iter([Retryable("away"), Retryable("away"), ValueError("a bug"), None])
    seen: list[str] = []
    done = threading.Event()

    def step() -> None:
        seen.append(loop.failure)
        error = next(steps)
        if error is None:
            done.set()
            loop.wait(10)
            return
        raise error

    loop = Loop("reporter", step)
    with caplog.at_level(logging.ERROR):
        loop.start()
        assert done.wait(60)
        loop.stop()
    assert seen == ["", "away", "away", "ValueError: a bug"]
    assert loop.failure == ""
    told = [(one.getMessage(), one.exc_info is not None) for one in caplog.records]
    assert told == [("reporter waits: away", False), ("reporter failed; trying again", True)]
