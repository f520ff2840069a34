"""Uplinks as network servers send them: recorded ones where they are, and ones made here."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "data" / "uplinks"
EUI = "1000000000000001"


def recorded(model: str, network: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the message, what it means) of a recording; skips the test where there is none."""
    path = RECORDED / f"{model}.{network}.payload.json"
    if not path.exists():
        pytest.skip(f"the recorded uplink {path.name} is not beside this checkout")
    result = path.with_name(path.name.replace(".payload.", ".result."))
    return json.loads(path.read_text()), json.loads(result.read_text())["telemetry"][0]


def chirpstack(
    raw: str, port: int = 85, profile: str = "EM310-TILT", **more: Any
) -> dict[str, Any]:
    """A ChirpStack event with the payload of ``raw`` (hexadecimal)."""
    return {
        "time": "2026-06-21T11:40:00.250+00:00",
        "deviceInfo": {"devEui": EUI, "deviceProfileName": profile, "tags": {}},
        "fPort": port,
        "data": base64.b64encode(bytes.fromhex(raw)).decode(),
    } | more


def things_stack(
    raw: str, port: int = 85, model: str = "em310-tilt", **more: Any
) -> dict[str, Any]:
    """A Things Stack uplink with the payload of ``raw`` (hexadecimal)."""
    return {
        "end_device_ids": {
            "device_id": "eui-1",
            "dev_eui": EUI,
            "application_ids": {"application_id": "covers"},
        },
        "received_at": "2026-06-21T11:40:01Z",
        "uplink_message": {
            "f_port": port,
            "frm_payload": base64.b64encode(bytes.fromhex(raw)).decode(),
            "received_at": "2026-06-21T11:40:00.250123456Z",
            "version_ids": {"brand_id": "milesight-iot", "model_id": model},
        }
        | more,
    }
