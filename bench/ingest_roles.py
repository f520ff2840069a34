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
from facility.readings import ReadingBatch, Times
from facility.store.base import Verdict, WriteResult
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore
from ingest.service import IngestService, IngestSettings

ROOT = "facility"
TIMEOUT_S = 900
MILLION = 1_000_000


class Ages:
    """How old readings were, counted in steps of 2 %: as large after ten million as after ten."""

    _STEPS_MS = np.geomspace(0.1, 1e7, 932)

    def __init__(self) -> None:
        self._counts = np.zeros(len(self._STEPS_MS) + 1, np.int64)

    def add(self, ts: Times) -> None:
        """Counts about a thousand of the readings, by their age now."""
        ages = time.time() * 1000 - ts[:: max(1, len(ts) // 1000)]
        steps = np.searchsorted(self._STEPS_MS, ages)
        self._counts += np.bincount(steps, minlength=len(self._counts))

    def spread(self) -> list[float]:
        """The median and the 99th percentile, in ms."""
        places = np.searchsorted(
            np.cumsum(self._counts), self._counts.sum() * np.array([0.5, 0.99])
        )
        return [
            round(float(ms), 1) for ms in self._STEPS_MS[places.clip(max=len(self._STEPS_MS) - 1)]
        ]


class AwayStore:
    """A store that cannot be reached: every row has to wait."""

    def write(self, batch: ReadingBatch) -> WriteResult:
        return WriteResult.all(len(batch), Verdict.KEEP, "away")

    def close(self) -> None:
        pass


class Stopwatch:
    """Notes how old readings are when they are safe, and when they are stored."""

    def __init__(self, store: Any, bus: LocalBus) -> None:
        self._store = store
        self.safe_ms = Ages()
        self.stored_ms = Ages()
        self.safe = 0
        self.stored = 0
        self.writes_at_once = getattr(store, "writes_at_once", 1)
        self._lock = threading.Lock()
        bus.listen(self._hear)

    def _hear(self, message: Message) -> None:
        if isinstance(message, ReadingBatch):
            self.safe_ms.add(message.ts)
            self.safe += len(message)

    def write(self, batch: ReadingBatch) -> WriteResult:
        result: WriteResult = self._store.write(batch)
        with self._lock:
            self.stored_ms.add(batch.ts)
            self.stored += len(result.rows(Verdict.ACCEPT))
        return result


def serve(options: argparse.Namespace) -> None:
    """Ingest until so many readings are stored, then the figures; its memory at every million.

    With the store away, until so many are safe in the spool.
    """
    bus = LocalBus()
    store: InfluxStore | DuckStore | AwayStore
    if options.store == "away":
        store = AwayStore()
    elif options.store != "duckdb":
        store = InfluxStore(options.store, f"bench {time.time_ns()}")
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
    done = 0
    while done < options.expected and time.perf_counter() - start < TIMEOUT_S:
        time.sleep(0.01)
        done = watch.safe if options.store == "away" else watch.stored
        if done >= (len(rss) + 1) * MILLION:
            rss.append(process.memory_info().rss >> 20)
    used = process.cpu_times()
    figures = {
        "done": done,
        "safe_ms": watch.safe_ms.spread(),
        "stored_ms": watch.stored_ms.spread(),
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
    _say({"done": count, "cpu_s": used.user + used.system})


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
    parser.add_argument("--store", default="duckdb", help="duckdb, away, or an InfluxDB's URL")
    options = parser.parse_args()
    if options.role == "ours":
        serve(options)
    else:
        stock(options)


if __name__ == "__main__":
    main()
