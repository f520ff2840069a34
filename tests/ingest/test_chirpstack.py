"""ChirpStack v4 uplinks: whose they are, when, and what becomes of those that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facility.clock import from_rfc3339
from ingest import topics
from ingest.pipeline import Pipeline
from ingest.profiles.installed import Installed
from tests.ingest.arrivals import arrive, reasons, row, rows
from tests.ingest.uplinks import EUI, chirpstack, recorded

TOPIC = f"application/ca739e26/device/{EUI}/event/up"
AT = from_rfc3339("2026-06-21T11:40:00.250Z")
FLAT = "03CF00000000282307"


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("em310-tilt", {"tilt_deg": 0}),
        ("em320-tilt", {"tilt_deg": 0, "battery_pct": 100}),
        ("gs301", {"nh3_mg_m3": 0, "h2s_mg_m3": pytest.approx(0.0137732, rel=1e-5)}),
    ],
)
def test_recorded_uplinks_mean_what_they_should(model: str, fields: dict[str, Any]) -> None:
    message, result = recorded(model, "chirpstack")
    assert reasons(arrive(TOPIC, message)) == ["no_profile"]
    message["deviceInfo"]["deviceProfileName"] = f"Milesight {model.upper()}"
    # The recording's converter cuts microseconds off, here they are rounded.
    at: Any = pytest.approx(result["ts"], abs=1)
    assert row(arrive(TOPIC, message)) == (EUI, at, fields)


def test_the_device_is_its_eui_in_lower_case() -> None:
    eui = "24E124136B0000AB"
    event = chirpstack(FLAT) | {"deviceInfo": {"devEui": eui, "deviceProfileName": "EM310-TILT"}}
    for topic_eui in (eui, eui.lower()):
        decoded = arrive(f"application/1/device/{topic_eui}/event/up", event)
        assert row(decoded) == (eui.lower(), AT, {"tilt_deg": 0})


def test_the_kind_is_the_profiles() -> None:
    assert arrive(TOPIC, chirpstack(FLAT)).batches[0].table == "cover"
    usage = "00FF80D0EF2F0112FF479403002A00F94A030027005DE5C072D902D0EF2F01"
    lamp = arrive(TOPIC, chirpstack(usage, 26, "UL2014"))
    assert lamp.batches[0].table == "streetlight"
    assert row(lamp)[2]["energy_kwh"] == 234.567


def test_a_tag_names_the_model_where_the_device_profile_does_not() -> None:
    event = chirpstack(FLAT, profile="default")
    event["deviceInfo"]["tags"] = {"profile": "EM310-TILT"}
    assert row(arrive(TOPIC, event))[2] == {"tilt_deg": 0}


def test_without_a_time_that_of_receipt_is_used_and_counted() -> None:
    event = chirpstack(FLAT)
    del event["time"]
    decoded = arrive(TOPIC, event)
    assert row(decoded)[0] == EUI
    assert decoded.without_ts == 1


def test_no_profile_names_the_profile_and_the_port() -> None:
    (one,) = arrive(TOPIC, chirpstack(FLAT, 7, "Someone's thing")).quarantined
    assert (one.reason, one.detail) == (
        "no_profile",
        'no profile for "Someone\'s thing" on port 7',
    )
    (nameless,) = arrive(TOPIC, chirpstack(FLAT, profile="")).quarantined
    assert nameless.detail == "no profile for a device without a profile on port 85"


def test_a_sentinel_is_dropped_with_a_reason() -> None:
    decoded = arrive(TOPIC, chirpstack("047DFEFF057D0100", profile="GS301"))
    assert row(decoded)[2].keys() == {"h2s_mg_m3"}
    assert decoded.dropped == {("station", "nh3_mg_m3", "sentinel"): 1}


def test_an_unknown_channel_is_counted_and_costs_what_stands_behind_it() -> None:
    decoded = arrive(TOPIC, chirpstack("01755C9999FF" + FLAT))
    assert row(decoded)[2] == {"battery_pct": 92}
    assert decoded.dropped == {("cover", "channel 9999", "unknown"): 1}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (b"", "bad_uplink"),
        (b"[]", "bad_uplink"),
        (b"\xff", "bad_uplink"),
        (b'{"object": ' + b"[" * 100_000, "bad_uplink"),
        (chirpstack(FLAT, data="not base64!"), "bad_uplink"),
        (chirpstack(FLAT, fPort="85"), "bad_uplink"),
        (chirpstack(FLAT, deviceInfo={"devEui": "2000000000000002"}), "bad_uplink"),
        ({}, "no_profile"),
        (chirpstack(FLAT, data=""), "no_measurement"),
        (chirpstack(FLAT, data=None), "no_measurement"),
        (chirpstack(FLAT, fPort=None), "no_profile"),
        (chirpstack("03CF0000"), "bad_payload"),
        (chirpstack("804106000000", 61, "UL2014"), "no_measurement"),
        (chirpstack(FLAT, time="yesterday"), "bad_ts"),
        (chirpstack(FLAT, time="2026-06-21T12:41:00Z"), "future_ts"),
    ],
)
def test_what_is_no_reading_is_quarantined_with_a_reason(event: Any, reason: str) -> None:
    decoded = arrive(TOPIC, event)
    assert reasons(decoded) == [reason]
    assert decoded.quarantined[0].topic == TOPIC


@pytest.mark.parametrize(
    "topic",
    [
        "application/1/device/abc/event/up",
        f"application/1/device/{EUI}/event/join",
        f"application/1/2/device/{EUI}/event/up",
        f"application//device/{EUI}/event/up",
    ],
)
def test_other_topics_are_none(topic: str) -> None:
    assert reasons(arrive(topic, chirpstack(FLAT))) == ["topic"]


def test_history_is_as_many_readings_of_their_own_times() -> None:
    installed = Installed()
    installed.set(EUI, "sensor_depth_m", 3)
    event = chirpstack("0377640020CE00105E686E0020CE60135E68FFFF", profile="EM500-SWL")
    decoded = arrive(TOPIC, event, pipeline=Pipeline(installed=installed))
    assert rows(decoded) == [
        (EUI, AT, {"water_m": -2.0}),
        (EUI, 0x685E1000 * 1000, {"water_m": -1.9}),
    ]
    assert reasons(decoded) == ["nothing_left"]


def test_the_pipeline_learns_the_installed_position_across_messages() -> None:
    installed = Installed()
    pipeline = Pipeline(installed=installed)
    tilts = [
        row(arrive(TOPIC, chirpstack(data), pipeline=pipeline))[2]["tilt_deg"]
        for data in (FLAT, "03CFB80B0000701707", FLAT)
    ]
    assert tilts == [0, 30, 0]
    assert installed.version == 3


def test_the_filters_receive_uplinks() -> None:
    assert "application/+/device/+/event/up" in topics.subscriptions("facility")


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["time", "deviceInfo", "fPort", "data", "object"]),
        st.none()
        | st.integers()
        | st.text()
        | st.lists(st.integers())
        | st.just({"tags": {"profile": 1}}),
    )
)
def test_any_event_balances(change: dict[str, Any]) -> None:
    assert "decoder_failed" not in reasons(arrive(TOPIC, chirpstack(FLAT) | change))
