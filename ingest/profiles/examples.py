"""A profile's own examples, run through the whole pipeline as ChirpStack would send them."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

from facility.measurements import MEASUREMENTS
from ingest.messages import Decoded, Messages
from ingest.pipeline import Pipeline
from ingest.profiles.installed import Installed
from ingest.profiles.profile import Example, Profile, Profiles, load

_DEVICE = "24e124000000abcd"
_TOPIC = f"application/examples/device/{_DEVICE}/event/up"
_ARRIVED = 4_070_908_800_000


def run_profile_examples(path: Path) -> list[str]:
    """What became otherwise than the profile's examples say, one line each; empty when all hold.

    UsageError where the file is no profile.
    """
    profile = load(path)
    failures = []
    for example in profile.examples:
        try:
            problem = _run(profile, example)
        except ValueError as error:
            problem = f"cannot be run: {error}"
        if problem:
            failures.append(f"{path.name}: example {example.name!r}: {problem}")
    return failures


def _run(profile: Profile, example: Example) -> str:
    """What is wrong, or nothing. ValueError where the bytes are not hexadecimal."""
    installed = Installed()
    for name, value in example.installed.items():
        installed.set(_DEVICE, name, value)
    pipeline = Pipeline(profiles=Profiles([profile]), installed=installed)
    for earlier in example.before:
        _send(pipeline, profile, example.port, bytes.fromhex(earlier), None)
    data = bytes.fromhex(example.bytes)
    decoded = _send(pipeline, profile, example.port, data, example.object)
    reasons = [f"{q.reason}: {q.detail}" for q in decoded.quarantined]
    if example.fails:
        if not reasons:
            return f"should fail with {example.fails!r}, gave {_readings(decoded)}"
        return "" if example.fails in reasons[0] else f"failed with {reasons[0]!r}"
    if reasons:
        return f"failed with {reasons[0]!r}"
    expected = [example.values or {}] if example.readings is None else example.readings
    found = _readings(decoded)
    if len(found) != len(expected) or not all(map(_same, expected, found)):
        return f"gave {found}, not {expected}"
    dropped = {field: reason for _, field, reason in decoded.dropped if reason != "unknown"}
    return "" if dropped == example.dropped else f"dropped {dropped}, not {example.dropped}"


def _send(
    pipeline: Pipeline, profile: Profile, port: int, data: bytes, decoded_object: Any
) -> Decoded:
    event = {
        "deviceInfo": {"devEui": _DEVICE, "deviceProfileName": profile.names[0]},
        "fPort": port,
        "data": base64.b64encode(data).decode(),
        "object": decoded_object,
    }
    messages = Messages([_TOPIC], [json.dumps(event, default=str).encode()], [_ARRIVED])
    return pipeline.decode(messages)


def _readings(decoded: Decoded) -> list[dict[str, Any]]:
    found = []
    for batch in decoded.batches:
        for row in range(len(batch)):
            reading: dict[str, Any] = {}
            if batch.ts[row] != _ARRIVED:
                reading["ts"] = int(batch.ts[row])
            for name, column in batch.columns.items():
                value = MEASUREMENTS[batch.table][name].to_public(float(column[row]))
                if value is not None:
                    reading[name] = value
            found.append(reading)
    return found


def _same(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    return expected.keys() == found.keys() and all(
        math.isclose(value, found[name], rel_tol=1e-5, abs_tol=1e-9)
        if isinstance(value, int | float) and isinstance(found[name], int | float)
        else value == found[name]
        for name, value in expected.items()
    )
