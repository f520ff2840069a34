"""The writer: every reading stored or refused, whatever the store does, and in any order."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facility.errors import Permanent, Retryable
from facility.readings import ReadingBatch
from facility.store.base import Verdict, WriteResult
from facility.store.duckdb import DuckStore
from ingest import quarantine
from ingest.ledger import balance, entries_of
from ingest.pipeline import Pipeline
from ingest.spool import Spool, SpoolLimits
from ingest.writer import Pace, Writer
from tests.ingest.batches import decode, decoded_of, message_of
from tests.servers import wait_until


class FakeStore:
    """Keeps what it accepts; ``answer`` decides, and may raise."""

    def __init__(self, answer: Callable[[ReadingBatch], WriteResult] | None = None) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.numbers: list[int] = []
        self.sizes: list[int] = []
        self.under_way = 0
        self.most_under_way = 0

    def write(self, batch: ReadingBatch) -> WriteResult:
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            accept = WriteResult.all(len(batch), Verdict.ACCEPT)
            result = self._answer(batch) if self._answer else accept
        finally:
            with self._lock:
                self.under_way -= 1
        with self._lock:
            rows = result.rows(Verdict.ACCEPT)
            self.numbers += batch.column("power_w")[rows].astype(int).tolist()
            self.sizes.append(len(batch))
        return result


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "test.spool", SpoolLimits(min_free_mb=0))
    yield spool
    spool.close()


@pytest.fixture
def run(spool: Spool) -> Iterator[Callable[..., Writer]]:
    writers: list[Writer] = []

    def start(store: object, pace: Pace | None = None) -> Writer:
        writer = Writer(spool, store, pace)  # type: ignore[arg-type]
        writers.append(writer)
        writer.start()
        return writer

    yield start
    for writer in writers:
        writer.stop()


def put(spool: Spool, numbers: range, writer: Writer | None = None) -> None:
    """Through the spool, and offered to the writer where one is given."""
    decoded = decoded_of(list(numbers))
    ids = spool.append(decoded, entries_of(decoded))
    if writer:
        writer.offer(ids, decoded.batches)


def drained(spool: Spool) -> None:
    wait_until(lambda: spool.ledger()["in_spool"] == 0, 15, "an empty spool")
    assert balance(spool.ledger()) == 0


def test_everything_is_written_once_wherever_it_comes_from(
    spool: Spool, run: Callable[..., Writer]
) -> None:
    for start in range(0, 2_000, 100):
        put(spool, range(start, start + 100))
    store = FakeStore()
    writer = run(store, Pace(1, 500))
    for start in range(2_000, 6_000, 100):
        # One in five is not offered, as when the door was interrupted in between.
        put(spool, range(start, start + 100), writer if start % 500 else None)
    put(spool, range(6_000, 6_001), writer)
    drained(spool)
    assert sorted(store.numbers) == list(range(6_001))
    assert spool.ledger()["stored"] == 6_001


def test_several_requests_are_under_way_and_no_batch_is_in_two(
    spool: Spool, run: Callable[..., Writer]
) -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(batch: ReadingBatch) -> WriteResult:
        together.wait()
        return WriteResult.all(len(batch), Verdict.ACCEPT)

    for start in range(0, 4_000, 100):
        put(spool, range(start, start + 100))
    store = FakeStore(meet)
    run(store, Pace(4, 100))
    drained(spool)
    assert store.most_under_way == 4
    assert sorted(store.numbers) == list(range(4_000))


@pytest.mark.parametrize(
    "trouble", [Retryable("away"), Permanent("wrong password"), RuntimeError("a fault"), None]
)
def test_a_store_that_fails_is_asked_again_for_ever(
    spool: Spool, run: Callable[..., Writer], trouble: Exception | None
) -> None:
    fails = iter([True, True, False])

    def answer(batch: ReadingBatch) -> WriteResult:
        if next(fails, False):
            if trouble:
                raise trouble
            return WriteResult.all(len(batch), Verdict.KEEP, "busy")
        return WriteResult.all(len(batch), Verdict.ACCEPT)

    put(spool, range(50))
    store = FakeStore(answer)
    writer = run(store)
    wait_until(lambda: bool(writer.problem), 5, "the problem")
    drained(spool)
    assert store.numbers == list(range(50))
    assert writer.problem == ""


def test_only_the_rows_that_were_kept_are_written_again(
    spool: Spool, run: Callable[..., Writer]
) -> None:
    def answer(batch: ReadingBatch) -> WriteResult:
        result = WriteResult.all(len(batch), Verdict.ACCEPT)
        result.verdicts[len(batch) // 2 :] = Verdict.KEEP if len(batch) > 40 else Verdict.ACCEPT
        return result

    put(spool, range(64))
    store = FakeStore(answer)
    run(store)
    drained(spool)
    assert store.sizes == [64, 32]
    assert sorted(store.numbers) == list(range(64))


def test_a_full_disk_after_the_write_is_waited_for(
    spool: Spool, run: Callable[..., Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, full = spool.settle, iter([True, True])

    def settle_when_there_is_room(*arguments: object) -> None:
        if next(full, False):
            raise Retryable("the disk is full")
        settle(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(spool, "settle", settle_when_there_is_room)
    put(spool, range(50))
    store = FakeStore()
    run(store)
    drained(spool)
    assert store.numbers == list(range(50))
    assert spool.ledger()["stored"] == 50


def test_a_refused_reading_can_be_tried_again_from_quarantine(
    tmp_path: Path, spool: Spool, run: Callable[..., Writer]
) -> None:
    messages = [
        (
            b"facility/410105/cabinet/CAB-1/telemetry",
            b'{"ts":1750000000000,"circuit":"C2","power_w":5}',
        ),
        (b"facility/410105/cover/K-1/status", b'{"ts":1750000000000,"state":"online"}'),
        message_of(13, power_w=13, on=True, faults=["cycling"]),
    ]
    decoded = decode(messages)
    spool.append(decoded, entries_of(decoded))
    before = {batch.table: batch for batch in decoded.batches}
    run(FakeStore(lambda batch: WriteResult.all(len(batch), Verdict.REJECT, "no room for it")))
    drained(spool)
    held = quarantine.listed(tmp_path / "test.spool", reason="refused")
    assert [one.message.detail for one in held] == ["no room for it"] * 3
    for one in held:
        (batch,) = decode([(one.message.topic.encode(), one.message.payload)]).batches
        same = before[batch.table]
        assert (batch.name(0), batch.ts[0]) == (same.name(0), same.ts[0])
        assert batch.columns == same.columns
        assert json.loads(one.message.payload)["ts"] == same.ts[0]


def test_the_order_of_a_devices_messages_does_not_matter(tmp_path: Path) -> None:
    """Whole, in parts, late and repeated: what is stored in the end is the same."""
    messages = [message_of(number, power_w=number) for number in range(300)]
    messages += [message_of(number, voltage_v=230.5) for number in range(0, 300, 3)]
    stored = []
    for seed in range(3):
        shuffled = messages * 2
        random.Random(seed).shuffle(shuffled)
        spool = Spool(tmp_path / f"{seed}.spool", SpoolLimits(min_free_mb=0))
        store = DuckStore(tmp_path / f"{seed}.duckdb")
        writer = Writer(spool, store, Pace(3, 50))
        pipeline = Pipeline()
        writer.start()
        for start in range(0, len(shuffled), 60):
            decoded = decode(shuffled[start : start + 60], pipeline)
            writer.offer(spool.append(decoded, entries_of(decoded)), decoded.batches)
        drained(spool)
        writer.stop()
        (batch,) = store.scan("streetlight", 0, 1 << 45)
        stored.append(
            sorted(
                zip(
                    [batch.name(row) for row in range(len(batch))],
                    batch.ts.tolist(),
                    np.nan_to_num(batch.column("power_w"), nan=-1).tolist(),
                    np.nan_to_num(batch.column("voltage_v"), nan=-1).tolist(),
                    strict=True,
                )
            )
        )
        store.close()
        spool.close()
    assert stored[0] == stored[1] == stored[2]
    assert len(stored[0]) == 300
