"""How fast the rules are, in columns: `python -m bench.rules`.

Lamps, a fifth as many covers, the cabinets that feed the lamps and some stations report through the
first hour of a night, some of them faulty, to an engine as it is live: the daybook is kept, and
recoveries are verified. Printed for each size of fleet: readings a second fed and judged, the
stock-taking of each minute included, while all faults are found at once and no lamp is known yet,
and once the engine has settled; the milliseconds that one stock-taking of the whole fleet takes,
and the worst of them; the bytes of state; the milliseconds to save that state and to take it up.
Beside it the floor: adding up the same columns by device with numpy, and nothing else. Cost should
be straight in devices and in readings.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import time
from typing import TypedDict

import numpy as np

from bench.machine import describe
from facility.assets import Asset, Cabinet, Cover, Station, Streetlight
from facility.clock import MINUTE, SECOND, from_rfc3339
from facility.garbage import collect_seldom
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.readings import Names, ReadingBatch
from rules.book.rulebook import load
from rules.engine import Engine

START = from_rfc3339("2026-06-21T21:00:00+08:00")
LAMP_EVERY, CABINET_EVERY, COVER_EVERY, STATION_EVERY = (
    minutes * MINUTE for minutes in (5, 1, 15, 1)
)
# The first interval fills what is looked up once; by the end of the second stretch the faults that
# were there from the start have been found.
FILLED, SETTLED, END = 5, 20, 35
PER_CIRCUIT = 60
PER_STATION = 5_000


class Place(TypedDict):
    """Where an asset stands."""

    area: str
    lon: float
    lat: float


PLACE: Place = {"area": "410105", "lon": 113.69, "lat": 34.78}


def district(devices: int) -> list[Asset]:
    """So many devices: five in six are lamps, in segments of 20 and circuits of 60."""
    lamps = devices * 5 // 6
    circuits = max(1, lamps // PER_CIRCUIT)
    made: list[Asset] = [
        Streetlight(
            id=f"L{i}", name="", segment=f"S{i // 20}", seq=i % 20, rated_w=60.0,
            circuit=f"C{min(i // PER_CIRCUIT, circuits - 1)}", gateway=f"G{i // 150}",
            cabinet=f"K{min(i // PER_CIRCUIT, circuits - 1) // 4}",
            plan="half-night" if i // 600 % 3 == 0 else "all-night",
            report_every_s=LAMP_EVERY // SECOND, **PLACE,
        )
        for i in range(lamps)
    ]  # fmt: skip
    made += [
        Cabinet(
            id=f"K{k}", name="", report_every_s=CABINET_EVERY // SECOND,
            circuits=tuple(f"C{c}" for c in range(4 * k, min(4 * k + 4, circuits))),
            **PLACE,
        )
        for k in range(-(-circuits // 4))
    ]  # fmt: skip
    made += [
        Station(
            id=f"T{i}", name="", report_every_s=STATION_EVERY // SECOND, capacity_t_day=60.0,
            **PLACE,
        )
        for i in range(devices // PER_STATION)
    ]  # fmt: skip
    return made + [
        Cover(id=f"M{i}", name="", report_every_s=COVER_EVERY // SECOND, **PLACE)
        for i in range(devices - lamps)
    ]


class Fleet:
    """Makes each minute's readings of a district ahead of the clock that is measured."""

    def __init__(self, inventory: Inventory) -> None:
        self._rng = np.random.default_rng(1)
        self._names = Names()
        self._codes = {
            kind: np.array([self._names.code(one.id) for one in inventory.of_kind(kind)], np.int32)
            for kind in (Kind.STREETLIGHT, Kind.COVER, Kind.STATION)
        }
        circuits = [(k.id, c) for k in inventory.cabinets for c in k.circuits]
        series = [self._names.code(f"{cabinet}/{circuit}") for cabinet, circuit in circuits]
        self._codes[Kind.CABINET] = np.array(series, np.int32)
        # One lamp in five hundred is dead, and so is every lamp of one segment in two thousand.
        n = len(self._codes[Kind.STREETLIGHT])
        self._dead = (self._rng.random(n) < 1 / 500) | (np.arange(n) // 20 % 2000 == 7)

    def minute(self, at: int) -> list[ReadingBatch]:
        """The readings that arrive in the minute that begins at ``at``."""
        made = []
        intervals = {Kind.STREETLIGHT: LAMP_EVERY, Kind.COVER: COVER_EVERY}
        for kind, codes in self._codes.items():
            every = intervals.get(kind, CABINET_EVERY) // MINUTE
            mine = np.flatnonzero(np.arange(len(codes)) % every == at // MINUTE % every)
            self._rng.shuffle(mine)
            ts = at + np.sort(self._rng.integers(0, MINUTE - 2 * SECOND, len(mine)))
            columns = self._columns(kind, mine)
            made.append(ReadingBatch(kind, self._names, codes[mine], ts, ts + SECOND, columns))
        return [batch for batch in made if len(batch)]

    def _columns(self, kind: Kind, rows: np.ndarray) -> dict[str, np.ndarray]:
        n, rng = len(rows), self._rng
        if kind == Kind.CABINET:
            return {"power_w": rng.normal(58 * PER_CIRCUIT, 15, n), "voltage_v": np.full(n, 231.0)}
        if kind == Kind.COVER:
            passes = rng.poisson(40, n).astype(float)
            return {
                "tilt_deg": rng.uniform(0, 2, n),
                "passes": passes,
                "hits": rng.binomial(passes.astype(int), 0.04).astype(float),
                "vib_rms_g": rng.normal(0.4, 0.02, n),
                "battery_pct": np.full(n, 88.0),
            }
        if kind == Kind.STATION:
            return {
                "inbound_t": 5000 + rng.random(n),
                "outbound_t": 5001 + rng.random(n),
                "leachate_pct": rng.normal(40, 1, n),
                "h2s_mg_m3": rng.uniform(0, 0.03, n),
                "nh3_mg_m3": rng.uniform(0, 0.5, n),
                "odour": rng.uniform(2, 9, n),
                "compactor": np.ones(n),
                "motor_temp_c": rng.normal(50, 2, n),
                "hydraulic_mpa": rng.normal(12, 1, n),
            }
        dead = self._dead[rows]
        return {
            "on": np.ones(n),
            "dim_pct": np.full(n, 100.0),
            "power_w": np.where(dead, 0.4, rng.normal(58, 0.5, n)),
            "voltage_v": rng.normal(231, 2, n),
            "current_a": np.full(n, 0.26),
            "power_factor": np.full(n, 0.95),
            "energy_kwh": np.full(n, 1234.5),
        }


def run_floor(batches: list[ReadingBatch]) -> float:
    """Seconds to add the columns up by device."""
    start = time.process_time()
    for batch in batches:
        for values in batch.columns.values():
            np.bincount(batch.series, weights=values)
    return time.process_time() - start


def measure(devices: int) -> None:
    """Prints the line of one size of fleet."""
    inventory = Inventory.of(district(devices))
    fleet = Fleet(inventory)
    engine = live(inventory)
    gc.collect()
    spent, readings, stocks = [], [], []
    floor = 0.0
    for minute in range(END):
        at = START + minute * MINUTE
        batches = fleet.minute(at)
        start = time.process_time()
        engine.take(batches)
        fed = time.process_time()
        engine.advance(at + MINUTE)
        told = engine.daybook.drain() if engine.daybook else []
        done = time.process_time()
        del told
        spent.append(done - start)
        readings.append(sum(map(len, batches)))
        if minute >= FILLED:
            stocks.append(done - fed)
            floor += run_floor(batches)
    start = time.process_time()
    state = engine.freeze()
    saved = time.process_time()
    live(inventory).thaw(state)
    taken_up = time.process_time()
    finding, settled = (
        sum(readings[stretch]) / sum(spent[stretch])
        for stretch in (slice(FILLED, SETTLED), slice(SETTLED, END))
    )
    print(
        f"{devices:9,} {sum(readings[FILLED:]):12,} {finding:11,.0f} {settled:11,.0f}"
        f" {sum(spent[FILLED:]) / floor:8.1f}"
        f" {statistics.median(stocks) * 1e3:9.1f} {max(stocks) * 1e3:7.1f}"
        f" {len(state) / devices:8.0f} {lamp_bytes(inventory):8.0f}"
        f" {(saved - start) * 1e3:8.0f} {(taken_up - saved) * 1e3:8.0f}"
    )


def lamp_bytes(inventory: Inventory) -> float:
    """Bytes of state of one lamp, its name included."""
    lamps = inventory.streetlights
    return len(live(Inventory.of(lamps)).freeze()) / len(lamps)


def live(inventory: Inventory) -> Engine:
    """An engine as the service has it."""
    return Engine(inventory, load_plans(), "Asia/Shanghai", load(), live=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    collect_seldom()
    print(describe("numpy"))
    print(
        "inputs:  five lamps in six devices (7 fields, every 5 min), their circuits (every min),"
        f" covers (every 15 min), a station in {PER_STATION:,} (every min); {END} min from 21:00,"
        " a live engine with its daybook, one core, CPU time"
    )
    print(
        f"{'':22} {'readings/s,':>11} {'readings/s,':>11}\n"
        f"{'devices':>9} {'readings':>12} {'finding':>11} {'settled':>11} {'× floor':>8}"
        f" {'stock ms':>9} {'worst':>7} {'B/device':>8} {'B/lamp':>8} {'save ms':>8} {'take up':>8}"
    )
    for devices in options.devices:
        measure(devices)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"peak memory of the process, inventory and readings included: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
