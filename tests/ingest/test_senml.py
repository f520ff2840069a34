"""SenML packs on the native topics: base values, times, units, names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facility.measurements import MEASUREMENTS, Kind
from ingest.units import convert
from tests.ingest.arrivals import (
    CABINET,
    COVER,
    LAMP,
    NOW,
    STATION,
    STATUS,
    arrive,
    reasons,
    row,
    rows,
)

T = NOW // 1000


def test_the_standards_own_example() -> None:
    """RFC 8428, section 5.1.2, its time moved to one that is not past any clock."""
    pack = [
        {"bn": "urn:dev:ow:10e2073a0108006:", "bt": T - 1000.0, "bu": "A", "bver": 5}
        | {"n": "voltage", "u": "V", "v": 120.1},
        {"n": "current", "t": -5, "v": 1.2},
        {"n": "current", "t": -4, "v": 1.3},
        {"n": "current", "v": 1.7},
    ]
    start = NOW - 1_000_000
    assert rows(arrive(LAMP, pack)) == [
        ("L1", start, {"voltage_v": 120.1, "current_a": 1.7}),
        ("L1", start - 5000, {"current_a": 1.2}),
        ("L1", start - 4000, {"current_a": 1.3}),
    ]


def test_a_single_record() -> None:
    assert row(arrive(LAMP, [{"n": "urn:dev:ow:1:temperature", "u": "Cel", "v": 23.1}])) == (
        "L1",
        NOW,
        {"temp_c": 23.1},
    )


def test_records_of_one_time_are_one_reading() -> None:
    pack = [
        {"bn": "L1/", "bt": T - 60, "n": "on", "vb": True},
        {"n": "power_w", "v": 43.5},
        {"n": "faults", "vs": "cycling, leakage"},
    ]
    assert row(arrive(LAMP, pack)) == (
        "L1",
        NOW - 60_000,
        {"on": True, "power_w": 43.5, "faults": ["cycling", "leakage"]},
    )


@pytest.mark.parametrize(
    ("bt", "t", "expected"),
    [
        (None, None, NOW),
        (None, -5, NOW - 5000),
        (None, 2.25, NOW + 2250),
        (-3600, 10, NOW - 3_590_000),
        (T, -0.5, NOW - 500),
        (T - 10, None, NOW - 10_000),
        (None, T, NOW),
    ],
)
def test_times_are_absolute_or_relative_to_now(
    bt: float | None, t: float | None, expected: int
) -> None:
    record = (
        {"n": "lux", "v": 1} | ({} if bt is None else {"bt": bt}) | ({} if t is None else {"t": t})
    )
    decoded = arrive(LAMP, [record])
    assert row(decoded)[1] == expected
    assert decoded.without_ts == (bt is None and t is None)


@pytest.mark.parametrize(("t", "reason"), [(2**28, "bad_ts"), (T + 301, "future_ts")])
def test_a_time_that_is_wrong_is_judged_like_any(t: int, reason: str) -> None:
    decoded = arrive(LAMP, [{"n": "lux", "v": 1, "t": t}])
    assert reasons(decoded) == [reason]
    assert b'"lux": 1' in decoded.quarantined[0].payload


@pytest.mark.parametrize(
    ("topic", "name", "unit", "value", "field", "expected"),
    [
        (LAMP, "voltage", "mV", 231_200, "voltage_v", 231.2),
        (LAMP, "power", "kW", 0.0436, "power_w", 43.6),
        (LAMP, "power", "W", 43.6, "power_w", 43.6),
        (LAMP, "power", "", 43.6, "power_w", 43.6),
        (LAMP, "current", "mA", 190, "current_a", 0.19),
        (LAMP, "energy", "Wh", 234_567, "energy_kwh", 234.567),
        (LAMP, "energy", "J", 3_600_000, "energy_kwh", 1),
        (LAMP, "dim", "/", 0.75, "dim_pct", 75),
        (LAMP, "power_factor", "%", 91, "power_factor", 0.91),
        (LAMP, "temp_c", "K", 300.15, "temp_c", 27),
        (LAMP, "illuminance", "lx", 12, "lux", 12),
        (CABINET, "leakage", "A", 0.004, "leakage_ma", 4),
        (COVER, "tilt", "rad", 0.5235987755982988, "tilt_deg", 30),
        (COVER, "vib_peak", "m/s2", 19.6133, "vib_peak_g", 2),
        (COVER, "water", "cm", -35, "water_m", -0.35),
        (COVER, "battery", "%EL", 88, "battery_pct", 88),
        (COVER, "passes", "count", 120, "passes", 120),
        (STATION, "stock", "kg", 20_500, "stock_t", 20.5),
        (STATION, "stock", "g", 20_500, "stock_t", 0.0205),
        (STATION, "hydraulic", "kPa", 14_000, "hydraulic_mpa", 14),
        (STATION, "h2s", "ug/m3", 60, "h2s_mg_m3", 0.06),
        (STATION, "h2s", "ppm", 0.043, "h2s_mg_m3", 0.0599),
        (STATION, "nh3", "ppm", 2.15, "nh3_mg_m3", 1.497),
        (STATION, "nh3", "ppb", 2150, "nh3_mg_m3", 1.497),
    ],
)
def test_units_become_ours(
    topic: str, name: str, unit: str, value: float, field: str, expected: float
) -> None:
    record = {"n": name, "v": value} | ({"u": unit} if unit else {})
    fields = row(arrive(topic, [record]))[2]
    assert fields == {field: pytest.approx(expected, rel=1e-3 if "pp" in unit else 1e-11)}


@pytest.mark.parametrize("unit", ["V", "lat", "Cel", "furlong", "ppm"])
def test_a_unit_that_does_not_fit_drops_the_field(unit: str) -> None:
    decoded = arrive(LAMP, [{"n": "power", "u": unit, "v": 1}, {"n": "lux", "v": 1}])
    assert row(decoded)[2] == {"lux": 1}
    assert decoded.dropped == {("streetlight", "power_w", "unit"): 1}


def test_base_value_and_base_unit() -> None:
    pack = [
        {"bn": "L1:", "bu": "V", "bv": 200, "n": "voltage", "v": 31, "t": -10},
        {"n": "voltage", "v": 32, "t": -5},
        {"n": "voltage", "t": -1},
    ]
    assert [fields for _, _, fields in rows(arrive(LAMP, pack))] == [
        {"voltage_v": 231},
        {"voltage_v": 232},
        {"voltage_v": 200},
    ]


def test_a_record_may_set_bases_alone() -> None:
    pack = [{"bn": "L1:", "bt": T}, {"n": "lux", "v": 3}]
    assert row(arrive(LAMP, pack)) == ("L1", NOW, {"lux": 3})


def test_the_sum_of_power_is_energy() -> None:
    pack = [{"n": "power", "u": "W", "s": 7_200_000, "v": 40}, {"n": "power_w", "s": 3_600_000}]
    assert rows(arrive(LAMP, [pack[0]]))[0][2] == {"power_w": 40}
    assert rows(arrive(LAMP, [pack[1]]))[0][2] == {"energy_kwh": 1}


def test_a_cabinets_circuits() -> None:
    pack = [
        {"bn": "CAB-7/", "n": "power", "v": 5300},
        {"n": "C1/power", "v": 2000},
        {"n": "C2/power", "v": 3300},
        {"n": "C2/contactor", "vb": True},
    ]
    assert rows(arrive(CABINET, pack)) == [
        ("CAB-7", NOW, {"power_w": 5300}),
        ("CAB-7/C1", NOW, {"power_w": 2000}),
        ("CAB-7/C2", NOW, {"power_w": 3300, "contactor": True}),
    ]
    urn = [{"bn": "urn:dev:mac:0024befffe804ff1/", "n": "power", "v": 1}]
    assert row(arrive(CABINET, urn))[0] == "CAB-7"


def test_words_and_status() -> None:
    assert row(arrive(STATION, [{"n": "compactor", "vs": "run"}]))[2] == {"compactor": "run"}
    pack = [{"bt": T, "n": "state", "vs": "offline"}, {"n": "reason", "vs": "power_loss"}]
    assert row(arrive(STATUS, pack))[2] == {"state": "offline", "reason": "power_loss"}


def test_unknown_names_are_counted_and_bad_values_dropped_by_field() -> None:
    pack = [
        {"n": "humidity", "u": "%RH", "v": 50},
        {"n": "ts", "v": 5},
        {"n": "on", "v": 1},
        {"n": "power", "vd": "AAAA"},
        {"n": "voltage", "v": 1, "vb": True},
        {"n": "current", "v": 99},
        {"n": "lux", "v": 3},
    ]
    decoded = arrive(LAMP, pack)
    assert row(decoded) == ("L1", NOW, {"lux": 3})
    assert decoded.dropped == {
        ("streetlight", "humidity", "unknown"): 1,
        ("streetlight", "ts?", "unknown"): 1,
        ("streetlight", "on", "type"): 1,
        ("streetlight", "power_w", "type"): 1,
        ("streetlight", "voltage_v", "type"): 1,
        ("streetlight", "current_a", "range"): 1,
    }


def test_a_reading_with_nothing_left_is_quarantined_as_it_was_understood() -> None:
    decoded = arrive(LAMP, [{"bn": "L1:", "n": "lux", "v": 3}, {"n": "humidity", "v": 5, "t": -9}])
    assert len(rows(decoded)) == 1
    assert reasons(decoded) == ["nothing_left"]
    assert decoded.quarantined[0].detail == "humidity: unknown"


@pytest.mark.parametrize(
    "pack",
    [
        [{"bn": "L1:", "bver": 11, "n": "lux", "v": 1}],
        [{"n": "lux", "v": 1, "must_": 1}],
        [{"n": "lux", "v": "1"}],
        [{"n": "lux", "v": True}],
        [{"n": "lux", "v": 10**400}],
        [{"n": 5, "v": 1}],
        [{"n": "lux", "v": 1}, 7],
        [{"n": "lux", "v": 1}, []],
        [{"v": 1}],
        [{"n": "", "v": 1}],
        [{"n": "/lux", "v": 1}],
        [{"n": "照度", "v": 1}],
        [{"n": "lux", "v": 1, "t": "now"}],
        [{"n": "lux", "v": 1, "u": 5}],
        [{"bn": 5, "n": "lux", "v": 1}],
        [{"bt": True, "n": "lux", "v": 1}],
        [{"bn": "L1:"}],
        [{"n": "lux"}],
        [{"n": "L1/lux", "v": 1}, {"n": "L2/lux", "v": 1}],
    ],
)
def test_a_pack_that_breaks_the_standard_is_quarantined_whole(pack: list[Any]) -> None:
    decoded = arrive(LAMP, pack)
    assert reasons(decoded) == ["bad_senml"]
    assert decoded.quarantined[0].detail


def test_a_pack_with_an_infinite_time_is_quarantined() -> None:
    assert reasons(arrive(LAMP, b'[{"n":"lux","v":1,"t":1e999}]')) == ["bad_senml"]


def test_labels_that_need_not_be_understood_are_passed_over() -> None:
    assert row(arrive(LAMP, [{"n": "lux", "v": 1, "ut": 60, "colour": "red"}]))[2] == {"lux": 1}


@pytest.mark.parametrize(
    "native", [[{"on": True, "v": 3}], [{"ts": NOW, "on": True, "n": "x"}], [{"lux": 1, "t": 5}]]
)
def test_a_native_array_with_a_label_like_senmls_stays_native(native: list[Any]) -> None:
    decoded = arrive(LAMP, native)
    assert len(rows(decoded)) == 1
    assert list(decoded.dropped.values()) == [1]


numbers = st.floats() | st.integers() | st.none() | st.text(max_size=3)
records = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.sampled_from(["L1:", "", "L1/", 5]),
        "n": st.sampled_from(["lux", "on", "power", "x", "", "a/b/c", None]),
        "u": st.sampled_from(["W", "lx", "ppm", "g", None, ""]),
        **dict.fromkeys(("v", "vb", "vs", "vd", "s", "bv", "bs", "t", "bt", "bver"), numbers),
    },
)


@settings(deadline=None)
@given(st.lists(records, min_size=1, max_size=5), st.sampled_from([LAMP, CABINET, STATUS, STATION]))
def test_any_pack_balances(pack: list[Any], topic: str) -> None:
    assert "decoder_failed" not in reasons(arrive(topic, pack))


@given(st.floats(-1e6, 1e6))
def test_a_value_in_the_fields_own_unit_is_left_as_it_is(value: float) -> None:
    for fields in MEASUREMENTS.values():
        for field in fields.values():
            assert convert(value, field.unit, field) == value


@pytest.mark.parametrize("celsius", [-20, 0, 25, 40])
def test_a_warm_gas_weighs_less(celsius: float) -> None:
    h2s = MEASUREMENTS[Kind.STATION]["h2s_mg_m3"]
    at_0 = convert(1, "ppm", h2s, 0)
    warm = convert(1, "ppm", h2s, celsius)
    assert at_0 == pytest.approx(34.081 / 22.414)
    assert warm == pytest.approx(34.081 / 22.414 * 273.15 / (273.15 + celsius))
