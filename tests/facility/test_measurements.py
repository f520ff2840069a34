"""The table of measurements: it is the contract's, and values come out of it as they went in."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.measurements import (
    COMPACTOR_STATES,
    LAMP_FAULTS,
    MEASUREMENTS,
    STATUS,
    Kind,
    Measurement,
)

ALL = [
    pytest.param(table, measurement, id=f"{table}.{name}")
    for table, fields in MEASUREMENTS.items()
    for name, measurement in fields.items()
]


def test_every_kind_has_its_table_and_status_one() -> None:
    assert set(MEASUREMENTS) == {*Kind, STATUS}


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        (
            "streetlight",
            "on dim_pct power_w voltage_v current_a power_factor energy_kwh lux temp_c faults",
        ),
        (
            "cabinet",
            "power_w voltage_v current_a power_factor energy_kwh contactor door_open leakage_ma",
        ),
        (
            "cover",
            """tilt_deg passes hits vib_rms_g vib_peak_g kurtosis water_m battery_pct temp_c
            burst_rms_g burst_peak_g burst_peak_over_mad burst_kurtosis burst_double_impacts
            burst_band_hz""",
        ),
        (
            "station",
            """inbound_t outbound_t stock_t hopper_pct leachate_pct h2s_mg_m3 nh3_mg_m3 odour
            compactor motor_temp_c hydraulic_mpa fire estop""",
        ),
        ("status", "state reason"),
    ],
)
def test_the_fields_are_the_contracts(table: str, fields: str) -> None:
    assert list(MEASUREMENTS[table]) == fields.split()


@pytest.mark.parametrize(
    ("table", "field", "low", "high", "unit"),
    [
        ("streetlight", "dim_pct", 0, 100, "%"),
        ("streetlight", "power_w", 0, 5_000, "W"),
        ("streetlight", "voltage_v", 0, 500, "V"),
        ("streetlight", "current_a", 0, 50, "A"),
        ("streetlight", "power_factor", 0, 1, ""),
        ("streetlight", "lux", 0, 200_000, "lx"),
        ("streetlight", "temp_c", -50, 120, "°C"),
        ("cabinet", "power_w", 0, 500_000, "W"),
        ("cabinet", "current_a", 0, 1_000, "A"),
        ("cabinet", "leakage_ma", 0, 10_000, "mA"),
        ("cover", "tilt_deg", 0, 180, "°"),
        ("cover", "vib_rms_g", 0, 200, "g"),
        ("cover", "vib_peak_g", 0, 400, "g"),
        ("cover", "water_m", -50, 50, "m"),
        ("cover", "battery_pct", 0, 100, "%"),
        ("station", "hopper_pct", 0, 100, "%"),
        ("station", "leachate_pct", 0, 100, "%"),
        ("station", "h2s_mg_m3", 0, math.inf, "mg/m³"),
        ("station", "stock_t", 0, math.inf, "t"),
    ],
)
def test_ranges_and_units_are_the_contracts(
    table: str, field: str, low: float, high: float, unit: str
) -> None:
    measurement = MEASUREMENTS[table][field]
    assert (measurement.low, measurement.high, measurement.unit) == (low, high, unit)


def test_the_counters_are_those_that_only_grow() -> None:
    counters = {m.name for fields in MEASUREMENTS.values() for m in fields.values() if m.counter}
    assert counters == {"energy_kwh", "inbound_t", "outbound_t"}


@pytest.mark.parametrize(("table", "measurement"), ALL)
def test_a_measurement_is_complete(table: str, measurement: Measurement) -> None:
    assert MEASUREMENTS[table][measurement.name] is measurement
    assert measurement.meaning
    assert measurement.low < measurement.high
    assert bool(measurement.choices) == (measurement.type in {"choice", "flags"})
    assert measurement.to_public(math.nan) is None


@pytest.mark.parametrize(("table", "measurement"), ALL)
def test_the_ends_of_the_range_can_be_shown(table: str, measurement: Measurement) -> None:
    shown: list[Any] = [
        measurement.to_public(end)
        for end in (measurement.low, measurement.high)
        if math.isfinite(end)
    ]
    match measurement.type:
        case "bool":
            assert shown == [False, True]
        case "choice":
            assert shown == [measurement.choices[0], measurement.choices[-1]]
        case "flags":
            assert shown == [[], list(measurement.choices)]
        case "number":
            assert all(isinstance(value, float | int) for value in shown)


def test_choices_are_shown_by_name() -> None:
    compactor = MEASUREMENTS[Kind.STATION]["compactor"]
    assert [compactor.to_public(float(n)) for n in range(4)] == list(COMPACTOR_STATES)


@given(st.sets(st.sampled_from(LAMP_FAULTS)))
def test_flags_are_shown_by_name_in_the_contracts_order(faults: set[str]) -> None:
    mask = sum(1 << n for n, fault in enumerate(LAMP_FAULTS) if fault in faults)
    shown = MEASUREMENTS[Kind.STREETLIGHT]["faults"].to_public(float(mask))
    assert shown == [fault for fault in LAMP_FAULTS if fault in faults]
