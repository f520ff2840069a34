"""Readings of the same keys, as one firmware sends them, and now and then a spoilt one."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from facility.measurements import MEASUREMENTS, Measurement
from tests.ingest.arrivals import COVER, LAMP, NOW, STATION


def value(measurement: Measurement) -> st.SearchStrategy[Any]:
    """A faultless value of a field."""
    if measurement.type == "bool":
        return st.booleans()
    low, high = max(measurement.low, -1e9), min(measurement.high, 1e9)
    return st.floats(low, high) | st.integers(int(low), int(high))


@st.composite
def alike(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """Readings of the same keys, and at most one of them spoilt in one cell or by a key."""
    topic = draw(st.sampled_from([LAMP, COVER, STATION]))
    fields = MEASUREMENTS[topic.split("/")[2]]
    plain = sorted(name for name, one in fields.items() if one.type in ("number", "bool"))
    keys = draw(st.lists(st.sampled_from(plain), min_size=1, max_size=4, unique=True))
    reading = st.fixed_dictionaries(
        {"ts": st.integers(NOW - 10**6, NOW + 300_000)} | {key: value(fields[key]) for key in keys}
    )
    readings = draw(st.lists(reading, min_size=1, max_size=6))
    if draw(st.booleans()):
        spoilt = draw(st.sampled_from(readings))
        key = draw(st.sampled_from(["ts", *keys, "unheard_of"]))
        cells: st.SearchStrategy[Any] = st.sampled_from(
            [None, "x", -1, 10**400, 1e300, True, [], {"a": 1}, NOW + 300_001]
        )
        spoilt[key] = draw(cells)
        if draw(st.booleans()):
            del spoilt[draw(st.sampled_from(sorted(spoilt)))]
    return topic, readings
