"""How messages travel: late, twice, out of order, held back, or not at all."""

from collections import Counter
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from facility.clock import MINUTE, SECOND
from facility.measurements import Kind
from simulators.delivery import Delivery, Messages
from simulators.faults.effects import Effect, Effects, What
from simulators.physics.reports import WINDOW

EVERY = 5 * MINUTE
DEVICES = 40
START = 1_789_464_600_000 // WINDOW * WINDOW
WINDOWS = 8


def carried(what: What | None = None, begin: int = 0, end: int = WINDOWS * WINDOW) -> Messages:
    """Two hours of five-minute reports of 40 devices; ``what`` happens to the first half."""
    effects = Effects()
    if what:
        rows = np.arange(DEVICES // 2, dtype=np.int32)
        effects.add([Effect(Kind.STREETLIGHT, what, rows, START + begin, START + end)])
    topics = [f"device/{row}" for row in range(DEVICES)]
    delivery = Delivery(Kind.STREETLIGHT, 1, topics, np.full(DEVICES, EVERY), effects)
    messages = Messages()
    for window in range(WINDOWS):
        at = START + window * WINDOW
        rows = np.repeat(np.arange(DEVICES, dtype=np.int32), 3)
        ts = at + np.tile(np.arange(3) * EVERY, DEVICES) + rows * 7 * SECOND
        payloads = [f'{{"ts":{moment}}}' for moment in ts.tolist()]
        messages.extend(delivery.carry(at, rows, ts, payloads))
    return messages


def delays(messages: Messages, affected: bool = True) -> list[int]:
    """How long each message of the affected, or the other, devices took (ms)."""
    return [
        at - msgspec.json.decode(payload)["ts"]
        for at, payload, topic in zip(
            messages.arrived, messages.payloads, messages.topics, strict=True
        )
        if (int(topic.split("/")[1]) < DEVICES // 2) is affected
    ]


def longest_silence(messages: Messages, row: int) -> int:
    """The longest time between two messages of a device (ms)."""
    arrived = sorted(
        at
        for at, topic in zip(messages.arrived, messages.topics, strict=True)
        if topic == f"device/{row}"
    )
    return int(np.diff(arrived).max())


def test_most_messages_arrive_within_seconds_each_after_it_was_measured() -> None:
    took = delays(carried()) + delays(carried(), affected=False)
    assert min(took) > 0
    assert np.percentile(took, 95) < 3 * SECOND
    assert len(took) >= DEVICES * WINDOWS * 3


def test_late_messages_break_no_silence() -> None:
    messages = carried(What.LATE)
    assert max(delays(messages)) > EVERY
    assert 0.2 < np.mean([delay > MINUTE for delay in delays(messages)]) < 0.5
    assert max(longest_silence(messages, row) for row in range(DEVICES // 2)) < 3 * EVERY


def test_repeated_messages_are_the_same_message() -> None:
    messages = carried(What.REPEATED)
    counts = Counter(zip(messages.topics, messages.payloads, strict=True))
    assert sum(count == 2 for count in counts.values()) > 100
    assert max(counts.values()) == 2


def test_out_of_order_messages_arrive_after_their_successor() -> None:
    messages = carried(What.OUT_OF_ORDER)
    order = sorted(zip(messages.arrived, messages.payloads, messages.topics, strict=True))
    seen = [msgspec.json.decode(p)["ts"] for _, p, topic in order if topic == "device/3"]
    assert sum(a > b for a, b in pairwise(seen)) > 5
    assert longest_silence(messages, 3) < 3 * EVERY


def test_a_silent_device_sends_nothing_and_loses_nothing_else() -> None:
    messages = carried(What.SILENT, 30 * MINUTE, 60 * MINUTE)
    counts = Counter(messages.topics)
    assert counts["device/0"] == pytest.approx(WINDOWS * 3 - 6, abs=1)
    assert counts[f"device/{DEVICES - 1}"] >= WINDOWS * 3


def test_a_device_that_was_offline_sends_what_it_kept_in_one_array() -> None:
    begin, end = 31 * MINUTE, 31 * MINUTE + round(1.7 * EVERY)
    messages = carried(What.BUFFERED, begin, end)
    arrays = [k for k, payload in enumerate(messages.payloads) if payload.startswith("[")]
    assert len(arrays) == DEVICES // 2
    for k in arrays:
        assert messages.arrived[k] == START + end + 2 * SECOND
        kept = [reading["ts"] for reading in msgspec.json.decode(messages.payloads[k])]
        assert 1 <= len(kept) <= 2
        assert all(START + begin <= ts < START + end for ts in kept)
        row = int(messages.topics[k].split("/")[1])
        assert longest_silence(messages, row) < 3 * EVERY
