"""What a message costs at the door: `python -m bench.ingest`.

A real Mosquitto on loopback, one publisher, and the ingest process with its spool and the embedded
store behind; all of them share the machine's cores. Beside it, in the same run, a stock paho
client that only acknowledges. Per run: CPU of the process per message, messages per second until
everything is stored, and from publish to acknowledged (safe in the spool) and to stored, p50/p99.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from bench.flood import flood
from bench.machine import describe
from facility.broker import EmbeddedBroker
from facility.bus import LocalBus, Message
from facility.clock import SystemClock
from facility.mqtt import MqttSettings
from facility.readings import ReadingBatch
from facility.store.base import WriteResult
from facility.store.duckdb import DuckStore
from ingest.service import IngestService, IngestSettings

ROOT = "facility"
TIMEOUT_S = 300


class Stopwatch:
    """Notes how old readings are when they are safe, and when they are stored."""

    def __init__(self, store: DuckStore, bus: LocalBus) -> None:
        self._store = store
        self.safe: list[Any] = []
        self.stored: list[Any] = []
        self.done = 0
        bus.listen(self._hear)

    def _hear(self, message: Message) -> None:
        if isinstance(message, ReadingBatch):
            self.safe.append(time.time() * 1000 - message.ts)

    def write(self, batch: ReadingBatch) -> WriteResult:
        result = self._store.write(batch)
        self.stored.append(time.time() * 1000 - batch.ts)
        self.done += len(batch)
        return result


def serve(url: str, folder: str, expected: int) -> None:
    """The measured process: ingest until ``expected`` readings are stored, then the figures."""
    bus = LocalBus()
    duck = DuckStore(Path(folder) / "readings.duckdb")
    watch = Stopwatch(duck, bus)
    service = IngestService(
        IngestSettings(root=ROOT, client_id="bench-ingest"),
        MqttSettings(url=url),
        Path(folder),
        watch,  # type: ignore[arg-type]
        bus,
        SystemClock(),
    )
    service.start()
    _say({"ready": True})
    start = time.perf_counter()
    while watch.done < expected and time.perf_counter() - start < TIMEOUT_S:
        time.sleep(0.01)
    used = psutil.Process().cpu_times()
    figures = {
        "stored": watch.done,
        "safe_ms": _spread(watch.safe),
        "stored_ms": _spread(watch.stored),
        "cpu_s": used.user + used.system,
        "rss_mb": psutil.Process().memory_info().rss / 2**20,
        "unaccounted": service.health().counters["unaccounted"],
    }
    service.stop()
    duck.close()
    _say(figures)


def stock(url: str, expected: int) -> None:
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
        if count >= expected:
            everything.set()

    client.on_message = on_message
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    host, port = url.removeprefix("mqtt://").split(":")
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


def measure(
    what: str, messages: int, per_message: int = 1, rate: float | None = None
) -> dict[str, Any]:
    """One run with a broker, a store and folders of its own."""
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedBroker(Path(folder) / "broker", _free_port())
        command = [sys.executable, "-m", "bench.ingest", "--role", what, "--url", broker.url]
        command += ["--folder", folder, "--expected", str(messages * per_message)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            process.stdout.readline()
            before = psutil.Process(process.pid).cpu_times()
            start = time.perf_counter()
            publisher = multiprocessing.get_context("spawn").Process(
                target=flood, args=(broker.port, ROOT, messages, per_message, rate)
            )
            publisher.start()
            line = process.stdout.readline()
            elapsed = time.perf_counter() - start
            publisher.join(TIMEOUT_S)
        finally:
            process.wait(TIMEOUT_S)
            broker.stop()
        figures: dict[str, Any] = json.loads(line)
        cpu = figures["cpu_s"] - before.user - before.system
        figures["cpu_us"] = cpu / messages * 1e6
        figures["per_s"] = messages / elapsed
        return figures


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--role", choices=["ours", "stock"])
    parser.add_argument("--url")
    parser.add_argument("--folder")
    parser.add_argument("--expected", type=int)
    options = parser.parse_args()
    if options.role == "ours":
        serve(options.url, options.folder, options.expected)
        return
    if options.role == "stock":
        stock(options.url, options.expected)
        return

    print(describe("paho-mqtt", "duckdb", "msgspec"))
    print("inputs:  QoS 1 messages of seven fields from 10,000 lamps, real Mosquitto, loopback;")
    print("         broker, publisher and the measured process share the cores")
    print(
        f"{'':24} {'messages':>9} {'µs CPU/msg':>10} {'msg/s':>8} {'readings/s':>10}"
        f" {'safe p50/p99 ms':>16} {'stored p50/p99':>15} {'RSS MB':>7}"
    )
    top = 0.0
    for times in (1, 2, 4):
        figures = measure("ours", options.messages * times // 4)
        top = figures["per_s"]
        _row(f"single, {times}×", options.messages * times // 4, 1, figures)
    _row("stock paho, acks only", options.messages, 1, measure("stock", options.messages))
    arrays = options.messages // 20
    _row("arrays of 100", arrays, 100, measure("ours", arrays, 100))
    half = options.messages // 2
    _row("single, half rate", half, 1, measure("ours", half, 1, top / 2))


def _row(name: str, messages: int, per_message: int, figures: dict[str, Any]) -> None:
    safe = "/".join(str(ms) for ms in figures.get("safe_ms", ["-"]))
    stored = "/".join(str(ms) for ms in figures.get("stored_ms", ["-"]))
    print(
        f"{name:24} {messages:9,} {figures['cpu_us']:10.1f} {figures['per_s']:8,.0f}"
        f" {figures['per_s'] * per_message:10,.0f} {safe:>16} {stored:>15}"
        f" {figures.get('rss_mb', 0):7.0f}"
    )


if __name__ == "__main__":
    main()
