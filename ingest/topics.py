"""Topics: native ones, ``{root}/{area}/{kind}/{device}/{channel}``, and network servers'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from facility.measurements import STATUS, Kind

_TOPIC = re.compile(
    r"(?P<area>[0-9]{6})/(?P<kind>streetlight|cabinet|cover|station)"
    r"/(?P<device>[A-Za-z0-9._-]{1,64})/(?P<channel>telemetry|status)"
)
_CHIRPSTACK = re.compile(r"application/[^/]+/device/([0-9A-Fa-f]{16})/event/up")
_THE_THINGS_STACK = re.compile(r"v3/[^/]+/devices/([A-Za-z0-9._-]{1,64})/up")

Network = Literal["chirpstack", "thethingsstack"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A native topic taken apart; ``table`` is where its readings belong."""

    area: str
    kind: Kind
    device: str
    table: str


def parse(root: str, topic: str) -> Topic | None:
    """The topic's parts; None where it is not a native topic under ``root``."""
    prefix = f"{root}/"
    match = _TOPIC.fullmatch(topic, len(prefix)) if topic.startswith(prefix) else None
    if match is None:
        return None
    area, kind, device, channel = match.groups()
    return Topic(area, Kind(kind), device, STATUS if channel == "status" else kind)


def parse_uplink(topic: str) -> tuple[Network, str] | None:
    """The network server that an uplink's topic is of, and the device it names; or None."""
    if match := _CHIRPSTACK.fullmatch(topic):
        return "chirpstack", match[1]
    if match := _THE_THINGS_STACK.fullmatch(topic):
        return "thethingsstack", match[1]
    return None


def subscriptions(root: str) -> list[str]:
    """The topic filters that receive every message of every format."""
    return [
        f"{root}/+/+/+/telemetry",
        f"{root}/+/+/+/status",
        "application/+/device/+/event/up",
        "v3/+/devices/+/up",
    ]
