"""The ingest service with a real broker and a real store: nothing lost, nothing twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from facility.bus import Health, LocalBus, Message
from facility.clock import SystemClock
from facility.measurements import Kind
from facility.mqtt import MqttSettings, Session
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore, Verdict, WriteResult
from facility.store.duckdb import DuckStore
from ingest.service import IngestService, IngestSettings
from tests.servers import Mosquitto, wait_until

NOW = SystemClock().now_ms()


class Listener:
    """Keeps what the bus says."""

    def __init__(self, bus: LocalBus) -> None:
        self.readings = 0
        self.health: Health | None = None
        bus.listen(self._hear)

    def _hear(self, message: Message) -> None:
        if isinstance(message, ReadingBatch):
            self.readings += len(message)
        elif isinstance(message, Health):
            self.health = message


class AwayStore:
    """A store that is away for a while, then the real one: every write is KEEP until it is back."""

    def __init__(self, store: ReadingsStore) -> None:
        self._store = store
        self.away = threading.Event()
        self.refuses: Callable[[ReadingBatch], list[int]] = lambda _: []

    def write(self, batch: ReadingBatch) -> WriteResult:
        if self.away.is_set():
            return WriteResult.all(len(batch), Verdict.KEEP, "the store is away")
        result = self._store.write(batch)
        for row in self.refuses(batch):
            result.verdicts[row] = Verdict.REJECT
            result.reasons[row] = "refused for the test"
        return result


class Door:
    """One ingest service on folders and topics of its own."""

    def __init__(self, folder: Path, broker: Mosquitto, name: str) -> None:
        self.root = f"test-{name}"
        self.folder = folder
        self._mqtt = MqttSettings(url=broker.url)
        self.settings = IngestSettings(root=self.root, client_id=f"ingest-{name}")
        self.duck = DuckStore(folder / "readings.duckdb")
        self.store = AwayStore(self.duck)
        self.publisher = Session(self._mqtt, f"publisher-{name}")
        self.publisher.start()
        self.open()

    def open(self) -> None:
        bus = LocalBus()
        self.heard = Listener(bus)
        self.service = IngestService(
            self.settings,
            self._mqtt,
            self.folder,
            self.store,  # type: ignore[arg-type]
            bus,
            SystemClock(),
        )
        self.service.start()

    def publish(self, payload: bytes, device: str = "L1", channel: str = "telemetry") -> None:
        self.publisher.publish(f"{self.root}/410105/streetlight/{device}/{channel}", payload)

    def counters(self) -> dict[str, Any]:
        return self.service.health().counters

    def settles(self, received: int) -> None:
        """Waits until so many readings were received and nothing is under way."""

        def done() -> bool:
            books = self.counters()
            return bool(books["received"] >= received and books["in_spool"] == 0)

        wait_until(done, 20, f"{received} readings settled")

    def stored(self, device: str) -> list[float]:
        series = self.duck.read(Kind.STREETLIGHT, device, ["power_w"], 0, NOW * 2)
        return [float(watts) for watts in series.columns["power_w"]]


@pytest.fixture
def door(tmp_path: Path, mosquitto: Mosquitto, request: pytest.FixtureRequest) -> Iterator[Door]:
    door = Door(tmp_path, mosquitto, request.node.name[:40].replace("_", "-"))
    yield door
    door.service.stop()
    door.publisher.stop()
    door.duck.close()


def reading(number: int, **fields: object) -> bytes:
    return json.dumps({"ts": NOW + number, "power_w": number % 4000, **fields}).encode()


def test_readings_land_in_the_store_once_and_on_the_bus(door: Door) -> None:
    for number in range(500):
        door.publish(reading(number))
    for number in range(100):
        door.publish(reading(number))
    door.publish(b"[" + b",".join(reading(1000 + n) for n in range(50)) + b"]", "L2")
    door.settles(650)
    assert door.stored("L1") == [float(n) for n in range(500)]
    assert len(door.stored("L2")) == 50
    assert door.heard.readings == 650
    books = door.counters()
    assert books["received"] == books["stored"] == 650
    assert books["unaccounted"] == 0


def test_bad_input_is_accounted_for_and_the_service_goes_on(door: Door) -> None:
    door.publish(b"\xff\x00 no json")
    door.publish(b"42")
    door.publish(reading(1, power_w="much"))
    door.publish(reading(2, power_w=-5, voltage_v=230, colour="red"))
    door.publish(json.dumps({"ts": NOW + 3_600_000, "power_w": 3}).encode())
    door.publisher.publish(f"{door.root}/410105/streetlight/a b/telemetry", reading(3))
    door.publish(b'{"state": "offline", "reason": "power_loss"}', channel="status")
    door.publish(reading(4))
    door.settles(8)
    books = door.counters()
    assert books["reasons"] == {
        "dropped:streetlight.*:unknown": 1,
        "dropped:streetlight.power_w:range": 1,
        "dropped:streetlight.power_w:type": 1,
        "quarantined:future_ts": 1,
        "quarantined:not_an_object": 1,
        "quarantined:nothing_left": 1,
        "quarantined:topic": 1,
        "quarantined:unreadable": 1,
    }
    assert books["stored"] == 3
    assert books["unaccounted"] == 0
    assert door.duck.latest("status").column("reason").tolist() == [0.0]


def test_a_store_that_is_away_costs_nothing_but_disk(door: Door) -> None:
    door.store.away.set()
    for number in range(200):
        door.publish(reading(number))
    wait_until(lambda: door.counters()["in_spool"] == 200, 20, "the spool")
    # Detection goes on meanwhile, and the broker has been told that all is safe.
    wait_until(lambda: door.heard.readings == 200, 5, "the readings on the bus")
    wait_until(lambda: bool(door.service.health().problems), 5, "the problem")
    assert door.service.health().problems[0][0] == "store"
    door.service.stop()
    door.store.away.clear()
    door.open()
    door.settles(200)
    assert door.stored("L1") == [float(n) for n in range(200)]
    assert door.counters()["unaccounted"] == 0


def test_what_the_store_refuses_is_quarantined_with_its_words(door: Door) -> None:
    door.store.refuses = lambda batch: [
        row for row, power in enumerate(batch.column("power_w")) if power == 13
    ]
    for number in range(30):
        door.publish(reading(number))
    door.settles(30)
    books = door.counters()
    assert (books["stored"], books["refused"], books["unaccounted"]) == (29, 1, 0)


def test_only_what_the_filters_match_is_taken(door: Door) -> None:
    """Two processes whose filters do not overlap share the work, as two of one group do."""
    door.service.stop()
    name = f"{door.settings.client_id}-filtered"
    filters = (f"{door.root}/+/+/L1/#", f"{door.root}/+/+/L3/#")
    door.settings = IngestSettings(root=door.root, client_id=name, filters=filters)
    door.open()
    for number in range(40):
        door.publish(reading(number), f"L{number % 4}")
    door.settles(20)
    assert [len(door.stored(f"L{device}")) for device in range(4)] == [0, 10, 0, 10]


def test_a_second_ingest_on_the_same_spool_is_refused(door: Door) -> None:
    with pytest.raises(Exception, match="another xiuhua ingest uses the spool"):
        door.open()
