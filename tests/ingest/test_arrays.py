"""Arrays of readings alike: read by type, and no different for it from readings one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facility.measurements import MEASUREMENTS
from ingest.decoders.arrays import Arrays
from ingest.decoders.plain import PlainShapes
from ingest.messages import Messages
from ingest.pipeline import Pipeline
from tests.ingest import reference
from tests.ingest.alike import alike
from tests.ingest.arrivals import LAMP, NOW, STATION, arrive, reasons, rows

PLAIN = {"ts": NOW, "on": True, "power_w": 44.5, "energy_kwh": 3}


@settings(deadline=None)
@given(st.lists(alike(), min_size=1, max_size=3))
def test_an_array_says_what_reading_by_reading_would(
    arrays: list[tuple[str, list[dict[str, Any]]]],
) -> None:
    topic = arrays[0][0]
    of_one_topic = [readings for other, readings in arrays if other == topic]
    decoded = arrive(topic, *of_one_topic)
    expected = [reference.judge(topic, one) for readings in of_one_topic for one in readings]
    assert rows(decoded) == [one.row for one in expected if one.row]
    assert sorted(reasons(decoded)) == sorted(one.reason for one in expected if one.reason)
    assert decoded.without_ts == sum(one.without_ts for one in expected)
    dropped = [drop for one in expected for drop in one.dropped]
    assert decoded.dropped == {drop: dropped.count(drop) for drop in dropped}


def test_what_is_faultless_is_read_by_type() -> None:
    arrays = Arrays(PlainShapes())
    assert arrays.take("streetlight", json.dumps([PLAIN] * 3).encode(), 0) == 3
    assert arrays.take("streetlight", json.dumps([PLAIN] * 3), 0) == 3


@pytest.mark.parametrize(
    "last",
    [
        PLAIN | {"power_w": "44.5"},
        PLAIN | {"power_w": 5001},
        PLAIN | {"power_w": None},
        PLAIN | {"colour": 1},
        PLAIN | {"ts": 1_782_042_060},
        {"ts": NOW, "on": True, "power_w": 44.5},
        7,
    ],
)
def test_one_that_is_not_sends_its_array_the_long_way(last: object) -> None:
    assert Arrays(PlainShapes()).take("streetlight", json.dumps([PLAIN, last]).encode(), 0) == 0


def test_a_reading_from_the_future_is_quarantined_alone_with_its_own_bytes() -> None:
    early = b'{"ts": %d,  "on": true}' % (NOW + 300_001)
    decoded = arrive(LAMP, b'[{"ts": %d, "on": true}, %b]' % (NOW + 300_000, early))
    assert rows(decoded) == [("L1", NOW + 300_000, {"on": True})]
    assert [(one.reason, one.payload) for one in decoded.quarantined] == [("future_ts", early)]


def test_rows_keep_the_order_of_receipt_between_the_two_ways() -> None:
    decoded = arrive(
        LAMP,
        [PLAIN | {"power_w": 1}, PLAIN | {"power_w": 2}],
        PLAIN | {"power_w": 3},
        [PLAIN | {"power_w": 4}, {"on": None, "power_w": 5}],
        [PLAIN | {"power_w": 6}],
    )
    assert [fields["power_w"] for _, _, fields in rows(decoded)] == [1, 2, 3, 4, 5, 6]


def test_arrays_of_several_devices_and_decodes_keep_apart() -> None:
    pipeline = Pipeline()
    for level in (1, 2):
        topics = [LAMP.replace("L1", device).encode() for device in ("L2", "L3")]
        payloads = [json.dumps([PLAIN | {"power_w": level}] * 2).encode()] * 2
        decoded = pipeline.decode(Messages(topics, payloads, [NOW] * 2))
        assert [(series, fields["power_w"]) for series, _, fields in rows(decoded)] == [
            (series, level) for series in ("L2", "L2", "L3", "L3")
        ]


def test_a_client_that_makes_up_keys_gets_no_end_of_decoders() -> None:
    arrays = Arrays(PlainShapes())
    fields = [name for name, one in MEASUREMENTS["station"].items() if one.type == "number"]
    for first in fields:
        for second in fields:
            arrays.take("station", json.dumps([{"ts": NOW, first: 1, second: 1}]), 0)
    assert len(list(arrays.empty())) <= 64
    (one,) = arrive(STATION, [{"ts": NOW, "odour": 1}]).batches
    assert len(one) == 1
