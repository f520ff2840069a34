"""The contract of a readings store for what is written: once or again, late, whole or refused."""

from __future__ import annotations

import numpy as np
import pytest

from facility.clock import HOUR, MINUTE
from facility.errors import Permanent
from facility.store.base import ReadingsStore, Verdict
from tests.store.batches import T0, Row, batch_of, rows_of
from tests.store.conftest import OpenStore
from tests.store.test_contract import EVER, everything, put


def test_writing_again_changes_nothing(store: ReadingsStore) -> None:
    rows = [("L1", T0 + i * MINUTE, {"power_w": 40.0 + i}) for i in range(5)]
    put(store, *rows)
    put(store, *rows)
    put(store, rows[2])
    assert everything(store) == rows


def test_other_fields_are_added_and_the_later_value_stays(store: ReadingsStore) -> None:
    put(store, ("L1", T0, {"power_w": 40.0, "on": 1.0}), ("L1", T0 + 1, {"on": 1.0}))
    put(store, ("L1", T0, {"power_w": 41.0, "voltage_v": 230.0}), ("L2", T0, {"on": 0.0}))
    assert everything(store) == [
        ("L1", T0, {"power_w": 41.0, "on": 1.0, "voltage_v": 230.0}),
        ("L1", T0 + 1, {"on": 1.0}),
        ("L2", T0, {"on": 0.0}),
    ]


def test_repeats_within_a_batch_are_merged(store: ReadingsStore) -> None:
    put(
        store,
        ("L1", T0, {"power_w": 40.0, "on": 1.0}),
        ("L2", T0, {"power_w": 50.0}),
        ("L1", T0, {"power_w": 41.0, "lux": 3.0}),
    )
    assert everything(store) == [
        ("L1", T0, {"power_w": 41.0, "on": 1.0, "lux": 3.0}),
        ("L2", T0, {"power_w": 50.0}),
    ]


@pytest.mark.parametrize("again", ["at once", "later", "out of order", "in one batch", "reopened"])
def test_redelivered_readings_stay_one_row(open_store: OpenStore, again: str) -> None:
    store = open_store()
    rows: list[Row] = [
        (f"L{i % 3}", T0 + i * MINUTE, {"power_w": float(i), "energy_kwh": i / 10})
        for i in range(30)
    ]
    if again == "in one batch":
        put(store, *rows, *rows)
    else:
        put(store, *rows)
        if again == "later":
            put(store, *((name, ts + 3 * HOUR, values) for name, ts, values in rows))
        if again == "reopened":
            store.close()
            store = open_store()
        put(store, *(rows[::-1] if again == "out of order" else rows))
        for row in rows[::7]:
            put(store, row)
    found = [row for row in everything(store) if row[1] < T0 + HOUR]
    assert found == sorted(rows, key=lambda row: row[:2])
    history = store.history("streetlight", "L1", ["power_w"], T0, T0 + HOUR, HOUR)
    assert history.count.sum() == 10
    store.roll_up("streetlight", T0 // HOUR * HOUR, T0 // HOUR * HOUR + 2 * HOUR)
    rolled = store.hours("streetlight", "L1", ["readings"], T0 - HOUR, T0 + 2 * HOUR)
    assert rolled.columns["readings"].sum() == 10


def test_what_is_not_finite_is_rejected_and_the_rest_stays(store: ReadingsStore) -> None:
    far = 9_300_000_000_000
    rows: list[Row] = [
        ("L0", T0, {"power_w": 1.0}),
        ("L1", T0, {"power_w": np.inf, "on": 1.0}),
        ("L2", T0, {"power_w": 2.0, "lux": -np.inf}),
        ("L3", T0, {"power_w": 3.0}),
        ("L4", far, {"power_w": 4.0}),
        ("L5", -far, {"power_w": 5.0}),
    ]
    result = store.write(batch_of(rows))
    assert result.rows(Verdict.ACCEPT).tolist() == [0, 3]
    assert result.rows(Verdict.REJECT).tolist() == [1, 2, 4, 5]
    assert result.reasons[1] == "power_w is inf: a value is finite"
    assert result.reasons[2] == "lux is -inf: a value is finite"
    assert "outside of the years 1677 to 2262" in result.reasons[4]
    assert everything(store) == [rows[0], rows[3]]
    assert sorted(rows_of(store.latest("streetlight"))) == [rows[0], rows[3]]
    none = store.write(batch_of(rows[1:3]))
    assert none.verdicts.tolist() == [Verdict.REJECT] * 2


def test_readings_may_come_late_and_out_of_order(store: ReadingsStore) -> None:
    steps = [5, 1, 400_000, 3, 2, 4, 0]
    for step in steps:
        put(store, ("L1", T0 + step * MINUTE, {"power_w": float(step)}))
    put(store, *(("L2", T0 + step, {"power_w": float(step)}) for step in steps))
    for series, unit in (("L1", MINUTE), ("L2", 1)):
        read = store.read("streetlight", series, ["power_w"], *EVER)
        assert read.ts.tolist() == [T0 + step * unit for step in sorted(steps)]
        assert read.columns["power_w"].tolist() == sorted(map(float, steps))


def test_an_empty_batch_is_nothing(store: ReadingsStore) -> None:
    empty = batch_of([])
    assert len(store.write(empty).verdicts) == 0
    assert everything(store) == []


def test_what_no_store_has_is_refused(store: ReadingsStore) -> None:
    with pytest.raises(Permanent, match="no table 'lamps'"):
        store.latest("lamps")
    with pytest.raises(Permanent, match="no field 'colour'"):
        store.read("streetlight", "L1", ["colour"], *EVER)
    with pytest.raises(Permanent, match="no field"):
        store.history("streetlight", "L1", ['power_w" OR "1'], *EVER, HOUR)
    for bad in (batch_of([("L1", T0, {"on": 1})], "lamps"), batch_of([("L1", T0, {"hue": 1})])):
        result = store.write(bad)
        assert result.rows(Verdict.REJECT).tolist() == [0]
        assert "no " in result.reasons[0]
