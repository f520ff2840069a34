"""The Things Stack v3 uplinks, fields that are empty left out."""

from __future__ import annotations

from typing import Any

import pytest

from facility.clock import from_rfc3339
from ingest import topics
from tests.ingest.arrivals import NOW, arrive, reasons, row
from tests.ingest.uplinks import EUI, recorded, things_stack

TOPIC = "v3/covers@tenant/devices/eui-1/up"
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
    message, result = recorded(model, "thingsstackcommunity")
    topic = f"v3/a@ttn/devices/{message['end_device_ids']['device_id']}/up"
    assert reasons(arrive(topic, message)) == ["no_profile"]
    message["uplink_message"]["version_ids"] = {"brand_id": "milesight-iot", "model_id": model}
    # The recording's converter cuts microseconds off, here they are rounded.
    at: Any = pytest.approx(result["ts"], abs=1)
    assert row(arrive(topic, message)) == (EUI, at, fields)


def test_the_time_is_the_uplinks_to_the_millisecond() -> None:
    decoded = arrive(TOPIC, things_stack(FLAT))
    assert row(decoded) == (EUI, AT, {"tilt_deg": 0})
    assert decoded.without_ts == 0


def test_the_device_is_its_eui_or_else_its_id() -> None:
    message = things_stack(FLAT)
    message["end_device_ids"]["dev_eui"] = "24E124136B0000AB"
    assert row(arrive(TOPIC, message))[0] == "24e124136b0000ab"
    del message["end_device_ids"]["dev_eui"]
    assert row(arrive(TOPIC, message))[0] == "eui-1"
    del message["end_device_ids"]
    assert row(arrive(TOPIC, message))[0] == "eui-1"


def test_the_application_names_the_model_where_the_device_repository_does_not() -> None:
    message = things_stack(FLAT)
    del message["uplink_message"]["version_ids"]
    message["end_device_ids"]["application_ids"]["application_id"] = "covers-em310-tilt"
    assert row(arrive(TOPIC, message))[2] == {"tilt_deg": 0}


def test_fields_that_are_empty_may_be_missing() -> None:
    message = things_stack(FLAT)
    del message["uplink_message"]["f_port"]
    (one,) = arrive(TOPIC, message).quarantined
    assert one.detail == "no profile for 'milesight-iot em310-tilt' or 'covers' on port 0"
    message = things_stack(FLAT)
    del message["uplink_message"]["frm_payload"]
    assert reasons(arrive(TOPIC, message)) == ["no_measurement"]
    message = things_stack(FLAT)
    del message["uplink_message"]["received_at"]
    assert row(arrive(TOPIC, message))[1] == from_rfc3339("2026-06-21T11:40:01Z")
    del message["received_at"]
    decoded = arrive(TOPIC, message)
    assert (row(decoded)[1], decoded.without_ts) == (NOW, 1)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"uplink_message": None},
        {"join_accept": {}},
        things_stack(FLAT, frm_payload="%%"),
        things_stack(FLAT, f_port="85"),
        things_stack(FLAT) | {"end_device_ids": {"device_id": "other"}},
        things_stack(FLAT) | {"end_device_ids": {"dev_eui": "x" * 70}},
    ],
)
def test_what_is_no_uplink_is_quarantined(message: Any) -> None:
    assert reasons(arrive(TOPIC, message)) == ["bad_uplink"]


@pytest.mark.parametrize("topic", ["v3/a@t/devices/eui-1/join", "v3/a@t/devices/a b/up", "v3/x/up"])
def test_other_topics_are_none(topic: str) -> None:
    assert reasons(arrive(topic, things_stack(FLAT))) == ["topic"]


def test_the_filters_receive_uplinks() -> None:
    assert "v3/+/devices/+/up" in topics.subscriptions("facility")
