"""The Things Stack v3 uplinks on ``v3/{application}@{tenant}/devices/{device id}/up``.

It leaves out fields that are ``""``, 0 or false. A profile is found by the model of the device
repository (``version_ids``), then by the application's id.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ingest.decoders.uplink import BadUplink, Uplink, from_base64, same_device
from ingest.profiles.profile import Payload


class _Application(msgspec.Struct):
    application_id: str = ""


class _Device(msgspec.Struct):
    device_id: str = ""
    dev_eui: str = ""
    application_ids: _Application = msgspec.field(default_factory=_Application)


class _Version(msgspec.Struct):
    brand_id: str = ""
    model_id: str = ""


class _Message(msgspec.Struct):
    f_port: int = 0
    frm_payload: str = ""
    decoded_payload: Any = None
    received_at: str | None = None
    version_ids: _Version = msgspec.field(default_factory=_Version)


class _Up(msgspec.Struct):
    uplink_message: _Message
    end_device_ids: _Device = msgspec.field(default_factory=_Device)
    received_at: str | None = None


_EUI = re.compile("[0-9A-Fa-f]{16}")
_decode = msgspec.json.Decoder(_Up).decode


def read(payload: bytes | str, device: str) -> Uplink:
    """The uplink; ``device`` is the device id of its topic. BadUplink where it is none."""
    try:
        up = _decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadUplink(str(error)) from None
    same_device(device, up.end_device_ids.device_id)
    eui = up.end_device_ids.dev_eui
    if eui and not _EUI.fullmatch(eui):
        raise BadUplink(f"dev_eui is {eui!r:.60}")
    message = up.uplink_message
    model = " ".join(filter(None, [message.version_ids.brand_id, message.version_ids.model_id]))
    names = [model, up.end_device_ids.application_ids.application_id]
    return Uplink(
        eui.lower() or device,
        tuple(name for name in names if name),
        Payload(message.f_port, from_base64(message.frm_payload), message.decoded_payload),
        message.received_at or up.received_at,
    )
