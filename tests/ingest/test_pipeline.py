"""The pipeline as a whole: no input raises, the books balance, and columns say what rows would."""

from __future__ import annotations

import json
import logging
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facility.measurements import MEASUREMENTS
from ingest import topics
from ingest.decoders.native import NativeDecoder
from ingest.decoders.refused import MOST_APART
from ingest.messages import REASONS, Decoded, Messages
from ingest.pipeline import Pipeline
from tests.ingest import reference
from tests.ingest.arrivals import CABINET, COVER, LAMP, NOW, STATION, STATUS, arrive, reasons, rows

TOPICS = [LAMP, CABINET, COVER, STATION, STATUS]


@pytest.mark.parametrize(
    "topic",
    [
        "facility/410105/streetlight/L1/events",
        "facility/410105/streetlight/L1/telemetry/x",
        "facility/41010/streetlight/L1/telemetry",
        "facility/410105/bench/L1/telemetry",
        "facility/410105/streetlight//telemetry",
        "facility/410105/streetlight/L 1/telemetry",
        f"facility/410105/streetlight/{'L' * 65}/telemetry",
        "facility/410105/streetlight/灯/telemetry",
        "facility/４１０１０５/streetlight/L1/telemetry",
        "facility/410105/streetlight/L1/telemetry\n",
        "other/410105/streetlight/L1/telemetry",
        "facility",
        "",
    ],
)
def test_a_topic_that_is_none_is_quarantined(topic: str) -> None:
    decoded = arrive(topic, {"on": True})
    assert reasons(decoded) == ["topic"]
    assert decoded.quarantined[0].topic == topic


def test_a_topic_that_is_not_utf8_is_quarantined_as_it_can_be_shown() -> None:
    decoded = Pipeline().decode(Messages([b"facility/\xff"], [b"{}"], [NOW]))
    assert [(q.reason, q.topic) for q in decoded.quarantined] == [("topic", "facility/\ufffd")]


def test_another_root() -> None:
    pipeline = Pipeline("city/lights")
    topic = "city/lights/410105/streetlight/L1/telemetry"
    assert rows(arrive(topic, {"on": True}, pipeline=pipeline)) == [("L1", NOW, {"on": True})]
    assert reasons(arrive(LAMP, {"on": True}, pipeline=pipeline)) == ["topic"]


def test_text_and_bytes_are_the_same() -> None:
    as_text = Messages([LAMP], ['{"on": true, "lux": 3}'], [NOW])
    as_bytes = Messages([LAMP.encode()], [b'{"on": true, "lux": 3}'], [NOW])
    assert rows(Pipeline().decode(as_text)) == rows(Pipeline().decode(as_bytes))


def test_text_that_utf8_cannot_hold_is_quarantined() -> None:
    decoded = Pipeline().decode(Messages([LAMP], ['{"a": "\ud800"}'], [NOW]))
    assert reasons(decoded) == ["unreadable"]


def test_messages_that_were_cut_are_quarantined_as_such() -> None:
    messages = Messages([LAMP] * 3, [b'{"on": true}', b'{"on": true', b'{"on": false}'], [NOW] * 3)
    decoded = Pipeline().decode(messages, frozenset({1}))
    assert [(q.reason, q.payload) for q in decoded.quarantined] == [("oversized", b'{"on": true')]
    assert len(rows(decoded)) == 2


def test_each_table_is_one_batch() -> None:
    messages = Messages(
        [LAMP, COVER, LAMP], [b'{"on":true}', b'{"hits":1}', b'{"lux":1}'], [NOW] * 3
    )
    decoded = Pipeline().decode(messages)
    assert sorted(batch.table for batch in decoded.batches) == ["cover", "streetlight"]


def test_a_fault_in_a_decoder_costs_only_the_message_that_shows_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add = NativeDecoder.add

    def faulty(self: NativeDecoder, messages: Messages, at: int, *rest: Any) -> None:
        if messages.payloads[at] == b'{"on":false}':
            raise ZeroDivisionError("bug")
        add(self, messages, at, *rest)

    monkeypatch.setattr(NativeDecoder, "add", faulty)
    messages = Messages([LAMP] * 3, [b'{"on":true}', b'{"on":false}', b'{"lux":1}'], [NOW] * 3)
    with caplog.at_level(logging.CRITICAL):
        decoded = Pipeline().decode(messages)
    assert [fields for _, _, fields in rows(decoded)] == [{"on": True}, {"lux": 1}]
    assert reasons(decoded) == ["decoder_failed"]
    assert "bug" in decoded.quarantined[0].detail


def test_the_filters_receive_what_the_pipeline_decodes() -> None:
    filters = topics.subscriptions("facility")
    assert "facility/+/+/+/telemetry" in filters
    assert "facility/+/+/+/status" in filters


# What follows is for any input.

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = {name for fields in MEASUREMENTS.values() for name in fields}
fields = st.sampled_from([*sorted(FIELDS), "ts", "circuit", "n", "v", "bn", "burst"])
readings = st.dictionaries(fields | st.text(max_size=4), json_values, max_size=5)
payloads = st.one_of(
    st.binary(max_size=40),
    st.one_of(json_values, readings, st.lists(readings, max_size=4)).map(
        lambda value: json.dumps(value).encode()
    ),
    st.lists(readings, max_size=3).map(lambda value: msgspec.json.encode(value)[:-2]),
)
any_topic = st.sampled_from(TOPICS).map(str.encode) | st.binary(max_size=30)


def balanced(decoded: Decoded, messages: int) -> bool:
    stored = sum(map(len, decoded.batches))
    return decoded.received == stored + len(decoded.quarantined) and decoded.received >= messages


@settings(deadline=None)
@given(st.lists(st.tuples(any_topic, payloads), max_size=6))
def test_no_input_raises_and_the_books_balance(sent: list[tuple[bytes, bytes]]) -> None:
    messages = Messages([t for t, _ in sent], [p for _, p in sent], [NOW] * len(sent))
    decoded = Pipeline().decode(messages)
    assert balanced(decoded, len(sent))
    assert {q.reason for q in decoded.quarantined} <= set(REASONS) - {"decoder_failed"}
    for batch in decoded.batches:
        for name, column in batch.columns.items():
            measurement = MEASUREMENTS[batch.table][name]
            given = column[column == column]  # not NaN
            assert ((given >= measurement.low) & (given <= measurement.high)).all()


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 6000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["run", "online", "lost", "x", 10**400, -(10**25), "", []]),
    st.lists(st.sampled_from(["cycling", "leakage", "x"]), max_size=3),
)
stamps = st.one_of(
    st.integers(NOW - 10**6, NOW + 400_000),
    st.sampled_from(
        [None, "x", True, 0, -1, -2, 1.5, "2026-06-21T11:41:00Z", "2026-06-21", 10**30]
    ),
)


@st.composite
def table_readings(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    topic = draw(st.sampled_from(TOPICS))
    table = "status" if topic == STATUS else topic.split("/")[2]
    known = st.sampled_from([*MEASUREMENTS[table], "unheard_of"])
    circuit = st.sampled_from(["C1", "", None, 5, "x" * 65, "a\tb"])
    reading = st.fixed_dictionaries({}, optional={"ts": stamps, "circuit": circuit})
    one = st.builds(lambda a, b: a | b, st.dictionaries(known, cells, max_size=4), reading)
    return topic, draw(st.lists(one, min_size=1, max_size=12))


@settings(deadline=None)
@given(table_readings(), st.booleans())
def test_columns_say_what_reading_by_reading_would(
    sent: tuple[str, list[dict[str, Any]]], as_array: bool
) -> None:
    topic, many = sent
    decoded = arrive(topic, *([many] if as_array else many))
    expected = [reference.judge(topic, reading) for reading in many]
    assert rows(decoded) == [one.row for one in expected if one.row]
    assert sorted(reasons(decoded)) == sorted(one.reason for one in expected if one.reason)
    assert decoded.without_ts == sum(one.without_ts for one in expected)
    dropped = [drop for one in expected for drop in one.dropped]
    assert decoded.dropped == {drop: dropped.count(drop) for drop in dropped}


@pytest.mark.parametrize(
    ("item", "reason"),
    [(0, "not_an_object"), ({}, "nothing_left"), ({"on": True, "ts": "x"}, "bad_ts")],
)
def test_a_message_fills_no_more_than_its_share_of_the_quarantine(item: Any, reason: str) -> None:
    good = {"on": True, "ts": NOW}
    decoded = arrive(LAMP, [good, *[item] * 5_000])
    assert rows(decoded) == [("L1", NOW, {"on": True})]
    assert set(reasons(decoded)) == {reason}
    assert len(decoded.quarantined) == MOST_APART + 1
    (together,) = [one for one in decoded.quarantined if one.payload.startswith(b"[")]
    assert json.loads(together.payload) == [item] * (5_000 - MOST_APART)
    assert "4,900 more" in together.detail
    again = arrive(LAMP, together.payload)
    assert len(again.quarantined) == MOST_APART + 1, "it is tried again as any other"
    assert reasons(arrive(LAMP, {})) == ["nothing_left"]


def test_topics_as_long_as_they_may_be_are_not_remembered() -> None:
    pipeline = Pipeline()
    arrive(LAMP, {"on": True}, pipeline=pipeline)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for n in range(200):
        topic = f"facility/{n}{'9' * 60_000}/streetlight/L1/telemetry"
        assert reasons(arrive(topic, {"on": True}, pipeline=pipeline)) == ["topic"]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1_000_000
