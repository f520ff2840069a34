"""Ctrl-C and SIGTERM, in a start and after it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from command.stopping import Stopping


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_ends_where_it_stands(number: signal.Signals) -> None:
    Stopping()
    with pytest.raises(SystemExit) as ended:
        signal.raise_signal(number)
    assert ended.value.code == 0


def test_a_second_one_does_not_disturb_what_is_being_closed() -> None:
    Stopping()
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)


def test_what_has_started_is_woken() -> None:
    stopping = Stopping()
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGTERM))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    stopping.wait()
    signal.raise_signal(signal.SIGINT)
    stopping.wait()
