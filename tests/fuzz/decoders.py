"""Fuzzing of everything a message passes through, guided by coverage.

By hand, for as long as one likes: ``python -m tests.fuzz.decoders CORPUS -max_total_time=600``,
CORPUS being a folder for the inputs that it finds.
"""

from __future__ import annotations

import base64
import json
import sys

import atheris

with atheris.instrument_imports(include=["ingest"]):
    from ingest.messages import REASONS, Messages
    from ingest.pipeline import Pipeline
    from ingest.profiles.installed import Installed

NOW = 1_782_042_060_000
_NATIVE = ["streetlight", "cabinet", "cover", "station"]
_MODELS = ["EM310-TILT", "EM320-TILT", "GS301", "EM500-SWL", "EM310-UDL", "UL2014"]
_EUI = "24e124000000abcd"


def one_input(data: bytes) -> None:
    """The first byte says by which way the rest comes in. Raises where a promise is broken."""
    way, rest = data[:1] or b"\0", data[1:]
    topic, payload = _message(way[0], rest)
    installed = Installed()
    installed.set(_EUI, "sensor_depth_m", 3)
    decoded = Pipeline(installed=installed).decode(Messages([topic], [payload], [NOW]))
    stored = sum(map(len, decoded.batches))
    if decoded.received < 1 or decoded.received != stored + len(decoded.quarantined):
        raise AssertionError(f"the books do not balance: {decoded}")
    reasons = {one.reason for one in decoded.quarantined}
    if not reasons <= set(REASONS) or "decoder_failed" in reasons:
        raise AssertionError(f"a decoder failed: {decoded.quarantined}")


def _message(way: int, rest: bytes) -> tuple[bytes, bytes]:
    if way < 0x60:
        kind = _NATIVE[way % len(_NATIVE)]
        channel = "status" if way & 0x10 else "telemetry"
        return f"facility/410105/{kind}/D1/{channel}".encode(), rest
    if way < 0x70:
        return f"application/1/device/{_EUI}/event/up".encode(), rest
    if way < 0x80:
        return b"v3/a@t/devices/d1/up", rest
    if way < 0x90:
        return rest, b'{"on": true}'
    return _uplink(_MODELS[way % len(_MODELS)], rest)


def _uplink(model: str, rest: bytes) -> tuple[bytes, bytes]:
    """A ChirpStack event of a model whose port and bytes are the fuzzer's."""
    event = {
        "deviceInfo": {"devEui": _EUI, "deviceProfileName": model},
        "fPort": 85 if model != "UL2014" else (rest[0] if rest else 26),
        "data": base64.b64encode(rest[1:]).decode(),
    }
    return f"application/1/device/{_EUI}/event/up".encode(), json.dumps(event).encode()


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
