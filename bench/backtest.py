"""How fast a draft rulebook is tried on history: `python -m bench.backtest`.

Lamps report every 5 minutes for some days into a DuckDB file; one in 500 goes dark for a while each
night. The draft waits longer than the live book before it opens a case. Printed for each size of
fleet and each number of days: readings a second, each counted once although two engines judge it
(the live book's and the draft's); beside it the floor, the scan alone; the peak of memory. Cost
should be straight in readings, and memory should not grow with the days.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

from bench.machine import describe
from bench.rules import PLACE
from facility.assets import Streetlight
from facility.clock import DAY, HOUR, from_rfc3339
from facility.garbage import collect_seldom
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.readings import Names, ReadingBatch
from facility.store.duckdb import DuckStore
from rules.book.rulebook import parse
from rules.engine import LOOKED_AT
from rules.trials.backtest import Backtest, Question

START = from_rfc3339("2026-06-01T12:00:00+08:00")
ZONE = "Asia/Shanghai"
EVERY_S = 300
DRAFT = '[lamps]\nunlit_hold = "20min"'

_FILL = """
INSERT INTO store.streetlight_rows BY NAME
SELECT series, ts, 1 AS write_no, CASE WHEN lit THEN 1.0 ELSE 0.0 END AS on, 100.0 AS dim_pct,
    CASE WHEN lit AND NOT dead THEN 57.5 + round(random(), 2) ELSE 0.4 END AS power_w,
    229 + round(4 * random(), 1) AS voltage_v, round(0.25 + 0.02 * random(), 3) AS current_a,
    0.95 AS power_factor, 1000 + round(ts / 3600000 % 10000, 1) AS energy_kwh
FROM (
    SELECT series, ts, (ts / 3600000 + 8) % 24 AS hour, hour >= 19.8 OR hour < 5.1 AS lit,
        (series * 7919 + ts // 86400000 * 131) % 500 = 0 AND hour BETWEEN 21 AND 23 AS dead
    FROM (SELECT range::INTEGER AS series FROM range($lamps)),
        (SELECT range AS step FROM range($steps)),
        LATERAL (SELECT $start + step * 300000 + (series * 37 % 300) * 1000 AS ts)
)
ORDER BY ts, series
"""


def district(lamps: int) -> Inventory:
    """So many lamps, in segments of 20 and circuits of 60."""
    return Inventory.of(
        Streetlight(
            id=f"L{i}", name="", segment=f"S{i // 20}", seq=i % 20, rated_w=60.0,
            circuit=f"C{i // 60}", gateway=f"G{i // 150}", report_every_s=EVERY_S,
            **PLACE,
        )
        for i in range(lamps)
    )  # fmt: skip


def fill(path: Path, lamps: int, days: int) -> None:
    """Makes the file: the series by the store itself, the readings in SQL, for speed."""
    store = DuckStore(path)
    names = Names(f"L{i}" for i in range(lamps))
    ts = np.full(lamps, START - HOUR)
    codes = np.arange(lamps, dtype=np.int32)
    store.write(ReadingBatch(Kind.STREETLIGHT, names, codes, ts, ts, {"on": np.zeros(lamps)}))
    store.close()
    connection = duckdb.connect(str(path))
    for hour in range(days * 24):
        span = {"lamps": lamps, "steps": 3600 // EVERY_S, "start": START + hour * HOUR}
        connection.execute(_FILL, span)
    connection.close()


def measure(path: Path, lamps: int, days: int) -> str:
    """The line of one fleet and one span."""
    store = DuckStore(path)
    end = START + days * DAY
    spent = time.perf_counter()
    readings = sum(map(len, store.scan(Kind.STREETLIGHT, START, end, LOOKED_AT[Kind.STREETLIGHT])))
    floor = time.perf_counter() - spent
    question = Question(parse("", "live"), parse(DRAFT, "draft"), START, end)
    backtest = Backtest(store, district(lamps), load_plans(), ZONE, question)
    spent, cpu = time.perf_counter(), time.process_time()
    backtest.run()
    spent, cpu = time.perf_counter() - spent, time.process_time() - cpu
    store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return (
        f"{lamps:8,} {days:5} {readings:12,} {readings / spent:13,.0f} {readings / cpu:13,.0f}"
        f" {readings / floor:13,.0f} {peak:9,.0f}"
    )


def main() -> None:
    collect_seldom()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lamps", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--days", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file:
        print(measure(options.file, options.lamps[0], options.days[0]))
        return
    print(describe("numpy", "duckdb"))
    print("inputs:  lamps of 7 fields every 5 min from noon; two engines, one scan")
    print(
        f"{'lamps':>8} {'days':>5} {'readings':>12} {'readings/s':>13} {'a CPU second':>13}"
        f" {'scan alone/s':>13} {'peak MB':>9}"
    )
    for lamps in options.lamps:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "readings.duckdb"
            fill(path, lamps, max(options.days))
            for days in options.days:
                # A process of its own, so that each peak of memory is that run's.
                arguments = ["--file", str(path), "--lamps", str(lamps), "--days", str(days)]
                command = [sys.executable, "-m", "bench.backtest", *arguments]
                print(
                    subprocess.run(command, check=True, capture_output=True, text=True).stdout,
                    end="",
                )


if __name__ == "__main__":
    main()
