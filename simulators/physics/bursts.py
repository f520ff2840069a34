"""Waveforms a cover's sensor captures of a wheel: an impact that rings, two where it rattles."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from facility.readings import Floats

RATE_HZ = 2_000
SCALE_G = 0.002
_SAMPLES = 320
_IMPACT_AT = 40
_RINGS_HZ = (110.0, 320.0)
_DIES_S = 0.009
_FALLS_BACK_S = (0.025, 0.06)
"""A lid that a wheel lifts by a millimetre or more is back after so long."""

_FLOOR = 0.03


def waveforms(peak_g: Floats, double: NDArray[np.bool_], rng: np.random.Generator) -> list[str]:
    """One ``burst`` object a wheel, as JSON text; ``double`` (n,) where a second impact follows."""
    n = len(peak_g)
    time = np.arange(_SAMPLES)[None, :] / RATE_HZ
    rings = rng.uniform(*_RINGS_HZ, (n, 1))
    shape = _impact(time - _IMPACT_AT / RATE_HZ, rings)
    later = _IMPACT_AT / RATE_HZ + rng.uniform(*_FALLS_BACK_S, (n, 1))
    again = rng.uniform(0.6, 0.95, (n, 1)) * double[:, None]
    shape += again * _impact(time - later, rings * 1.1)
    shape /= np.abs(shape).max(axis=1, keepdims=True)
    shape += rng.normal(0, _FLOOR, shape.shape)
    counts = np.clip(np.round(shape * peak_g[:, None] / SCALE_G), -32_768, 32_767).astype("<i2")
    return [
        f'{{"rate_hz":{RATE_HZ},"scale_g":{SCALE_G},"samples":"{_base64(row)}"}}' for row in counts
    ]


def _impact(since: Floats, rings_hz: Floats) -> Floats:
    """A damped ringing that begins at 0 s, about 1 at its highest."""
    after = np.maximum(since, 0)
    ringing = np.exp(-after / _DIES_S) * np.sin(2 * np.pi * rings_hz * after)
    return np.where(since >= 0, ringing, 0.0)


def _base64(counts: NDArray[np.int16]) -> str:
    return base64.b64encode(counts.tobytes()).decode("ascii")
