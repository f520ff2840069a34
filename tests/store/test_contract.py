"""The contract of a readings store (``facility/store/base.py``), on every backend."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from facility.clock import DAY, HOUR, MINUTE
from facility.errors import Permanent
from facility.measurements import MEASUREMENTS
from facility.readings import Names, ReadingBatch
from facility.store.base import ReadingsStore, Verdict
from tests.store.batches import T0, Row, batch_of, points_of, rows_of
from tests.store.conftest import OpenStore

EVER = (0, 4_000_000_000_000)


def put(store: ReadingsStore, *rows: Row, table: str = "streetlight") -> None:
    result = store.write(batch_of(rows, table))
    assert result.verdicts.tolist() == [Verdict.ACCEPT] * len(rows), result.reasons


def everything(store: ReadingsStore, table: str = "streetlight") -> list[Row]:
    return sorted(
        (row for batch in store.scan(table, *EVER) for row in rows_of(batch)),
        key=lambda row: row[:2],
    )


def test_what_is_written_is_read(store: ReadingsStore) -> None:
    put(store, ("L1", T0, {"power_w": 41.5, "on": 1.0}), ("L2", T0, {"power_w": 0.1 + 0.2}))
    read = store.read("streetlight", "L1", ["power_w", "on", "lux"], *EVER)
    assert points_of(read) == [(T0, {"power_w": 41.5, "on": 1.0})]
    assert np.isnan(read.columns["lux"]).all()
    assert read.ts.dtype == np.int64
    assert points_of(store.read("streetlight", "L2", ["power_w"], *EVER)) == [
        (T0, {"power_w": 0.1 + 0.2})
    ]


def test_a_reading_without_the_asked_field_is_still_a_reading(store: ReadingsStore) -> None:
    put(store, ("L1", T0, {"power_w": 40.0}), ("L1", T0 + 1, {"lux": 3.0}))
    assert points_of(store.read("streetlight", "L1", ["lux"], *EVER)) == [
        (T0, {}),
        (T0 + 1, {"lux": 3.0}),
    ]


def test_a_scan_of_some_fields_has_every_reading(store: ReadingsStore) -> None:
    put(store, ("L1", T0, {"power_w": 1.0, "lux": 2.0}), ("L2", T0 + 1, {"lux": 3.0}))
    [batch] = store.scan("streetlight", *EVER, ["power_w"])
    assert rows_of(batch) == [("L1", T0, {"power_w": 1.0}), ("L2", T0 + 1, {})]
    [none] = store.scan("streetlight", *EVER, [])
    assert rows_of(none) == [("L1", T0, {}), ("L2", T0 + 1, {})]
    with pytest.raises(Permanent, match="no field 'hue'"):
        list(store.scan("streetlight", *EVER, ["hue"]))


def test_the_latest_of_who_fell_silent(store: ReadingsStore) -> None:
    rows: list[Row] = [(f"L{i:02}", T0 - i * DAY, {"power_w": float(i)}) for i in range(20)]
    put(store, *rows, ("L05", T0 - 8 * DAY, {"lux": 7.0}))
    put(store, ("CAB-7/a,b= c", T0 - DAY, {"power_w": 1.0}), table="cabinet")
    put(store, ("CAB-7", T0, {"power_w": 2.0}), table="cabinet")
    rows[5][2]["lux"] = 7.0
    assert sorted(rows_of(store.latest("streetlight"))) == rows
    assert len(store.latest("cabinet")) == 2


def test_circuits_are_series_of_their_own(store: ReadingsStore) -> None:
    names = ["CAB-7", "CAB-7/C1", "CAB-7/C2", "CAB-70", "CAB-70/C1"]
    rows: list[Row] = [(name, T0, {"power_w": float(i)}) for i, name in enumerate(names)]
    put(store, *rows, table="cabinet")
    for name, _, values in rows:
        read = store.read("cabinet", name, ["power_w"], *EVER)
        assert points_of(read) == [(T0, values)]
    assert everything(store, "cabinet") == rows
    assert [name for name, _, _ in rows_of(store.latest("cabinet", ["CAB-7/C2"]))] == ["CAB-7/C2"]


@pytest.mark.parametrize(
    "circuit",
    [
        "北环路 1号",
        "a,b=c d",
        'he said "no"',
        "it's",
        "a\\",
        "a\\,b",
        "100%",
        "%41",
        "x\ny\tz",
        "🚦",
    ],
)
def test_a_circuit_may_be_called_anything(store: ReadingsStore, circuit: str) -> None:
    series = f"CAB-7/{circuit}"
    put(store, (series, T0, {"power_w": 5.0}), ("CAB-7/other", T0, {}), table="cabinet")
    put(store, (series, T0, {"voltage_v": 230.0}), table="cabinet")
    expected = {"power_w": 5.0, "voltage_v": 230.0}
    read = store.read("cabinet", series, ["power_w", "voltage_v"], *EVER)
    assert points_of(read) == [(T0, expected)]
    assert (series, T0, expected) in everything(store, "cabinet")
    assert rows_of(store.latest("cabinet", [series])) == [(series, T0, expected)]


def test_what_nobody_wrote_is_empty(store: ReadingsStore) -> None:
    assert len(store.read("cover", "nobody", ["tilt_deg"], *EVER).ts) == 0
    assert len(store.history("cover", "nobody", ["tilt_deg"], *EVER, HOUR).ts) == 0
    assert len(store.latest("cover")) == 0
    assert list(store.scan("cover", *EVER)) == []
    put(store, ("C1", T0, {"tilt_deg": 1.0}), table="cover")
    assert len(store.read("cover", "nobody", ["tilt_deg"], *EVER).ts) == 0
    assert len(store.latest("cover", ["nobody"])) == 0
    assert len(store.latest("cover", [])) == 0
    assert len(store.read("cover", "C1", ["tilt_deg"], T0 + 1, EVER[1]).ts) == 0


def test_spans_hold_their_start_and_not_their_end(store: ReadingsStore) -> None:
    put(store, *(("L1", T0 + i, {"power_w": float(i)}) for i in range(5)))
    read = store.read("streetlight", "L1", ["power_w"], T0 + 1, T0 + 3)
    assert read.ts.tolist() == [T0 + 1, T0 + 2]
    scanned = [row for b in store.scan("streetlight", T0 + 1, T0 + 3) for row in rows_of(b)]
    assert [ts for _, ts, _ in scanned] == [T0 + 1, T0 + 2]
    history = store.history("streetlight", "L1", ["power_w"], T0 + 1, T0 + 3, HOUR)
    assert history.count.tolist() == [2]


def test_history_windows_start_at_multiples_of_their_length(store: ReadingsStore) -> None:
    hour = T0 // HOUR * HOUR
    put(
        store,
        ("L1", hour, {"power_w": 10.0}),
        ("L1", hour + HOUR - 1, {"power_w": 30.0, "lux": 5.0}),
        ("L1", hour + HOUR, {"lux": 7.0}),
        ("L1", hour + 5 * HOUR, {"power_w": -2.5}),
        ("L2", hour + 3 * HOUR, {"power_w": 99.0}),
    )
    history = store.history(
        "streetlight", "L1", ["power_w", "lux"], hour - 7, hour + 6 * HOUR, HOUR
    )
    assert history.ts.tolist() == [hour, hour + HOUR, hour + 5 * HOUR]
    assert history.count.tolist() == [2, 1, 1]
    nan = np.nan
    for found, power, lux in (
        (history.mean, [20.0, nan, -2.5], [5.0, 7.0, nan]),
        (history.low, [10.0, nan, -2.5], [5.0, 7.0, nan]),
        (history.high, [30.0, nan, -2.5], [5.0, 7.0, nan]),
    ):
        np.testing.assert_allclose(found["power_w"], power)
        np.testing.assert_allclose(found["lux"], lux)


def test_latest_has_the_last_given_value_of_each_field(store: ReadingsStore) -> None:
    put(
        store,
        ("L1", T0, {"power_w": 40.0, "lux": 3.0}),
        ("L1", T0 + MINUTE, {"power_w": 41.0}),
        ("L2", T0 + 2 * MINUTE, {"power_w": 50.0}),
        ("L3", T0, {"on": 1.0}),
    )
    put(store, ("L1", T0 - MINUTE, {"lux": 9.0, "voltage_v": 230.0}))
    latest = store.latest("streetlight")
    assert sorted(rows_of(latest)) == [
        ("L1", T0 + MINUTE, {"power_w": 41.0, "lux": 3.0, "voltage_v": 230.0}),
        ("L2", T0 + 2 * MINUTE, {"power_w": 50.0}),
        ("L3", T0, {"on": 1.0}),
    ]
    assert "temp_c" not in latest.columns
    assert latest.arrived.tolist() == latest.ts.tolist()
    some = store.latest("streetlight", ["L3", "L2", "L3", "nobody"])
    assert sorted(name for name, _, _ in rows_of(some)) == ["L2", "L3"]


def test_latest_follows_a_correction(store: ReadingsStore) -> None:
    put(store, ("L1", T0, {"power_w": 40.0, "on": 1.0}))
    put(store, ("L1", T0, {"power_w": 44.0}))
    assert rows_of(store.latest("streetlight")) == [("L1", T0, {"power_w": 44.0, "on": 1.0})]


def test_names_handed_out_are_the_caller_s_own(store: ReadingsStore) -> None:
    put(store, ("L1", T0, {"on": 1.0}))
    store.latest("streetlight").names.code("X1")
    for batch in store.scan("streetlight", *EVER):
        batch.names.code("X2")
    put(store, ("L2", T0 + 1, {"on": 0.0}))
    assert everything(store) == [("L1", T0, {"on": 1.0}), ("L2", T0 + 1, {"on": 0.0})]


def test_every_field_of_every_table_is_kept(store: ReadingsStore) -> None:
    for table, fields in MEASUREMENTS.items():
        values = {name: float(i) + 0.5 for i, name in enumerate(fields)}
        put(store, ("A-1", T0, values), table=table)
        read = store.read(table, "A-1", list(fields), *EVER)
        assert points_of(read) == [(T0, values)]
        assert everything(store, table) == [("A-1", T0, values)]


def many(rows: int, series: int, start: int = T0) -> ReadingBatch:
    """``rows`` readings of ``series`` lamps, a millisecond apart."""
    at = np.arange(rows)
    ts = start + at
    power = np.where(at % 7 == 0, np.nan, at / 8)
    columns = {"power_w": power, "on": np.ones(rows), "energy_kwh": at * 0.25}
    names = Names(f"LAMP-{i:05}" for i in range(series))
    return ReadingBatch("streetlight", names, (at % series).astype(np.int32), ts, ts, columns)


def test_a_large_batch_is_scanned_in_order_of_time(store: ReadingsStore) -> None:
    batch = many(50_000, 1_000)
    assert (store.write(batch).verdicts == Verdict.ACCEPT).all()
    parts = list(store.scan("streetlight", *EVER))
    assert max(map(len, parts)) <= 100_000
    assert np.array_equal(np.concatenate([part.ts for part in parts]), batch.ts)
    power = np.concatenate([part.column("power_w") for part in parts])
    np.testing.assert_array_equal(power, batch.columns["power_w"])
    scanned = [part.name(i) for part in parts for i in range(0, len(part), 997)]
    assert scanned == [
        name
        for part in parts
        for name in (f"LAMP-{(ts - T0) % 1_000:05}" for ts in part.ts[::997].tolist())
    ]
    assert len(store.latest("streetlight")) == 1_000


def test_nothing_is_lost_by_closing(open_store: OpenStore) -> None:
    store = open_store()
    put(store, ("L1", T0, {"power_w": 40.0, "lux": 3.0}), ("CAB-7/路", T0, {"on": 1.0}))
    put(store, ("L1", T0 + 1, {"power_w": 41.0}))
    before = everything(store)
    store.close()
    again = open_store()
    assert everything(again) == before
    assert sorted(rows_of(again.latest("streetlight"))) == [
        ("CAB-7/路", T0, {"on": 1.0}),
        ("L1", T0 + 1, {"power_w": 41.0, "lux": 3.0}),
    ]
    put(again, ("L1", T0, {"power_w": 40.0}), ("L9", T0, {"on": 0.0}))
    assert everything(again) == [*before, ("L9", T0, {"on": 0.0})]


def test_reading_and_writing_at_once(store: ReadingsStore) -> None:
    rounds, rows = 8, 500
    failures: list[BaseException] = []
    done = threading.Event()

    def write(offset: int) -> None:
        for i in range(rounds):
            batch = many(rows, 50, T0 + (i * 2 + offset) * rows)
            assert (store.write(batch).verdicts == Verdict.ACCEPT).all()

    def read() -> None:
        while not done.is_set():
            ts = store.read("streetlight", "LAMP-00007", ["power_w"], *EVER).ts
            assert (np.diff(ts) > 0).all()
            assert len(store.latest("streetlight")) <= 50
            assert sum(map(len, store.scan("streetlight", *EVER))) <= 2 * rounds * rows

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    works = [read, read, partial(write, 0), partial(write, 1)]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    readers, writers = threads[:2], threads[2:]
    for thread in threads:
        thread.start()
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in readers:
        thread.join(60)
    assert failures == []
    assert sum(map(len, store.scan("streetlight", *EVER))) == 2 * rounds * rows
