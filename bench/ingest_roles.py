"""The processes that ``bench.ingest`` measures: ingest itself, and stock paho beside it.

`python -m bench.ingest_roles ours|stock …`; each prints a line when it is ready, and its figures
when it has seen everything.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from facility.bus import LocalBus, Message
from facility.clock import SystemClock
from facility.garbage import collect_seldom
from facility.mqtt import MqttSettings
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore, WriteResult
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore
from ingest.service import IngestService, IngestSettings

ROOT = "facility"
TIMEOUT_S = 900
MILLION = 1_000_000


class Stopwatch:
    """Notes how old readings are when they are safe, and when they are stored."""

    def __init__(self, store: ReadingsStore, bus: LocalBus) -> None:
        self._store = store
        self.safe: list[Any] = []
        self.stored: list[Any] = []
        self.done = 0
        self.writes_at_once = getattr(store, "writes_at_once", 1)
        self._lock = threading.Lock()
        bus.listen(self._hear)

    def _hear(self, message: Message) -> None:
        if isinstance(message, ReadingBatch):
            ages = time.time() * 1000 - message.ts
            self.safe.append(ages[:: max(1, len(ages) // 1000)])

    def write(self, batch: ReadingBatch) -> WriteResult:
        result = self._store.write(batch)
        ages = time.time() * 1000 - batch.ts
        with self._lock:
            self.stored.append(ages[:: max(1, len(ages) // 1000)])
            self.done += len(batch)
        return result


def serve(options: argparse.Namespace) -> None:
    """Ingest until so many readings are stored, then the figures; its memory at every million."""
    bus = LocalBus()
    store: ReadingsStore
    if options.influx:
        store = InfluxStore(options.influx, "bench")
    else:
        store = DuckStore(Path(options.folder) / "readings.duckdb")
    watch = Stopwatch(store, bus)
    service = IngestService(
        IngestSettings(root=ROOT, client_id="bench-ingest"),
        MqttSettings(url=options.url),
        Path(options.folder),
        watch,  # type: ignore[arg-type]
        bus,
        SystemClock(),
    )
    service.start()
    _say({"ready": True})
    process = psutil.Process()
    start = time.perf_counter()
    rss: list[int] = []
    while watch.done < options.expected and time.perf_counter() - start < TIMEOUT_S:
        time.sleep(0.01)
        if watch.done >= (len(rss) + 1) * MILLION:
            rss.append(process.memory_info().rss >> 20)
    used = process.cpu_times()
    figures = {
        "stored": watch.done,
        "safe_ms": _spread(watch.safe),
        "stored_ms": _spread(watch.stored),
        "cpu_s": used.user + used.system,
        "rss_mb": process.memory_info().rss >> 20,
        "rss_by_million": rss,
    }
    _say(figures)
    service.stop()
    store.close()


def stock(options: argparse.Namespace) -> None:
    """The peer: paho as it comes, acknowledging each message and doing nothing with it."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2, "bench-stock", clean_session=False, manual_ack=True
    )
    count = 0
    everything = threading.Event()

    def on_message(client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        nonlocal count
        client.ack(message.mid, message.qos)
        count += 1
        if count >= options.expected:
            everything.set()

    client.on_message = on_message
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    host, port = options.url.removeprefix("mqtt://").split(":")
    client.connect(host, int(port))
    client.loop_start()
    client.subscribe(f"{ROOT}/+/+/+/telemetry", 1)
    subscribed.wait(10)
    _say({"ready": True})
    everything.wait(TIMEOUT_S)
    used = psutil.Process().cpu_times()
    client.loop_stop()
    _say({"stored": count, "cpu_s": used.user + used.system})


def _spread(ages: list[Any]) -> list[float]:
    if not ages:
        return [0.0, 0.0]
    return [round(float(q), 1) for q in np.percentile(np.concatenate(ages), [50, 99])]


def _say(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def main() -> None:
    collect_seldom()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=["ours", "stock"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--expected", type=int, required=True)
    parser.add_argument("--influx")
    options = parser.parse_args()
    if options.role == "ours":
        serve(options)
    else:
        stock(options)


if __name__ == "__main__":
    main()
