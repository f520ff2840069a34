"""Messages of one reading each: read by type as expected, and no different for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decoders.plain import PlainShapes
from ingest.decoders.singles import Singles
from ingest.messages import Decoded, Messages
from ingest.pipeline import Pipeline
from tests.ingest import reference
from tests.ingest.alike import alike
from tests.ingest.arrivals import CABINET, COVER, LAMP, NOW, arrive, reasons, rows

PLAIN = {"ts": NOW, "on": True, "power_w": 44.5, "energy_kwh": 3}


@settings(deadline=None)
@given(st.lists(alike(), min_size=1, max_size=3), st.integers(1, 4))
def test_message_after_message_says_what_each_alone_would(
    devices: list[tuple[str, list[dict[str, Any]]]], at_once: int
) -> None:
    sent = [(topic, reading) for topic, readings in devices for reading in readings]
    pipeline, decoded = Pipeline(), Decoded()
    for start in range(0, len(sent), at_once):
        some = sent[start : start + at_once]
        payloads = [json.dumps(reading).encode() for _, reading in some]
        decoded.add(
            pipeline.decode(Messages([topic for topic, _ in some], payloads, [NOW] * len(some)))
        )
    expected = [reference.judge(topic, reading) for topic, reading in sent]
    assert decoded.received == len(sent)
    for table in {topic.split("/")[2] for topic, _ in sent}:
        found = [
            row
            for batch in decoded.batches
            if batch.table == table
            for row in rows(Decoded(batches=[batch]))
        ]
        told = zip(sent, expected, strict=True)
        assert found == [one.row for (topic, _), one in told if one.row and f"/{table}/" in topic]
    assert sorted(reasons(decoded)) == sorted(one.reason for one in expected if one.reason)
    assert decoded.without_ts == sum(one.without_ts for one in expected)
    dropped = [drop for one in expected for drop in one.dropped]
    assert decoded.dropped == {drop: dropped.count(drop) for drop in dropped}


def test_what_a_plain_reading_is_followed_by_is_read_by_type() -> None:
    singles = Singles(PlainShapes())
    expected = singles.after("streetlight", PLAIN)
    assert expected is not None
    assert singles.after("streetlight", PLAIN | {"power_w": 3}) is expected
    expected.waiting += [0, 1]
    assert singles.read([json.dumps(PLAIN), json.dumps(PLAIN).encode()]) == []
    (part,) = singles.empty()
    assert (part.at.tolist(), part.values["power_w"].tolist()) == ([0, 1], [44.5, 44.5])
    assert not list(singles.empty())


@pytest.mark.parametrize(
    "reading",
    [
        PLAIN | {"power_w": None},
        PLAIN | {"colour": 1},
        PLAIN | {"faults": []},
        PLAIN | {"ts": "2026-06-21T19:41:00+08:00"},
        {"on": True},
        {"ts": NOW},
    ],
)
def test_after_one_that_is_not_nothing_is_expected(reading: dict[str, object]) -> None:
    assert Singles(PlainShapes()).after("streetlight", reading) is None


@pytest.mark.parametrize(
    "payload",
    [
        PLAIN | {"power_w": "44.5"},
        PLAIN | {"power_w": 5001},
        PLAIN | {"power_w": None},
        PLAIN | {"colour": 1},
        PLAIN | {"ts": 1_782_042_060},
        {"ts": NOW, "on": True, "power_w": 44.5},
        [PLAIN],
        7,
        "no object",
    ],
)
def test_what_was_not_expected_comes_out_again(payload: object) -> None:
    singles = Singles(PlainShapes())
    expected = singles.after("streetlight", PLAIN)
    assert expected is not None
    expected.waiting += [0, 1, 2]
    plain = json.dumps(PLAIN)
    assert singles.read([plain, json.dumps(payload), plain]) == [1]
    (part,) = singles.empty()
    assert part.at.tolist() == [0, 2]


@pytest.mark.parametrize("broken", [b"", b"{", b'{"ts": 1, "on": true} x', b"\xff", b"[" * 5000])
def test_a_broken_payload_is_quarantined_alone(broken: bytes) -> None:
    pipeline = Pipeline()
    arrive(LAMP, PLAIN, pipeline=pipeline)
    decoded = arrive(LAMP, PLAIN, broken, PLAIN | {"power_w": 3}, pipeline=pipeline)
    assert [fields["power_w"] for _, _, fields in rows(decoded)] == [44.5, 3]
    assert [(one.reason, one.payload) for one in decoded.quarantined] == [("unreadable", broken)]
    assert decoded.received == 3


def test_a_reading_from_the_future_is_quarantined_with_its_message() -> None:
    pipeline = Pipeline()
    arrive(LAMP, PLAIN, pipeline=pipeline)
    early = b'{"ts": %d,  "on": true, "power_w": 1, "energy_kwh": 3}' % (NOW + 300_001)
    decoded = arrive(LAMP, early, PLAIN, pipeline=pipeline)
    assert [(one.reason, one.payload) for one in decoded.quarantined] == [("future_ts", early)]
    assert len(rows(decoded)) == 1


def test_rows_keep_the_order_of_receipt_between_the_ways() -> None:
    pipeline = Pipeline()
    arrive(LAMP, PLAIN, pipeline=pipeline)
    decoded = arrive(
        LAMP,
        PLAIN | {"power_w": 1},
        [PLAIN | {"power_w": 2}, PLAIN | {"power_w": 3}],
        PLAIN | {"power_w": 4, "on": None},
        PLAIN | {"power_w": 5},
        {"power_w": 6},
        PLAIN | {"power_w": 7},
        pipeline=pipeline,
    )
    assert [fields["power_w"] for _, _, fields in rows(decoded)] == [1, 2, 3, 4, 5, 6, 7]


def test_devices_may_send_now_this_now_that() -> None:
    """A cabinet whose circuits follow the whole, a cover that sends a waveform at times."""
    pipeline = Pipeline()
    whole = {"ts": NOW, "power_w": 900.0}
    for level in (1, 2, 3):
        decoded = arrive(
            CABINET, whole, whole | {"circuit": "C1", "power_w": level}, pipeline=pipeline
        )
        assert rows(decoded) == [
            ("CAB-7", NOW, {"power_w": 900.0}),
            ("CAB-7/C1", NOW, {"power_w": level}),
        ]
    for extra in ({}, {"burst": {"rate_hz": 0}}, {}):
        decoded = arrive(COVER, {"ts": NOW, "hits": 1} | extra, pipeline=pipeline)
        assert [fields for _, _, fields in rows(decoded)] == [{"hits": 1}]
