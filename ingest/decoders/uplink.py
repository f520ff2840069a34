"""LoRaWAN uplinks: what a network server forwards, read with the device's profile.

The id in the inventory is the DevEUI in lower-case hexadecimal, or, of a network server that
gives none, its device id. The kind is the profile's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

from facility.readings import Names
from ingest.decoders.shapes import Shapes
from ingest.messages import Decoded, Messages, Quarantined
from ingest.profiles.installed import Installed
from ingest.profiles.layout import BadPayload
from ingest.profiles.profile import Outcome, Payload, Profiles, decode

_MAX_DETAIL = 300


class BadUplink(ValueError):
    """A message that is no uplink of its network server. The text says why."""


@dataclass(frozen=True, slots=True)
class Uplink:
    """An uplink as any network server forwards it.

    ``names`` are those that a profile may be found by; ``time`` is RFC 3339, None where not given.
    """

    device: str
    names: tuple[str, ...]
    payload: Payload
    time: str | None


Reader = Callable[[bytes | str, str], Uplink]
"""Reads a payload, given the device of its topic. BadUplink where it is none."""


class UplinkDecoder:
    """Reads uplinks into ``shapes``; ``installed`` learns how their sensors were installed."""

    def __init__(
        self, shapes: Shapes, names: Names, profiles: Profiles, installed: Installed
    ) -> None:
        self._shapes = shapes
        self._names = names
        self._profiles = profiles
        self._installed = installed

    def add(self, read: Reader, messages: Messages, at: int, device: str, decoded: Decoded) -> int:
        """Takes message ``at``, whose topic names ``device``; the code of its series."""
        try:
            uplink = read(messages.payloads[at], device)
        except BadUplink as error:
            _refuse(messages, at, "bad_uplink", str(error), decoded)
            return -1
        port = uplink.payload.port
        profile = self._profiles.find(uplink.names, port)
        if profile is None:
            names = " or ".join(repr(name) for name in uplink.names) or "a device without a profile"
            _refuse(messages, at, "no_profile", f"no profile for {names} on port {port}", decoded)
            return -1
        try:
            outcome = decode(profile, uplink.payload, uplink.device, self._installed)
        except BadPayload as error:
            _refuse(messages, at, "bad_payload", f"{profile.model}: {error}", decoded)
            return -1
        for (field, reason), count in outcome.dropped.items():
            decoded.dropped[profile.kind, field, reason] += count
        self._take(outcome, uplink, profile.kind, messages, at, decoded)
        return self._names.code(uplink.device)

    def _take(
        self,
        outcome: Outcome,
        uplink: Uplink,
        table: str,
        messages: Messages,
        at: int,
        decoded: Decoded,
    ) -> None:
        for reading in outcome.readings:
            if not reading.keys() - {"ts"}:
                reason = "no_measurement" if outcome.nothing else "nothing_left"
                _refuse(messages, at, reason, outcome.nothing or outcome.detail, decoded)
                continue
            decoded.received += 1
            if uplink.time is not None:
                reading.setdefault("ts", uplink.time)
            self._shapes.take(table, reading, at, decoded)


def from_base64(text: str) -> bytes:
    """The bytes of a payload. BadUplink where they are not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadUplink(f"the payload is not base64: {text!r:.60}") from None


def same_device(topic: str, payload: str) -> None:
    """BadUplink where topic and payload are not of the same device."""
    if payload and payload.lower() != topic.lower():
        raise BadUplink(f"the topic is of {topic:.80}, the payload of {payload:.80}")


def _refuse(messages: Messages, at: int, reason: str, detail: str, decoded: Decoded) -> None:
    decoded.received += 1
    decoded.quarantined.append(Quarantined.of(messages, at, reason, detail[:_MAX_DETAIL]))
