"""Topics of the native format: ``{root}/{area}/{kind}/{device}/{channel}``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from facility.measurements import STATUS, Kind

_TOPIC = re.compile(
    r"(?P<area>[0-9]{6})/(?P<kind>streetlight|cabinet|cover|station)"
    r"/(?P<device>[A-Za-z0-9._-]{1,64})/(?P<channel>telemetry|status)"
)


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


def subscriptions(root: str) -> list[str]:
    """The topic filters that receive every native message."""
    return [f"{root}/+/+/+/telemetry", f"{root}/+/+/+/status"]
