"""Captured waveforms: what is measured of them, what is kept, and what is refused."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facility.measurements import MEASUREMENTS, Kind
from ingest.decoders import bursts
from tests.ingest.arrivals import COVER, LAMP, NOW, arrive, reasons, row, rows

RATE = 6400.0
SCALE = 1 / 2048


def encoded(samples: Any, rate: Any = RATE, scale: Any = SCALE) -> dict[str, Any]:
    raw = np.asarray(samples).round().astype("<i2").tobytes()
    return {"rate_hz": rate, "scale_g": scale, "samples": base64.b64encode(raw).decode()}


def features(samples: Any, rate: float = RATE, scale: float = SCALE) -> dict[str, float]:
    return bursts.features(bursts.read(encoded(samples, rate, scale)))


def sine(hertz: float, counts: float = 4096, seconds: float = 1.0) -> NDArray[np.float64]:
    wave: NDArray[np.float64] = np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)
    return counts * wave


def strikes(*seconds: float, counts: float = 20_000, noise: float = 40) -> NDArray[np.float64]:
    """Rung-down impacts at the given times of a one-second burst, in road noise."""
    time = np.arange(int(RATE)) / RATE
    wave = np.random.default_rng(1).normal(0, noise, len(time))
    for at in seconds:
        after = np.clip(time - at, 0, None)
        ring = np.exp(-after / 0.003) * np.sin(2 * np.pi * 400 * after)
        wave += np.where(time >= at, counts * ring, 0)
    return wave


def test_a_sine_measures_as_the_formulas_say() -> None:
    measured = features(sine(500) + 2048)  # 2 g at 500 Hz on 1 g of gravity
    assert measured["burst_rms_g"] == pytest.approx(2 / math.sqrt(2), rel=1e-3)
    assert measured["burst_peak_g"] == pytest.approx(2, rel=1e-3)
    assert measured["burst_kurtosis"] == pytest.approx(1.5, rel=1e-2)
    assert measured["burst_peak_over_mad"] == pytest.approx(math.sqrt(2), rel=2e-2)
    assert measured["burst_band_hz"] == pytest.approx(1000 * 10 ** (-3 / 10))
    assert measured["burst_double_impacts"] == 0


def test_gaussian_noise_has_a_kurtosis_of_three() -> None:
    measured = features(np.random.default_rng(3).normal(0, 1000, 60_000))
    assert measured["burst_kurtosis"] == pytest.approx(3, abs=0.1)
    assert measured["burst_double_impacts"] == 0


@pytest.mark.parametrize("hertz", [20, 63, 250, 1000, 2500])
def test_the_band_is_the_one_that_the_tone_is_in(hertz: float) -> None:
    band = features(sine(hertz))["burst_band_hz"]
    assert abs(math.log10(band / hertz)) <= 0.0501


@pytest.mark.parametrize(
    ("times", "pairs"),
    [
        ((), 0),
        ((0.3,), 0),
        ((0.3, 0.35), 1),
        ((0.3, 0.46), 0),
        ((0.2, 0.25, 0.6, 0.64), 2),
        ((0.2, 0.25, 0.3), 1),
        ((0.3, 0.304), 0),
    ],
)
def test_double_impacts_are_pairs_within_a_tenth_of_a_second(
    times: tuple[float, ...], pairs: int
) -> None:
    assert features(strikes(*times))["burst_double_impacts"] == pairs


def test_a_weak_second_excursion_is_not_an_impact() -> None:
    wave = strikes(0.3) + strikes(0.36, counts=2_000, noise=1)
    assert features(wave)["burst_double_impacts"] == 0


def test_impacts_are_impulsive_and_a_rough_road_is_not() -> None:
    rattle, rough = features(strikes(0.3, 0.35)), features(strikes(noise=3000))
    assert rough["burst_rms_g"] > rattle["burst_rms_g"]
    assert rattle["burst_kurtosis"] > 10 * rough["burst_kurtosis"]
    assert rattle["burst_peak_over_mad"] > 10 * rough["burst_peak_over_mad"]


def test_a_flat_line_has_no_shape() -> None:
    measured = features(np.full(100, 700))
    assert measured["burst_rms_g"] == measured["burst_peak_g"] == 0
    assert measured["burst_double_impacts"] == 0
    assert math.isnan(measured["burst_kurtosis"])
    assert math.isnan(measured["burst_band_hz"])


def test_the_features_are_the_covers_measurements() -> None:
    declared = [name for name in MEASUREMENTS[Kind.COVER] if name.startswith("burst_")]
    assert declared == list(bursts.FEATURES) == list(features(sine(100)))


def test_a_reading_with_a_burst_has_its_features_and_keeps_the_waveform() -> None:
    samples = strikes(0.3, 0.35)
    decoded = arrive(COVER, {"ts": NOW - 7, "hits": 3, "burst": encoded(samples)})
    series, ts, fields = row(decoded)
    assert fields["hits"] == 3
    assert fields["burst_double_impacts"] == 1
    assert not decoded.dropped
    (burst,) = decoded.bursts
    assert (burst.series, burst.ts, burst.arrived) == (series, ts, NOW) == ("C1", NOW - 7, NOW)
    assert (burst.rate_hz, burst.scale_g) == (RATE, SCALE)
    assert burst.samples == samples.round().astype("<i2").tobytes()


def test_a_burst_alone_is_a_reading() -> None:
    assert row(arrive(COVER, {"burst": encoded(sine(100))}))[2].keys() == set(bursts.FEATURES)


def test_a_flat_burst_leaves_out_what_has_no_value() -> None:
    fields = row(arrive(COVER, {"burst": encoded(np.zeros(20))}))[2]
    assert set(bursts.FEATURES) - set(fields) == {"burst_kurtosis", "burst_band_hz"}


def test_readings_with_and_without_a_burst_go_together() -> None:
    decoded = arrive(
        COVER, {"hits": 1, "burst": None}, {"hits": 2, "burst": encoded(sine(9))}, {"hits": 3}
    )
    assert ["burst_rms_g" in fields for _, _, fields in rows(decoded)] == [False, True, False]
    assert len(decoded.bursts) == 1


GOOD = encoded(sine(100))


@pytest.mark.parametrize(
    ("burst", "reason"),
    [
        ("x", "type"),
        ([], "type"),
        ({}, "type"),
        (GOOD | {"samples": None}, "type"),
        (GOOD | {"samples": "é"}, "type"),
        (GOOD | {"samples": "AAA"}, "type"),
        (GOOD | {"samples": "AA\nAA"}, "type"),
        (GOOD | {"samples": base64.b64encode(b"x" * 33).decode()}, "type"),
        (GOOD | {"samples": ""}, "range"),
        (GOOD | {"samples": base64.b64encode(b"xx" * 15).decode()}, "range"),
        (GOOD | {"samples": base64.b64encode(b"xx" * 65_537).decode()}, "too_long"),
        (GOOD | {"samples": "A" * 900_000}, "too_long"),
        (GOOD | {"rate_hz": None}, "type"),
        (GOOD | {"rate_hz": "6400"}, "type"),
        (GOOD | {"rate_hz": True}, "type"),
        (GOOD | {"rate_hz": 0}, "range"),
        (GOOD | {"rate_hz": -1}, "range"),
        (GOOD | {"rate_hz": 1e7}, "range"),
        (GOOD | {"rate_hz": 10**400}, "range"),
        (GOOD | {"scale_g": 0}, "range"),
        (GOOD | {"scale_g": []}, "type"),
    ],
)
def test_a_burst_that_is_none_is_dropped_alone_with_a_reason(burst: Any, reason: str) -> None:
    decoded = arrive(COVER, {"hits": 2, "burst": burst})
    assert row(decoded)[2] == {"hits": 2}
    assert decoded.dropped == {("cover", "burst", reason): 1}
    assert decoded.bursts == []
    alone = arrive(COVER, {"burst": burst})
    assert [(q.reason, q.detail) for q in alone.quarantined] == [
        ("nothing_left", f"burst: {reason}")
    ]


def test_the_longest_burst_is_taken() -> None:
    assert len(arrive(COVER, {"burst": encoded(np.ones(bursts.MAX_SAMPLES))}).bursts) == 1


def test_features_out_of_range_are_dropped_by_field() -> None:
    decoded = arrive(COVER, {"burst": encoded(sine(100), scale=1.0)})
    assert "burst_rms_g" not in row(decoded)[2]
    assert decoded.dropped[("cover", "burst_rms_g", "range")] == 1


def test_the_waveform_of_a_quarantined_reading_is_not_kept() -> None:
    decoded = arrive(COVER, {"ts": "x", "burst": GOOD})
    assert reasons(decoded) == ["bad_ts"]
    assert decoded.bursts == []


def test_only_covers_have_bursts() -> None:
    assert arrive(LAMP, {"on": True, "burst": GOOD}).dropped == {
        ("streetlight", "burst", "unknown"): 1
    }


@settings(deadline=None)
@given(
    st.binary(min_size=32, max_size=400).map(lambda raw: raw[: len(raw) // 2 * 2]),
    st.floats(0.01, 1e6),
    st.floats(1e-9, 100),
)
def test_any_samples_have_features(raw: bytes, rate: float, scale: float) -> None:
    wave = bursts.Waveform(rate, scale, np.frombuffer(raw, "<i2").astype(np.int16))
    measured = bursts.features(wave)
    assert all(value >= 0 for value in measured.values() if not math.isnan(value))
    assert measured["burst_rms_g"] <= measured["burst_peak_g"] * (1 + 1e-9)
