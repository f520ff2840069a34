"""What an hour is added up to, against the plain definition of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from facility.clock import HOUR
from facility.readings import Names, ReadingBatch
from facility.store.hourly import Rolling, steps
from tests.store.batches import Row, rows_of

COUNTER, GAUGE = "energy_kwh", "power_w"
Reading = tuple[int, int, float | None, float | None]

numbers = st.one_of(st.none(), st.floats(-1e300, 1e300), st.integers(0, 9).map(float))
counts = st.one_of(st.none(), st.integers(0, 50).map(float))
readings = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-2 * HOUR, 5 * HOUR), numbers, counts),
    max_size=40,
    unique_by=lambda reading: reading[:2],
).map(lambda found: sorted(found, key=lambda reading: reading[1]))


def batches(found: Sequence[Reading], size: int) -> Iterator[ReadingBatch]:
    """The readings in batches that share names, which come as they are met."""
    names = Names()
    for low in range(0, len(found), size):
        part = found[low : low + size]
        codes = np.array([names.code(f"L{i}") for i, *_ in part], dtype=np.int32)
        ts = np.array([ts for _, ts, *_ in part], dtype=np.int64)
        columns = {
            GAUGE: np.array([v for _, _, v, _ in part], dtype=float),
            COUNTER: np.array([v for *_, v in part], dtype=float),
        }
        yield ReadingBatch("streetlight", names, codes, ts, ts, columns)


def expected(found: Sequence[Reading]) -> dict[tuple[str, int], dict[str, float]]:
    """(series, hour) → its columns, written out."""
    hours: dict[tuple[str, int], dict[str, float]] = {}
    stood: dict[int, float] = {}
    for i, ts, gauge, counter in found:
        hour = hours.setdefault((f"L{i}", ts // HOUR * HOUR), {"readings": 0})
        hour["readings"] += 1
        for name, value in ((GAUGE, gauge), (COUNTER, counter)):
            if value is not None:
                hour[f"{name}_count"] = hour.get(f"{name}_count", 0) + 1
                hour[f"{name}_mean"] = hour.get(f"{name}_mean", 0) + value
                hour[f"{name}_min"] = min(hour.get(f"{name}_min", math.inf), value)
                hour[f"{name}_max"] = max(hour.get(f"{name}_max", -math.inf), value)
        if counter is not None:
            before = stood.get(i, counter)
            step = counter - before if counter >= before else counter
            hour[f"{COUNTER}_increase"] = hour.get(f"{COUNTER}_increase", 0) + step
            hour[f"{COUNTER}_last"] = stood[i] = counter
    return hours


@given(found=readings, size=st.integers(1, 9))
def test_hours_are_what_their_definition_says(found: list[Reading], size: int) -> None:
    unknown = Rolling("streetlight", lambda _, names: [math.nan] * len(names))
    rolled = {
        (name, ts): values
        for hour in unknown.hours(batches(found, size))
        for name, ts, values in rows_of(hour)
    }
    wanted = expected(found)
    assert rolled.keys() == wanted.keys()
    for key, columns in wanted.items():
        got = rolled[key]
        assert got.keys() == columns.keys()
        for name in (GAUGE, COUNTER):
            if (mean := got.get(f"{name}_mean")) is not None:
                low, high = columns[f"{name}_min"], columns[f"{name}_max"]
                assert low <= mean <= high
                total, count = columns[f"{name}_mean"], columns[f"{name}_count"]
                largest = max(abs(low), abs(high), 1e-300)
                assert abs(mean - total / count) <= 1e-9 * largest
        for column, value in columns.items():
            if not column.endswith("_mean"):
                assert got[column] == value, column


@given(found=readings, cut=st.integers(-2, 5))
def test_rolling_up_in_two_parts_is_the_same(found: list[Reading], cut: int) -> None:
    def roll(part: list[Reading], rolling: Rolling) -> list[Row]:
        # One by one, so that sums are rounded the same way.
        return [row for hour in rolling.hours(batches(part, 1)) for row in rows_of(hour)]

    def key(row: Row) -> tuple[str, int]:
        return row[:2]

    def unknown(_: str, names: Sequence[str]) -> list[float]:
        return [math.nan] * len(names)

    whole = roll(found, Rolling("streetlight", unknown))
    first = Rolling("streetlight", unknown)
    early = roll([reading for reading in found if reading[1] < cut * HOUR], first)
    stood = first.closing
    second = Rolling(
        "streetlight", lambda counter, names: [stood[counter].get(n, math.nan) for n in names]
    )
    late = roll([reading for reading in found if reading[1] >= cut * HOUR], second)
    assert sorted(early + late, key=key) == sorted(whole, key=key)


def test_a_step_down_counts_from_zero() -> None:
    previous = np.array([1.0, 5.0, np.nan, 0.0, 7.0])
    assert steps(previous, np.array([3.0, 2.0, 9.0, 0.0, 7.0])).tolist() == [2, 2, 0, 0, 0]
