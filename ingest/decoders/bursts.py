"""A cover's captured waveform, read from ``burst`` and turned into features on arrival.

The features tell impulsive noise from smooth: on real road recordings energy (RMS) separates well
on smooth roads and fails on worn ones, where impulsiveness (peak over MAD, kurtosis) fails less,
so a judge needs both kinds. A cover that lifts and falls back strikes twice for one wheel.
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATURES = (
    "burst_rms_g",
    "burst_peak_g",
    "burst_peak_over_mad",
    "burst_kurtosis",
    "burst_double_impacts",
    "burst_band_hz",
)
MAX_SAMPLES = 65_536
_MIN_SAMPLES = 16
_MAX_RATE_HZ = 1_000_000
_MAX_BASE64 = 4 * (2 * MAX_SAMPLES // 3 + 1)

_IMPACT_SIGMAS = 5.0
"""An impact rises above this many robust standard deviations of the burst. Ours: no published
threshold for rattle exists."""

_IMPACT_OF_PEAK = 0.25
"""And above this part of the burst's peak, so that the road's roughness is not counted."""

_SAME_IMPACT_S = 0.010
"""Excursions closer together than this are the ringing of one impact."""

_DOUBLE_S = 0.100
"""Two impacts within this are a double one. Ours: a lid that lifts by 5 mm is back after 64 ms, and
the axles of a car at 60 km/h are 160 ms apart."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """``samples`` int16 (n,), ``rate_hz`` of them a second, ``scale_g`` g one count."""

    rate_hz: float
    scale_g: float
    samples: NDArray[np.int16]


class BadBurst(ValueError):
    """A burst that is none. The text is the reason: ``type``, ``range`` or ``too_long``."""


def read(cell: object) -> Waveform:
    """The waveform of ``{"rate_hz": n, "scale_g": x, "samples": base64 of int16, little-endian}``.

    BadBurst where it is not of that form (``type``), rate, scale or fewest samples are outside of
    their bounds (``range``), or it has more than MAX_SAMPLES (``too_long``).
    """
    if not isinstance(cell, dict):
        raise BadBurst("type")
    text = cell.get("samples")
    if not isinstance(text, str):
        raise BadBurst("type")
    if len(text) > _MAX_BASE64:
        raise BadBurst("too_long")
    rate_hz, scale_g = _positive(cell.get("rate_hz")), _positive(cell.get("scale_g"))
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadBurst("type") from None
    if len(raw) % 2:
        raise BadBurst("type")
    if len(raw) > 2 * MAX_SAMPLES:
        raise BadBurst("too_long")
    if len(raw) < 2 * _MIN_SAMPLES or rate_hz > _MAX_RATE_HZ:
        raise BadBurst("range")
    return Waveform(rate_hz, scale_g, np.frombuffer(raw, "<i2").astype(np.int16))


def reason_of(cell: object) -> str:
    """Why a burst was dropped."""
    try:
        read(cell)
    except BadBurst as error:
        return str(error)
    return ""


def features(wave: Waveform) -> dict[str, float]:
    """The measurements of a burst, of a = its samples in g less their mean (gravity, offset).

    - ``burst_rms_g`` √mean(a²), in g
    - ``burst_peak_g`` max |a|, in g
    - ``burst_peak_over_mad`` peak / MAD, MAD = median |a − median a|, at least one count
    - ``burst_kurtosis`` mean(a⁴) / mean(a²)², 3 for Gaussian noise (Pearson); NaN for a flat line
    - ``burst_double_impacts`` impacts followed by another, see :func:`double_impacts`
    - ``burst_band_hz`` the middle of the third-octave band with the most power (IEC 61260-1:
      1,000·10^(k/10) Hz) of the Hann-windowed spectrum; NaN for a flat line
    """
    counts = wave.samples.astype(np.float64)
    a = counts - counts.mean()
    squares = a * a
    power = float(squares.mean())
    peak = float(np.abs(a).max())
    deviation = np.abs(a - np.median(a))
    mad = max(float(np.median(deviation)), 1.0)
    flat = power < 1e-12
    return {
        "burst_rms_g": math.sqrt(power) * wave.scale_g,
        "burst_peak_g": peak * wave.scale_g,
        "burst_peak_over_mad": peak / mad,
        "burst_kurtosis": math.nan if flat else float((squares * squares).mean()) / power**2,
        "burst_double_impacts": 0.0 if flat else float(double_impacts(a, mad, wave.rate_hz)),
        "burst_band_hz": math.nan if flat else _band(a, wave.rate_hz),
    }


def double_impacts(a: NDArray[np.float64], mad: float, rate_hz: float) -> int:
    """How many impacts are followed by a second one within 100 ms; each is in one pair.

    ``a`` is centred, ``mad`` its median absolute deviation, in the same unit. An impact is a
    cluster of excursions beyond 5 robust standard deviations (1.4826·MAD) and a quarter of the
    peak; excursions less than 10 ms apart are one cluster, timed by its largest.
    """
    size = np.abs(a)
    threshold = max(_IMPACT_SIGMAS * 1.4826 * mad, _IMPACT_OF_PEAK * float(size.max()))
    over = np.flatnonzero(size > threshold)
    if not len(over):
        return 0
    starts = np.flatnonzero(np.diff(over, prepend=over[0]) > _SAME_IMPACT_S * rate_hz)
    times = [int(c[np.argmax(size[c])]) / rate_hz for c in np.split(over, starts)]
    pairs, last = 0, -math.inf
    for time in times:
        if time - last <= _DOUBLE_S:
            pairs, last = pairs + 1, -math.inf
        else:
            last = time
    return pairs


def _band(a: NDArray[np.float64], rate_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(a * np.hanning(len(a)))) ** 2
    hertz = np.fft.rfftfreq(len(a), 1 / rate_hz)[1:]
    bands = np.round(10 * np.log10(hertz / 1000)).astype(np.int64)
    lowest = int(bands[0])
    strongest = int(np.argmax(np.bincount(bands - lowest, spectrum[1:]))) + lowest
    return float(1000 * 10 ** (strongest / 10))


def _positive(cell: object) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        raise BadBurst("type")
    try:
        value = float(cell)
    except OverflowError:
        raise BadBurst("range") from None
    if not 0 < value < math.inf:
        raise BadBurst("range")
    return value
