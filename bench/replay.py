"""How fast a recording runs through the live engine: `python -m bench.replay`.

A district's evening as a capture in memory, read, decoded and judged in one process as
`xiuhua replay` does it. Beside it the floor: reading the same lines and decoding their JSON into
Python objects, and nothing else. Printed at 1×, 2× and 4× of the readings; cost should be straight.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.machine import describe
from bench.rules import PLACE
from facility.assets import Asset, Cover, Streetlight
from facility.clock import MINUTE, SECOND, from_rfc3339
from facility.garbage import collect_seldom
from facility.inventory import Inventory
from facility.lighting import load_plans
from ingest.capture import Capture
from ingest.pipeline import Pipeline
from rules.book.rulebook import load
from rules.engine import Engine
from rules.trials.replay import replay

START = from_rfc3339("2026-06-21T18:00:00+08:00")
LAMPS = 16_000
COVERS = 4_000
EVERY = 5 * MINUTE


def district() -> list[Asset]:
    """Lamps in segments of 20, and covers."""
    every_s = EVERY // SECOND
    lamps: list[Asset] = [
        Streetlight(
            id=f"L{i:05}", name=f"L{i}", segment=f"S{i // 20}", seq=i % 20, rated_w=60.0,
            circuit=f"C{i // 60}", gateway=f"G{i // 150}", report_every_s=every_s, **PLACE,
        )
        for i in range(LAMPS)
    ]  # fmt: skip
    covers: list[Asset] = [
        Cover(id=f"M{i:05}", name=f"M{i}", report_every_s=every_s, **PLACE) for i in range(COVERS)
    ]
    return lamps + covers


def write_capture(path: Path, readings: int) -> None:
    """So many readings of the district, all in one evening's time, seven fields a lamp."""
    chance = random.Random(1)
    devices = LAMPS + COVERS
    step = EVERY / devices
    with path.open("w") as file:
        for number in range(readings):
            at = START + int(number * step)
            device = number % devices
            if device < LAMPS:
                kind, name = "streetlight", f"L{device:05}"
                lit = at >= START + 102 * MINUTE
                reading = {
                    "ts": at,
                    "on": lit,
                    "dim_pct": 75,
                    "power_w": round(chance.uniform(43, 46), 1) if lit else 0.4,
                    "voltage_v": round(chance.gauss(231, 2), 1),
                    "current_a": 0.21,
                    "power_factor": 0.9,
                    "energy_kwh": 1234.5,
                }
            else:
                kind, name = "cover", f"M{device - LAMPS:05}"
                reading = {
                    "ts": at,
                    "tilt_deg": round(chance.uniform(0, 2), 1),
                    "passes": chance.randint(10, 60),
                    "hits": chance.randint(0, 2),
                    "vib_rms_g": 0.4,
                    "battery_pct": 88,
                }
            arrived = at + 300
            seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(arrived // 1000))
            line = {
                "tst": f"{seconds}.{arrived % 1000:03}000Z+0000",
                "topic": f"facility/410105/{kind}/{name}/telemetry",
                "qos": 1,
                "retain": 0,
                "payload": json.dumps(reading),
            }
            file.write(json.dumps(line) + "\n")


def run_replay(path: Path, inventory: Inventory) -> None:
    engine = Engine(inventory, load_plans(), "Asia/Shanghai", load())
    pipeline = Pipeline()
    for messages in Capture(str(path)).messages():
        for _ in replay(engine, [pipeline.decode(messages).batches]):
            pass


def run_floor(path: Path) -> None:
    line_of = msgspec.json.Decoder(dict[str, object]).decode
    payload_of = msgspec.json.Decoder().decode
    with path.open("rb") as file:
        for line in file:
            payload_of(str(line_of(line)["payload"]))


def timed(work: Callable[[], None], repeats: int) -> float:
    """Median CPU seconds of ``work``."""
    seconds = []
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def main() -> None:
    collect_seldom()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=250_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(describe("msgspec", "numpy"))
    print(f"inputs:  {LAMPS:,} lamps of 8 fields, {COVERS:,} covers of 6, every 5 min, one core")
    print(f"{'readings':>10} {'replay/s':>10} {'µs each':>8} {'floor/s':>10} {'of floor':>9}")
    inventory = Inventory.of(district())
    with tempfile.TemporaryDirectory() as folder:
        for times in (1, 2, 4):
            path = Path(folder) / f"{times}.ndjson"
            count = options.readings * times
            write_capture(path, count)
            ours = timed(lambda path=path: run_replay(path, inventory), options.repeats)  # type: ignore[misc]
            floor = timed(lambda path=path: run_floor(path), options.repeats)  # type: ignore[misc]
            print(
                f"{count:10,} {count / ours:10,.0f} {ours / count * 1e6:8.2f}"
                f" {count / floor:10,.0f} {floor / ours:9.2f}"
            )


if __name__ == "__main__":
    main()
