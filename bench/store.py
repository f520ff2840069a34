"""How many rows a second each readings store takes, beside a floor measured in the same run.

``python -m bench.store [--lamps N] [--duckdb-rows N] [--influxdb-rows N]``

The rows are street lights of seven fields in order of time, each lamp every five minutes. Rates
are medians over the batches of a stage; the stages end when the table has 1, 2 and 4 times the
rows, so a store that slows down as it grows shows it. The floor of DuckDB is a plain INSERT of
the same columns without identity; its peer has the primary key that the store does without. The
floor of InfluxDB is ready-made lines posted in the same batches.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import duckdb
import numpy as np
import urllib3

from bench.machine import describe
from facility.clock import DAY, HOUR, MINUTE
from facility.readings import Names, ReadingBatch
from facility.store.base import ReadingsStore, Verdict
from facility.store.duckdb import SETTINGS, DuckStore
from facility.store.influx import LINES_PER_POST, InfluxStore
from facility.store.lineprotocol import LineWriter
from tests.servers import InfluxDB, ServerMissing

T0 = 1_767_225_600_000
EVERY = 5 * MINUTE
FIELDS = ("on", "dim_pct", "power_w", "voltage_v", "current_a", "power_factor", "energy_kwh")
END = T0 + 10_000 * HOUR

Act = Callable[[], object]
Prepare = Callable[[ReadingBatch], Act]
"""Makes ready what is not timed, and gives what is."""


def lamp_batches(lamps: int, size: int, late: float = 0.0) -> Iterator[ReadingBatch]:
    """Batches in order of time without end; the share ``late`` of rows is up to a day older."""
    random = np.random.default_rng(1)
    names = Names(f"LAMP-{i:06}" for i in range(lamps))
    values = {name: np.round(random.normal(100, 10, size), 1) for name in FIELDS}
    values["power_w"][::50] = np.nan
    for i in count():
        row = np.arange(i * size, (i + 1) * size)
        lamp = row % lamps
        ts = T0 + row // lamps * EVERY + lamp * EVERY // lamps
        if late:
            held = random.random(size) < late
            ts = ts - held * random.integers(1, DAY, size)
        columns = {name: np.roll(column, i) for name, column in values.items()}
        yield ReadingBatch("streetlight", names, lamp.astype(np.int32), ts, ts, columns)


def accepted(store: ReadingsStore) -> Prepare:
    """Writes to the store and insists that it takes every row."""

    def write(batch: ReadingBatch) -> None:
        result = store.write(batch)
        if (result.verdicts != Verdict.ACCEPT).any():
            raise SystemExit(f"not accepted: {next(iter(result.reasons.values()))}")

    return lambda batch: partial(write, batch)


def stages(
    writers: dict[str, Prepare], lamps: int, size: int, rows: int, late: float = 0.0
) -> dict[str, list[float]]:
    """Rows/s of each writer at 1, 2 and 4 times ``rows``; they take turns stage by stage."""
    batches = {name: lamp_batches(lamps, size, late) for name in writers}
    rates: dict[str, list[float]] = {name: [] for name in writers}
    for share in (1, 1, 2):
        for name, prepare in writers.items():
            took = []
            for _ in range(max(3, share * rows // size)):
                act = prepare(next(batches[name]))
                began = time.perf_counter()
                act()
                took.append(time.perf_counter() - began)
            rates[name].append(size / statistics.median(took))
    return rates


def show(title: str, rates: dict[str, list[float]]) -> None:
    for name, (one, two, four) in rates.items():
        print(f"  {title:<22}{name:<30}{one:>12,.0f}{two:>12,.0f}{four:>12,.0f}")


def show_reads(store: ReadingsStore) -> None:
    """Milliseconds of each kind of question, the median of several askings."""
    one, fields = "LAMP-000077", ["power_w", "voltage_v"]
    questions: dict[str, Callable[[], object]] = {
        "read one lamp": lambda: store.read("streetlight", one, fields, T0, END),
        "history, hourly": lambda: store.history("streetlight", one, fields, T0, END, HOUR),
        "latest, one lamp": lambda: store.latest("streetlight", [one]),
        "latest, every lamp": lambda: store.latest("streetlight"),
    }
    for name, ask in questions.items():
        took = []
        for _ in range(3):
            began = time.perf_counter()
            ask()
            took.append(time.perf_counter() - began)
        print(f"  {name:<52}{statistics.median(took) * 1000:>12,.1f} ms")
    began = time.perf_counter()
    rows = sum(map(len, store.scan("streetlight", T0 - 48 * HOUR, END)))
    print(f"  {'scan of everything':<52}{rows / (time.perf_counter() - began):>12,.0f} rows/s")


@contextmanager
def plain_table(path: Path, key: str = "") -> Iterator[Prepare]:
    """A DuckDB table of the same columns; with ``key`` it ignores rows that it has already."""
    columns = ", ".join(f'"{name}" DOUBLE' for name in FIELDS)
    insert = f"INSERT {'OR IGNORE' if key else ''} INTO lamps BY NAME SELECT * FROM rows"
    with duckdb.connect(str(path), config=SETTINGS) as connection:
        connection.execute(f"CREATE TABLE lamps (series INTEGER, ts BIGINT, {columns} {key})")

        def write(batch: ReadingBatch) -> None:
            connection.register("rows", {"series": batch.series, "ts": batch.ts, **batch.columns})
            connection.execute(insert).complete()

        yield lambda batch: partial(write, batch)


def bench_duckdb(folder: Path, lamps: int, rows: int) -> None:
    print(
        f"\nDuckDB, {lamps:,} lamps: rows/s until the table has {rows:,} rows, 2 and 4 times that"
    )
    for size in (5_000, 50_000):
        with (
            closing(DuckStore(folder / f"{size}.duckdb")) as store,
            plain_table(folder / f"{size}-plain.duckdb") as floor,
        ):
            writers = {"store": accepted(store), "floor: INSERT, no identity": floor}
            show(f"batches of {size:,}", stages(writers, lamps, size, rows))
            if size == 50_000:
                show_reads(store)
    with closing(DuckStore(folder / "late.duckdb")) as store:
        writers = {"store": accepted(store)}
        show("10 % up to a day late", stages(writers, lamps, 20_000, rows // 4, 0.1))
    with plain_table(folder / "keyed.duckdb", ", PRIMARY KEY (series, ts)") as keyed:
        writers = {"peer: with a primary key": keyed}
        show("batches of 20,000", stages(writers, lamps, 20_000, rows // 4))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {'peak memory of this process':<52}{peak:>12,.0f} MB")


def ready_lines(server: InfluxDB) -> Prepare:
    """Posts lines that are ready before the clock starts."""
    pool = urllib3.PoolManager()
    writer = LineWriter("streetlight")
    pool.request("POST", f"{server.url}/query", fields={"q": "CREATE DATABASE floor"})

    def post(body: bytes) -> None:
        answer = pool.request("POST", f"{server.url}/write?db=floor&precision=ms", body=body)
        if answer.status != 204:
            raise SystemExit(f"not accepted: {answer.data!r}")

    return lambda batch: partial(post, "\n".join(writer.lines(batch)).encode())


def bench_influxdb(lamps: int, rows: int) -> None:
    size = LINES_PER_POST
    print(
        f"\nInfluxDB, {lamps:,} lamps: rows/s until the table has {rows:,} rows, 2 and 4 times that"
    )
    with ExitStack() as stack:
        server = InfluxDB()
        stack.callback(server.remove)
        server.start()
        store = stack.enter_context(closing(InfluxStore(server.url, "store")))
        writers = {"store": accepted(store), "floor: ready-made lines": ready_lines(server)}
        show(f"batches of {size:,}", stages(writers, lamps, size, rows))
        writer, batch = LineWriter("streetlight"), next(lamp_batches(lamps, size))
        took = timeit.repeat(lambda: writer.lines(batch), number=1, repeat=20)
        print(f"  {'writing one line':<52}{statistics.median(took) / size * 1e6:>12,.2f} us")
        show_reads(store)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__)
    parser.add_argument("--lamps", type=int, default=70_000)
    parser.add_argument("--duckdb-rows", type=int, default=1_000_000)
    parser.add_argument("--influxdb-rows", type=int, default=50_000)
    arguments = parser.parse_args()
    print(describe("duckdb", "influxdb-client", "numpy"))
    with tempfile.TemporaryDirectory(prefix="xiuhua-bench-") as folder:
        bench_duckdb(Path(folder), arguments.lamps, arguments.duckdb_rows)
    try:
        bench_influxdb(min(arguments.lamps, 20_000), arguments.influxdb_rows)
    except ServerMissing as missing:
        print(f"\nInfluxDB not measured: {missing}")


if __name__ == "__main__":
    main()
