"""The door: nothing acknowledged before it is safe, and nothing kept that is not."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from facility.bus import LocalBus, Message
from facility.clock import VirtualClock
from facility.errors import UsageError
from facility.mqtt import Delivery
from facility.readings import ReadingBatch
from ingest import quarantine
from ingest.door import Door
from ingest.ledger import balance
from ingest.pipeline import Pipeline
from ingest.recent import Recent
from ingest.spool import Spool, SpoolFull, SpoolLimits
from tests.ingest.batches import T0, batch_of, message_of
from tests.servers import wait_until


class FakeLink:
    """The session's part: notes what was acknowledged, and what the spool held by then."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.connection = 1
        self.connected = True
        self.acknowledged: list[int] = []
        self.received_by_then: list[int] = []

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.received_by_then.append(self._spool.ledger()["received"])
        for delivery in deliveries:
            if delivery.connection == self.connection:
                self.acknowledged += delivery.mids

    def leave(self) -> None:
        self.connected = False

    def rejoin(self) -> None:
        self.connected = True
        self.connection += 1


class Rig:
    """A door with a real spool and a link of paper."""

    def __init__(self, folder: Path, limits: SpoolLimits, patience_s: float = 0.2) -> None:
        self.path = folder / "test.spool"
        self.spool = Spool(self.path, limits)
        self.link = FakeLink(self.spool)
        self.offered: list[int] = []
        self.bus = LocalBus()
        self.door = Door(
            Pipeline(),
            self.spool,
            self.bus,
            VirtualClock(T0 + 1_000, 0.0),
            self.link,
            lambda ids, _: self.offered.extend(ids),
            patience_s,
        )
        self.door.loop.start()

    def send(self, numbers: Sequence[int], payload: bytes | None = None) -> None:
        """One delivery with a reading a number; its packet id is the number + 1."""
        delivery = Delivery(self.link.connection, 100 * len(numbers))
        for number in numbers:
            topic, reading = message_of(number, power_w=number)
            delivery.topics.append(topic)
            delivery.payloads.append(reading if payload is None else payload)
            delivery.mids.append(number + 1)
        self.door.take(delivery)

    def books(self) -> Counter[str]:
        return self.spool.ledger()

    def close(self) -> None:
        self.door.loop.stop()
        self.spool.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, SpoolLimits(min_free_mb=0))
    yield rig
    rig.close()


def acknowledged(rig: Rig, count: int) -> Callable[[], bool]:
    return lambda: len(rig.link.acknowledged) >= count


def test_messages_are_acknowledged_in_order_once_they_are_safe(rig: Rig) -> None:
    for start in range(0, 12_000, 300):
        rig.send(range(start, start + 300))
    wait_until(acknowledged(rig, 12_000), 10, "all acknowledged")
    assert rig.link.acknowledged == list(range(1, 12_001))
    assert len(rig.link.received_by_then) > 1
    so_far = 0
    for count, received in enumerate(rig.link.received_by_then):
        so_far = min(12_000, (count + 1) * 300)
        assert received >= so_far
    wait_until(lambda: rig.door.waiting == 0, 5, "an empty door")


def test_repetitions_are_counted_and_stay_in_balance(rig: Rig) -> None:
    rig.send(range(100))
    rig.send([5, 5, 7])
    wait_until(acknowledged(rig, 103), 5, "the first")
    rig.send(range(50, 120))
    wait_until(acknowledged(rig, 173), 5, "all acknowledged")
    books = rig.books()
    assert (books["received"], books["duplicate"]) == (173, 3 + 50)
    assert balance(books) == 0


def test_the_memory_of_what_came_knows_tables_and_names_apart() -> None:
    recent = Recent()
    first = batch_of(range(1_000))
    recent.remember(recent.keys([first]))
    again = batch_of(range(500, 1_500))
    assert recent.count(recent.keys([again])) == 500
    other = ReadingBatch("cover", first.names, first.series, first.ts, first.arrived)
    assert recent.count(recent.keys([other])) == 0
    assert recent.count(recent.keys([])) == 0


def test_a_full_spool_costs_the_connection_and_not_the_data(tmp_path: Path) -> None:
    rig = Rig(tmp_path, SpoolLimits(spool_max_mb=0.05, min_free_mb=0))
    for start in range(0, 20_000, 200):
        if rig.door.full:
            break
        rig.send(range(start, start + 200))
        wait_until(lambda: rig.door.waiting == 0 or rig.door.full, 5, "the door")
    wait_until(lambda: not rig.link.connected, 5, "the connection dropped")
    assert "spool_max_mb" in rig.door.problem
    safe = len(rig.link.acknowledged)
    assert rig.books()["received"] == safe < 20_000
    rig.send(range(safe, safe + 10))  # still read from the old connection: the broker has it
    rig.spool.settle(rig.offered, [], {"stored": safe})
    wait_until(lambda: rig.link.connection == 2, 5, "the connection")
    rig.send(range(safe, safe + 200))
    wait_until(acknowledged(rig, safe + 200), 5, "the rest")
    assert rig.books()["received"] == safe + 200
    assert not rig.door.full
    assert not rig.door.problem
    rig.close()


def test_a_fault_behind_the_door_costs_the_connection_and_not_the_data(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, faults = rig.spool.append, iter([True])

    def fail_once(*arguments: object) -> list[int]:
        if next(faults, False):
            raise RuntimeError("a fault")
        return append(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.spool, "append", fail_once)
    rig.send(range(10))
    wait_until(lambda: rig.link.connection == 2, 5, "a new connection")
    assert rig.link.acknowledged == []
    rig.send(range(10))
    wait_until(acknowledged(rig, 10), 5, "all acknowledged")
    assert rig.books()["received"] == 10


def test_a_listener_that_fails_does_not_matter(rig: Rig) -> None:
    heard = threading.Event()

    def hear(_: Message) -> None:
        heard.set()
        raise RuntimeError("a fault of the listener")

    rig.bus.listen(hear)
    rig.send(range(10))
    wait_until(heard.is_set, 5, "the listener")
    rig.send(range(10, 20))
    wait_until(acknowledged(rig, 20), 5, "all acknowledged")
    wait_until(lambda: len(rig.offered) == 2, 5, "both batches")


def test_the_socket_is_not_read_past_what_may_be_unacknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path, SpoolLimits(min_free_mb=0), patience_s=60)
    monkeypatch.setattr(rig.spool, "append", lambda *_: (_ for _ in ()).throw(SpoolFull("full")))
    taken = []

    def read() -> None:
        for start in range(0, 70_000, 1_000):
            rig.send(range(start, start + 1_000))
            taken.append(start)

    reader = threading.Thread(target=read)
    reader.start()
    wait_until(lambda: rig.door.waiting > 28_000, 10, "a crowd")
    assert rig.door.waiting < 65_535
    assert reader.is_alive()
    monkeypatch.undo()
    reader.join(20)
    wait_until(acknowledged(rig, 70_000), 10, "all acknowledged")
    assert rig.link.acknowledged == list(range(1, 70_001))
    rig.close()


def test_a_repaired_message_leaves_the_quarantine_while_ingest_runs(rig: Rig) -> None:
    rig.send(range(3), payload=b"\xff")
    rig.send(range(3, 5))
    wait_until(acknowledged(rig, 5), 5, "all acknowledged")
    held = quarantine.listed(rig.path)
    assert [one.message.payload for one in held] == [b"\xff"] * 3
    assert quarantine.listed(rig.path, reason="topic") == []
    assert len(quarantine.listed(rig.path, topic="facility/410105/streetlight/L1/")) == 1
    assert len(quarantine.listed(rig.path, limit=2)) == 2
    number = held[0].id
    repair(rig.spool, number, b'[{"ts":%d,"power_w":1},{"ts":%d,"power_w":2},7]' % (T0, T0 + 1))
    outcomes = quarantine.retried(rig.path, Pipeline(), [one.id for one in held])
    assert [(one.id, one.repaired, one.reason) for one in outcomes] == [
        (number, True, ""),
        (held[1].id, False, "unreadable"),
        (held[2].id, False, "unreadable"),
    ]
    books = rig.books()
    assert (books["received"], books["in_spool"], books["repaired"]) == (7, 4, 1)
    assert books["quarantined:unreadable"] == 2
    assert books["quarantined:not_an_object"] == 1
    assert balance(books) == 0
    wait_until(lambda: len(rig.offered) == 2, 5, "the repaired batch on its way to the store")


def test_and_while_no_ingest_runs(tmp_path: Path) -> None:
    rig = Rig(tmp_path, SpoolLimits(min_free_mb=0))
    rig.send([1], payload=b"\xff")
    wait_until(acknowledged(rig, 1), 5, "the message")
    (held,) = quarantine.listed(rig.path)
    rig.door.loop.stop()
    repair(rig.spool, held.id, b'{"ts":%d,"power_w":1}' % T0)
    rig.spool.close()
    assert quarantine.shown(rig.path, held.id).message.payload.startswith(b'{"ts"')
    assert quarantine.retried(rig.path, Pipeline(), [held.id])[0].repaired
    spool = Spool(rig.path, SpoolLimits(min_free_mb=0))
    books = spool.ledger()
    assert (books["received"], books["in_spool"], balance(books)) == (1, 1, 0)
    spool.close()
    with pytest.raises(UsageError, match=f"no message {held.id} in quarantine"):
        quarantine.shown(rig.path, held.id)
    with pytest.raises(UsageError, match=r"no spool .*--data-dir"):
        quarantine.listed(tmp_path / "none.spool")


def test_a_request_that_no_one_comes_to_is_said_to_wait(rig: Rig) -> None:
    rig.send([1], payload=b"\xff")
    wait_until(acknowledged(rig, 1), 5, "the message")
    rig.door.loop.stop()
    (held,) = quarantine.listed(rig.path)
    (outcome,) = quarantine.retried(rig.path, Pipeline(), [held.id], patience_s=0.2)
    assert outcome.waiting
    assert not outcome.repaired


def repair(spool: Spool, number: int, payload: bytes) -> None:
    """What a mended decoder does: the bytes mean something now."""
    with spool._lock:
        spool._db.execute("UPDATE quarantine SET payload = ? WHERE id = ?", (payload, number))
