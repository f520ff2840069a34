"""Readings as columns: series, names, and what merging a batch means."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.readings import Names, ReadingBatch, concatenate, series_of, split_series
from tests.facility.asset_strategies import IDS, UNHURRIED

FIELDS = ("power_w", "voltage_v")
Reading = tuple[int, int, int, float, float]
"""(series, ts, arrived, power_w, voltage_v)"""


def batch_of(readings: Sequence[Reading], names: Names | None = None) -> ReadingBatch:
    columns = np.array([r[3:] for r in readings], dtype=np.float64).reshape(-1, len(FIELDS))
    return ReadingBatch(
        "streetlight",
        names or Names(f"L{n}" for n in range(10)),
        np.array([r[0] for r in readings], dtype=np.int32),
        np.array([r[1] for r in readings], dtype=np.int64),
        np.array([r[2] for r in readings], dtype=np.int64),
        {name: columns[:, n] for n, name in enumerate(FIELDS)},
    )


def rows(batch: ReadingBatch) -> list[tuple[str, int, int, float | None, float | None]]:
    """As plain values, NaN as None so that they compare."""

    def plain(value: float) -> float | None:
        return None if math.isnan(value) else value

    columns = [batch.column(name) for name in FIELDS]
    return [
        (
            batch.name(n),
            int(batch.ts[n]),
            int(batch.arrived[n]),
            plain(columns[0][n]),
            plain(columns[1][n]),
        )
        for n in range(len(batch))
    ]


VALUES = st.just(math.nan) | st.floats(0, 500)
READINGS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 100), VALUES, VALUES),
    max_size=30,
)


@UNHURRIED
@given(READINGS)
def test_merging_is_writing_one_after_another(readings: list[Reading]) -> None:
    """Against the plainest thing that does it: a dictionary, written to in order of receipt."""
    kept: dict[tuple[int, int], list[float]] = {}
    for series, ts, arrived, *values in readings:
        held = kept.setdefault((series, ts), [arrived, math.nan, math.nan])
        held[0] = arrived
        for n, value in enumerate(values, 1):
            if not math.isnan(value):
                held[n] = value
    expected = [(*key, int(held[0]), held[1], held[2]) for key, held in sorted(kept.items())]
    merged = batch_of(readings).merged()
    assert rows(merged) == rows(batch_of(expected))


@UNHURRIED
@given(READINGS)
def test_merging_twice_is_merging_once(readings: list[Reading]) -> None:
    once = batch_of(readings).merged()
    assert rows(once.merged()) == rows(once)


@UNHURRIED
@given(READINGS, st.integers(1, 7))
def test_a_batch_in_pieces_is_the_batch(readings: list[Reading], size: int) -> None:
    batch = batch_of(readings)
    pieces = list(batch.split(size))
    assert all(0 < len(piece) <= size for piece in pieces)
    assert [row for piece in pieces for row in rows(piece)] == rows(batch)
    if pieces:
        assert rows(concatenate(pieces)) == rows(batch)


def test_an_empty_batch_has_no_pieces_and_merges_to_itself() -> None:
    empty = batch_of([])
    assert list(empty.split(5)) == []
    assert len(empty.merged()) == 0


def test_merging_leaves_the_batch_as_it_was() -> None:
    batch = batch_of([(1, 2, 9, 5.0, math.nan), (1, 2, 10, math.nan, 230.0)])
    before = rows(batch)
    assert rows(batch.merged()) == [("L1", 2, 10, 5.0, 230.0)]
    assert rows(batch) == before


def test_taking_rows_keeps_the_order_asked_for() -> None:
    batch = batch_of([(n, n, n, float(n), 0.0) for n in range(4)])
    assert [row[0] for row in rows(batch.take(np.array([3, 0])))] == ["L3", "L0"]
    assert [row[0] for row in rows(batch.take(batch.ts > 1))] == ["L2", "L3"]


def test_a_column_the_batch_does_not_have_is_all_nan() -> None:
    column = batch_of([(0, 1, 1, 5.0, 230.0)] * 3).column("lux")
    assert column.shape == (3,)
    assert np.isnan(column).all()


def test_joined_batches_have_the_fields_of_each() -> None:
    names = Names(["A", "B"])
    one = batch_of([(0, 1, 1, 5.0, 230.0)], names)
    other = ReadingBatch(
        "streetlight",
        names,
        np.array([1], dtype=np.int32),
        np.array([2]),
        np.array([3]),
        {"lux": np.array([9.0])},
    )
    both = concatenate([one, other])
    assert list(both.columns) == ["power_w", "voltage_v", "lux"]
    assert rows(both) == [("A", 1, 1, 5.0, 230.0), ("B", 2, 3, None, None)]
    np.testing.assert_array_equal(both.columns["lux"], [math.nan, 9.0])


def test_one_batch_joined_is_that_batch() -> None:
    batch = batch_of([(0, 1, 1, 5.0, 230.0)])
    assert concatenate([batch]) is batch


def test_names_keep_their_codes() -> None:
    names = Names(["B", "A", "B"])
    assert (names.code("A"), names.code("B"), names.code("C"), names.code("A")) == (1, 0, 2, 1)
    assert [names[code] for code in range(len(names))] == ["B", "A", "C"]


@given(IDS, st.none() | st.text(min_size=1, max_size=20))
def test_a_series_is_a_device_or_one_of_its_circuits(device: str, circuit: str | None) -> None:
    assert split_series(series_of(device, circuit)) == (device, circuit)


@pytest.mark.parametrize("circuit", [None, ""])
def test_no_circuit_is_the_whole_device(circuit: str | None) -> None:
    assert series_of("CAB-7", circuit) == "CAB-7"
