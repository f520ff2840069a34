"""Captured waveforms, from the message through the door to the verdict of the rattle rule."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable

import numpy as np
import pytest

from cases.events import CaseEvent
from facility.clock import HOUR, MINUTE, SECOND
from ingest.messages import Messages
from ingest.pipeline import Pipeline
from tests.rules.street import NOON, brief, cover, engine

RATE_HZ, SCALE_G = 2_000, 0.002
LOUD_FROM = NOON + 26 * HOUR
TOPIC = "facility/410105/cover/M1/telemetry"

Wheel = Callable[[random.Random], list[float]]
"""What a captured waveform is made of: (s, g) impacts, as pairs one after the other."""


def once(chance: random.Random) -> list[float]:
    """A wheel strikes once, harder or less hard."""
    return [0.02, chance.uniform(1.5, 3.0)]


def twice(chance: random.Random) -> list[float]:
    """It lifts the lid, which falls back 40 ms later."""
    hard = chance.uniform(1.5, 3.0)
    return [0.02, hard, 0.06, 0.8 * hard]


def harder(chance: random.Random) -> list[float]:
    """It strikes once, twice as hard."""
    return [0.02, 2.2 * once(chance)[1]]


def waveform(impacts: list[float], chance: random.Random) -> dict[str, object]:
    """The contract's ``burst`` of some impacts, each a ringing that dies away."""
    time = np.arange(320) / RATE_HZ
    g = np.array([chance.gauss(0, 0.03) for _ in time])
    for at, peak in zip(impacts[::2], impacts[1::2], strict=True):
        since = np.maximum(time - at, 0)
        g += peak * np.exp(-since / 0.006) * np.sin(2 * np.pi * 200 * since)
    counts = np.round(g / SCALE_G).astype("<i2")
    return {
        "rate_hz": RATE_HZ,
        "scale_g": SCALE_G,
        "samples": base64.b64encode(counts.tobytes()).decode("ascii"),
    }


def day_and_a_half(loud: Wheel | None) -> list[CaseEvent]:
    """M1 is struck by one wheel in twenty, then by one in three, for eight hours.

    It sends no vibration, but a captured waveform in each report, or none at all.
    """
    pipeline, one, chance = Pipeline(), engine([cover("M1")]), random.Random(5)
    events: list[CaseEvent] = []
    for ts in range(NOON, LOUD_FROM + 8 * HOUR, 15 * MINUTE):
        rattles = ts >= LOUD_FROM
        hits = sum(chance.random() < (0.35 if rattles else 0.05) for _ in range(30))
        report: dict[str, object] = {"ts": ts, "passes": 30, "hits": hits}
        if loud:
            report["burst"] = waveform((loud if rattles else once)(chance), chance)
        payload = json.dumps(report).encode()
        events += one.take(pipeline.decode(Messages([TOPIC], [payload], [ts + SECOND])).batches)
    return events


RATTLE = [("opened", "cover.rattle", "cover:M1")]


@pytest.mark.parametrize(
    ("wheel", "verdict"),
    [
        pytest.param(None, RATTLE, id="hits alone decide where nothing else is sent"),
        pytest.param(once, [], id="wheels that strike as ever are no rattle"),
        pytest.param(harder, RATTLE, id="more energy is"),
        pytest.param(twice, RATTLE, id="a lid that falls back is"),
    ],
)
def test_waveforms_join_in_the_verdict(
    wheel: Wheel | None, verdict: list[tuple[str, str, str]]
) -> None:
    events = day_and_a_half(wheel)
    assert brief(events) == verdict
    for event in events:
        assert event.at - LOUD_FROM <= 4 * HOUR
        assert ("burst_double_impacts" in event.evidence) is (wheel is not None)
