"""ChirpStack v4 uplink events (JSON) on ``application/{id}/device/{DevEUI}/event/up``.

A profile is found by the device's tag ``profile``, then by the name of its device profile.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ingest.decoders.uplink import BadUplink, Uplink, from_base64, same_device
from ingest.profiles.profile import Payload


class _DeviceInfo(msgspec.Struct, rename="camel"):
    dev_eui: str = ""
    device_profile_name: str = ""
    tags: dict[str, Any] = {}


class _Event(msgspec.Struct, rename="camel"):
    device_info: _DeviceInfo = msgspec.field(default_factory=_DeviceInfo)
    time: str | None = None
    f_port: int | None = None
    data: str | None = None
    object: Any = None


_decode = msgspec.json.Decoder(_Event).decode


def read(payload: bytes | str, device: str) -> Uplink:
    """The uplink; ``device`` is the DevEUI of its topic. BadUplink where it is none."""
    try:
        event = _decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadUplink(str(error)) from None
    same_device(device, event.device_info.dev_eui)
    tag = event.device_info.tags.get("profile")
    names = [tag if isinstance(tag, str) else "", event.device_info.device_profile_name]
    return Uplink(
        device.lower(),
        tuple(name for name in names if name),
        Payload(event.f_port or 0, from_base64(event.data or ""), event.object),
        event.time,
    )
