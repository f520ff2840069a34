"""What a message costs at the door: `python -m bench.ingest`.

A real Mosquitto on loopback, one publisher, and the ingest process with its spool and a store
behind; all of them share the machine's cores. Beside it, in the same run, a stock paho client that
only acknowledges, and for InfluxDB ready-made lines posted to the same server. Per run: CPU of the
process per message, messages per second until everything is stored, and from publish to
acknowledged (safe in the spool) and to stored, p50/p99.

For InfluxDB, whose speed changes by the minute, both take turns and the median of the pairs'
ratios counts.

`--soak MILLIONS` runs only a long one and prints the memory of the ingest process alone at every
million readings, with `--away` while no store takes them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import urllib3

from bench.flood import flood
from bench.ingest_roles import ROOT, TIMEOUT_S
from bench.machine import describe
from facility.broker import EmbeddedBroker
from tests.servers import InfluxDB

LINES = 5_000
POSTS_AT_ONCE = 4
PAIRS = 5


def measure(
    what: str,
    messages: int,
    per_message: int = 1,
    rate: float | None = None,
    store: str = "duckdb",
) -> dict[str, Any]:
    """One run with a broker, a store and folders of its own."""
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedBroker(Path(folder) / "broker", _free_port())
        command = [sys.executable, "-m", "bench.ingest_roles", what, "--url", broker.url]
        command += ["--folder", folder, "--expected", str(messages * per_message)]
        command += ["--store", store]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            spawn = multiprocessing.get_context("spawn")
            ready, go = spawn.Event(), spawn.Event()
            publisher = spawn.Process(
                target=flood, args=(broker.port, ROOT, messages, per_message, rate, ready, go)
            )
            publisher.start()
            process.stdout.readline()
            ready.wait(TIMEOUT_S)
            before = psutil.Process(process.pid).cpu_times()
            start = time.perf_counter()
            go.set()
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


def posted(server: InfluxDB, rows: int) -> float:
    """Rows a second that the lines which ingest would write reach, made beforehand, four posts at
    once: a hundred of one lamp, then a hundred of the next."""
    pool = urllib3.PoolManager(maxsize=POSTS_AT_ONCE)
    name = f"floor{time.time_ns()}"
    pool.request("POST", f"{server.url}/query", fields={"q": f"CREATE DATABASE {name}"})
    chance = random.Random(1)
    start_ms = time.time_ns() // 1_000_000 - rows
    bodies = []
    for first in range(0, rows, LINES):
        lines = [
            f"streetlight,device=L{n // 100 % 10_000:05} on=1.0,dim_pct=75.0,"
            f"power_w={chance.uniform(43, 46):.1f},voltage_v={chance.uniform(228, 236):.1f},"
            f"current_a=0.21,power_factor=0.91,energy_kwh=1234.5,n=1i {start_ms + n}"
            for n in range(first, min(first + LINES, rows))
        ]
        bodies.append("\n".join(lines).encode())

    def post(body: bytes) -> None:
        answer = pool.request("POST", f"{server.url}/write?db={name}&precision=ms", body=body)
        if answer.status != 204:
            raise RuntimeError(answer.data.decode())

    start = time.perf_counter()
    with ThreadPoolExecutor(POSTS_AT_ONCE) as threads:
        list(threads.map(post, bodies))
    return rows / (time.perf_counter() - start)


def behind_influxdb(messages: int) -> None:
    """Ingest with InfluxDB behind and raw posts to the same server, in turns."""
    rows = messages * 100
    ratios = []
    server = InfluxDB()
    server.start()
    try:
        for _ in range(PAIRS):
            floor = posted(server, rows)
            figures = measure("ours", messages, 100, store=server.url)
            _row("InfluxDB, arrays of 100", messages, 100, figures)
            ratios.append(figures["per_s"] * 100 / floor)
            print(f"{'':24} ready-made lines {floor:,.0f} rows/s; ingest reaches {ratios[-1]:.0%}")
    finally:
        server.remove()
    print(f"{'':24} median of {PAIRS} pairs: {statistics.median(ratios):.0%}")


def soak(millions: int, per_message: int, store: str) -> None:
    """A long run; memory should stand still after the first million."""
    messages = millions * 1_000_000 // per_message
    figures = measure("ours", messages, per_message, store=store)
    _row(f"{millions} million, {store}", messages, per_message, figures)
    print("RSS MB at each million readings:", " ".join(map(str, figures["rss_by_million"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--soak", type=int, metavar="MILLIONS")
    parser.add_argument("--per-message", type=int, default=1, metavar="READINGS")
    parser.add_argument("--away", action="store_true")
    options = parser.parse_args()
    print(describe("paho-mqtt", "duckdb", "msgspec"))
    print("inputs:  QoS 1 messages of seven fields from 10,000 lamps, real Mosquitto, loopback;")
    print("         broker, publisher and the measured process share the cores")
    print(
        f"{'':24} {'messages':>9} {'µs CPU/msg':>10} {'msg/s':>8} {'readings/s':>10}"
        f" {'safe p50/p99 ms':>16} {'stored p50/p99':>15} {'RSS MB':>7}"
    )
    if options.soak:
        soak(options.soak, options.per_message, "away" if options.away else "duckdb")
        return
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
    behind_influxdb(options.messages // 50)


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
