"""What rolling up and expiry cost, and how large a DuckDB file gets that lets its readings go.

``python -m bench.hours [--lamps N] [--days N] [--influxdb-lamps N]``

The rows are those of ``bench.store``: street lights of seven fields, each lamp every five minutes.
Days pass in a second or so: a day has a few readings of each lamp here, and the file is looked at
after each; it should stop growing once the first day has expired.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import numpy as np

from bench.machine import describe
from bench.store import T0, accepted, lamp_batches
from facility.clock import DAY, HOUR
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore
from tests.servers import InfluxDB, ServerMissing

HOURS = 3
KEPT_DAYS = 4
ROWS_A_DAY = 2_000_000


def timed(name: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    found = work()
    print(f"  {name:<52}{time.perf_counter() - began:>12,.2f} s   {found}")


def fill(store: ReadingsStore, lamps: int) -> None:
    """HOURS hours of every lamp."""
    write = accepted(store)
    rows = 0
    for batch in lamp_batches(lamps, 20_000):
        write(batch)()
        rows += len(batch)
        if rows >= lamps * 12 * HOURS:
            return


def bench_rolling(store: ReadingsStore, lamps: int) -> None:
    print(f"  {lamps:,} lamps, {lamps * 12:,} readings an hour")
    for hour in range(HOURS):
        start = T0 + hour * HOUR
        timed(
            f"roll up hour {hour + 1}",
            partial(store.roll_up, "streetlight", start, start + HOUR),
        )
    start = T0 + HOUR
    timed("roll up hour 2 again", partial(store.roll_up, "streetlight", start, start + HOUR))
    timed("which hours are stale", lambda: len(store.stale_hours("streetlight", T0, T0 + DAY)))
    columns = ["readings", "power_w_mean", "energy_kwh_increase"]
    timed(
        "hours of one lamp",
        lambda: len(store.hours("streetlight", "LAMP-000077", columns, T0, T0 + DAY).ts),
    )


def bench_file(path: Path, lamps: int, days: int) -> None:
    """The size of the file while days go by."""
    print(f"\nDuckDB, {ROWS_A_DAY:,} readings a day, {KEPT_DAYS} days kept: MB after each day")
    sizes = []
    took = []
    batches = lamp_batches(lamps, 20_000)
    with closing(DuckStore(path)) as store:
        write = accepted(store)
        for day in range(days):
            for part in range(ROWS_A_DAY // 20_000):
                batch = next(batches)
                ts = T0 + day * DAY + part * DAY // (ROWS_A_DAY // 20_000) + np.arange(20_000)
                write(
                    ReadingBatch("streetlight", batch.names, batch.series, ts, ts, batch.columns)
                )()
                if part % 4 == 0:  # about hourly
                    began = time.perf_counter()
                    store.expire(int(ts[-1]) - KEPT_DAYS * DAY, T0)
                    took.append(time.perf_counter() - began)
            sizes.append(path.stat().st_size / 1e6)
    print("  " + " ".join(f"{size:,.0f}" for size in sizes))
    print(f"  {'closed':<52}{path.stat().st_size / 1e6:>12,.0f} MB")
    print(f"  {'one expiry, the median':<52}{np.median(took) * 1e3:>12,.1f} ms")
    print(f"  {'one expiry, the longest':<52}{max(took) * 1e3:>12,.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.hours", description=__doc__)
    parser.add_argument("--lamps", type=int, default=70_000)
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--influxdb-lamps", type=int, default=20_000)
    arguments = parser.parse_args()
    print(describe("duckdb", "influxdb-client", "numpy"))
    with tempfile.TemporaryDirectory(prefix="xiuhua-bench-") as folder:
        print("\nDuckDB")
        path = Path(folder) / "readings.duckdb"
        with closing(DuckStore(path)) as store:
            fill(store, arguments.lamps)
            before = path.stat().st_size
            bench_rolling(store, arguments.lamps)
        size = (path.stat().st_size - before) / (arguments.lamps * HOURS)
        print(f"  {'on disk, a row of an hour':<52}{size:>12,.0f} bytes")
        bench_file(Path(folder) / "old.duckdb", arguments.lamps, arguments.days)
    print("\nInfluxDB")
    try:
        with ExitStack() as stack:
            server = InfluxDB()
            stack.callback(server.remove)
            server.start()
            remote = stack.enter_context(closing(InfluxStore(server.url, "store")))
            fill(remote, arguments.influxdb_lamps)
            bench_rolling(remote, arguments.influxdb_lamps)
    except ServerMissing as missing:
        print(f"  not measured: {missing}")


if __name__ == "__main__":
    main()
