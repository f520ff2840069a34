"""Hours and expiry, on every backend: what is rolled up, again, late, and after the readings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facility.clock import DAY, HOUR, MINUTE
from facility.errors import Permanent
from facility.measurements import MEASUREMENTS
from facility.store.base import ReadingsStore
from facility.store.hourly import FIGURES, hour_columns
from tests.store.batches import T0, Row, points_of
from tests.store.conftest import OpenStore
from tests.store.test_contract import EVER, everything, put

H0 = T0 // HOUR * HOUR
Point = tuple[int, dict[str, float]]


def hours(
    store: ReadingsStore, series: str, *columns: str, table: str = "streetlight"
) -> list[Point]:
    """The hours of a series, numbered from H0."""
    asked = columns or hour_columns(table)
    points = points_of(store.hours(table, series, asked, *EVER))
    return [((ts - H0) // HOUR, values) for ts, values in points]


def increases(store: ReadingsStore, series: str = "L1") -> list[tuple[int, float]]:
    return [
        (hour, values["energy_kwh_increase"])
        for hour, values in hours(store, series, "energy_kwh_increase")
        if values
    ]


def energy(hour: float, value: float, series: str = "L1") -> Row:
    return (series, H0 + round(hour * HOUR), {"energy_kwh": value})


def test_an_hour_has_count_mean_min_and_max_of_each_number(store: ReadingsStore) -> None:
    put(
        store,
        ("L1", H0, {"power_w": 10.0, "on": 1.0}),
        ("L1", H0 + 1, {"power_w": 40.0}),
        ("L1", H0 + HOUR - 1, {"power_w": 25.0, "lux": -3.5}),
        ("L1", H0 + HOUR, {"lux": 8.0}),
        ("L2", H0 + 5, {}),
    )
    assert store.roll_up("streetlight", H0, H0 + HOUR) == 2
    figures = {
        "on": (1, 1, 1, 1),
        "power_w": (3, 25, 10, 40),
        "lux": (1, -3.5, -3.5, -3.5),
    }
    expected: dict[str, float] = {"readings": 3}
    for field, values in figures.items():
        names = (f"{field}_{figure}" for figure in FIGURES)
        expected |= dict(zip(names, values, strict=True))
    assert hours(store, "L1") == [(0, expected)]
    assert hours(store, "L2") == [(0, {"readings": 1})]
    assert store.roll_up("streetlight", H0, H0 + 3 * HOUR) == 3
    assert hours(store, "L1", "readings", "lux_mean") == [
        (0, {"readings": 3, "lux_mean": -3.5}),
        (1, {"readings": 1, "lux_mean": 8}),
    ]


def test_rolling_up_again_gives_the_same_rows(store: ReadingsStore) -> None:
    rows = [
        (f"L{i % 7}", H0 + i * 11 * MINUTE, {"power_w": math.sqrt(i), "energy_kwh": 0.1 * i})
        for i in range(100)
    ]
    put(store, *rows)
    rolled = store.roll_up("streetlight", H0, H0 + 20 * HOUR)
    before = [hours(store, f"L{i}") for i in range(7)]
    assert store.roll_up("streetlight", H0, H0 + 20 * HOUR) == rolled
    for hour in (3, 0, 11):
        store.roll_up("streetlight", H0 + hour * HOUR, H0 + (hour + 1) * HOUR)
    assert [hours(store, f"L{i}") for i in range(7)] == before
    assert sum(values["readings"] for series in before for _, values in series) == 100


def test_increases_add_up_over_hours_and_silences(store: ReadingsStore) -> None:
    put(store, energy(0.0, 100.0), energy(0.5, 101.0), energy(1.5, 103.0), energy(7.5, 110.0))
    put(store, energy(0.5, 5.0, "L2"), energy(1.0, 6.0, "L2"), energy(1.2, 8.0, "L2"))
    store.roll_up("streetlight", H0, H0 + 9 * HOUR)
    assert increases(store) == [(0, 1.0), (1, 2.0), (7, 7.0)]
    assert increases(store, "L2") == [(0, 0.0), (1, 3.0)]
    # Hour by hour is the same as all at once, also over a silence.
    for hour in range(9):
        store.roll_up("streetlight", H0 + hour * HOUR, H0 + (hour + 1) * HOUR)
    assert increases(store) == [(0, 1.0), (1, 2.0), (7, 7.0)]
    assert increases(store, "L2") == [(0, 0.0), (1, 3.0)]


def test_a_counter_that_falls_back_counts_from_zero(store: ReadingsStore) -> None:
    put(store, energy(0.1, 500.0), energy(0.2, 3.0), energy(0.3, 4.0), energy(1.0, 1.0))
    store.roll_up("streetlight", H0, H0 + 2 * HOUR)
    assert increases(store) == [(0, 4.0), (1, 1.0)]


def test_circuits_and_other_tables_have_hours_of_their_own(store: ReadingsStore) -> None:
    rows = [
        ("CAB-7", H0, {"power_w": 1.0}),
        ("CAB-7/北环路 1号", H0, {"power_w": 2.0}),
        ("CAB-7/a\\,b=c %", H0, {"power_w": 3.0}),
    ]
    put(store, *rows, table="cabinet")
    assert store.roll_up("cabinet", H0, H0 + HOUR) == 3
    assert store.roll_up("streetlight", H0, H0 + HOUR) == 0
    for series, _, values in rows:
        found = hours(store, series, "power_w_mean", table="cabinet")
        assert found == [(0, {"power_w_mean": values["power_w"]})]


def test_every_field_of_every_table_is_rolled_up(store: ReadingsStore) -> None:
    for table, fields in MEASUREMENTS.items():
        put(store, ("A", H0, {name: 1.0 + i for i, name in enumerate(fields)}), table=table)
        put(store, ("A", H0 + 1, {name: 2.0 + i for i, name in enumerate(fields)}), table=table)
        assert store.roll_up(table, H0, H0 + HOUR) == 1
        [(_, values)] = hours(store, "A", table=table)
        assert set(values) == set(hour_columns(table))
        for i, (name, field) in enumerate(fields.items()):
            assert values[f"{name}_mean"] == 1.5 + i
            assert values.get(f"{name}_increase") == (1.0 if field.counter else None)


def test_what_is_written_makes_its_hour_stale(open_store: OpenStore) -> None:
    store = open_store()

    def stale(start: int = 0, end: int = 100) -> list[int]:
        found = store.stale_hours("streetlight", H0 + start * HOUR, H0 + end * HOUR)
        return [(hour - H0) // HOUR for hour in found.tolist()]

    assert stale() == []
    put(store, energy(0.5, 1.0), energy(3.5, 2.0), energy(5.0, 3.0), energy(-2.0, 3.0))
    assert stale() == [0, 3, 5]
    assert stale(0, 5) == [0, 3]
    assert stale(-10, 1) == [-2, 0]
    store.roll_up("streetlight", H0, H0 + 4 * HOUR)
    assert stale() == [5]
    put(store, energy(3.1, 1.5))
    put(store, energy(6.1, 1.5))
    assert stale() == [3, 5, 6]
    store.close()
    store = open_store()
    assert stale() == [3, 5, 6]
    for hour in stale():
        store.roll_up("streetlight", H0 + hour * HOUR, H0 + (hour + 1) * HOUR)
    assert stale() == []
    assert stale(-10) == [-2]
    put(store, energy(0.5, 9.0))  # a correction of what is stored
    assert stale() == [0]


def test_a_late_reading_corrects_its_hour_and_the_increase_after_it(store: ReadingsStore) -> None:
    put(store, energy(0.5, 100.0), energy(1.5, 110.0), energy(9.5, 130.0), energy(10.5, 131.0))
    put(store, energy(1.5, 7.0, "L2"), energy(4.5, 8.0, "L2"))
    store.roll_up("streetlight", H0, H0 + 20 * HOUR)
    assert increases(store) == [(0, 0.0), (1, 10.0), (9, 20.0), (10, 1.0)]
    put(store, energy(1.9, 112.0))
    put(store, energy(3.0, 7.5, "L2"))
    for hour in (1, 3):
        store.roll_up("streetlight", H0 + hour * HOUR, H0 + (hour + 1) * HOUR)
    assert increases(store) == [(0, 0.0), (1, 12.0), (9, 18.0), (10, 1.0)]
    assert increases(store, "L2") == [(1, 0.0), (3, 0.5), (4, 0.5)]


def test_history_answers_from_hours_where_readings_have_expired(store: ReadingsStore) -> None:
    rows = [
        ("L1", H0 + i * 10 * MINUTE, {"power_w": float(i % 50), **({"lux": 5.0} if i % 9 else {})})
        for i in range(6 * 48)
    ]
    put(store, *rows)
    spans = [
        (H0, H0 + 48 * HOUR, HOUR),
        (H0 - DAY, H0 + 60 * HOUR, DAY),
        (H0, H0 + 48 * HOUR, 7 * HOUR),
    ]

    def ask(start: int, end: int, every: int) -> list[NDArray[Any]]:
        found = store.history("streetlight", "L1", ["power_w", "lux", "on"], start, end, every)
        figures = (found.mean, found.low, found.high)
        return [found.ts, found.count, *(f[name] for f in figures for name in ("power_w", "lux"))]

    before = [ask(*span) for span in spans]
    store.roll_up("streetlight", H0, H0 + 48 * HOUR)
    store.expire(H0 + 20 * HOUR + 30 * MINUTE, H0)
    read = store.read("streetlight", "L1", ["power_w"], *EVER)
    assert read.ts.tolist() == [ts for _, ts, _ in rows if ts >= H0 + 20 * HOUR + 30 * MINUTE]
    for span, expected in zip(spans, before, strict=True):
        for found, wanted in zip(ask(*span), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
    # Parts of an hour, and windows that are no hours, are of the readings that are left.
    halves = store.history("streetlight", "L1", ["power_w"], H0, H0 + 22 * HOUR, HOUR // 2)
    assert halves.ts.tolist() == [H0 + 20 * HOUR + i * HOUR // 2 for i in (1, 2, 3)]
    part = store.history("streetlight", "L1", ["power_w"], H0 + 1, H0 + 2 * HOUR - 1, HOUR)
    assert part.ts.tolist() == []


def test_what_expired_is_gone_and_the_rest_stays(open_store: OpenStore) -> None:
    store = open_store()
    put(store, *(energy(hour, 1.0 + hour) for hour in range(40)))
    put(store, ("C1", H0, {"tilt_deg": 1.0}), table="cover")
    store.roll_up("streetlight", H0, H0 + 40 * HOUR)
    store.expire(H0 + 30 * HOUR, H0 + 10 * HOUR)
    assert [ts for _, ts, _ in everything(store)] == [H0 + h * HOUR for h in range(30, 40)]
    assert everything(store, "cover") == []
    assert [hour for hour, _ in hours(store, "L1", "readings")] == list(range(10, 40))
    assert store.stale_hours("streetlight", 0, EVER[1]).tolist() == []
    store.close()
    store = open_store()
    put(store, energy(40.0, 41.0), energy(30.0, 31.0))
    assert len(everything(store)) == 11
    assert store.latest("streetlight").ts.tolist() == [H0 + 40 * HOUR]
    store.roll_up("streetlight", H0 + 40 * HOUR, H0 + 41 * HOUR)
    assert increases(store)[-1] == (40, 1.0)


def test_hours_start_on_the_hour(store: ReadingsStore) -> None:
    for span in ((H0 + 1, H0 + HOUR), (H0, H0 + HOUR - 1)):
        with pytest.raises(Permanent, match="an hour starts at a multiple"):
            store.roll_up("streetlight", *span)
    with pytest.raises(Permanent, match="no table 'lamps'"):
        store.roll_up("lamps", H0, H0 + HOUR)
    with pytest.raises(Permanent, match="no table 'lamps'"):
        store.stale_hours("lamps", H0, H0 + HOUR)
    with pytest.raises(Permanent, match="no column 'power_w_sum'"):
        store.hours("streetlight", "L1", ["power_w_sum"], H0, H0 + HOUR)
    assert store.roll_up("streetlight", H0, H0) == 0
