"""The native format, rule by rule of the contract's section on what devices publish."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest.decoders.refused import MOST_APART
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

ON = {"on": True}


def test_a_full_reading_of_each_kind() -> None:
    lamp = {
        "on": True,
        "dim_pct": 75,
        "power_w": 44.5,
        "voltage_v": 231,
        "current_a": 0.2,
        "power_factor": 0.91,
        "energy_kwh": 1234.5,
        "lux": 12,
        "temp_c": -3.5,
        "faults": ["gear_failure", "cycling"],
    }
    cabinet = {
        "power_w": 5300,
        "voltage_v": 231,
        "current_a": 24,
        "power_factor": 0.9,
        "energy_kwh": 9e6,
        "contactor": True,
        "door_open": False,
        "leakage_ma": 3,
    }
    cover = {
        "tilt_deg": 0.4,
        "passes": 120,
        "hits": 3,
        "vib_rms_g": 0.1,
        "vib_peak_g": 2.5,
        "kurtosis": 9,
        "water_m": -1.2,
        "battery_pct": 88,
        "temp_c": 21,
    }
    station = {
        "inbound_t": 1e5,
        "outbound_t": 99_980.5,
        "stock_t": 20,
        "hopper_pct": 40,
        "leachate_pct": 12,
        "h2s_mg_m3": 0.02,
        "nh3_mg_m3": 0.3,
        "odour": 8,
        "compactor": "run",
        "motor_temp_c": 61,
        "hydraulic_mpa": 14,
        "fire": False,
        "estop": False,
    }
    status = {"state": "offline", "reason": "power_loss"}
    sent: list[tuple[str, dict[str, Any]]] = [
        (LAMP, lamp),
        (CABINET, cabinet),
        (COVER, cover),
        (STATION, station),
        (STATUS, status),
    ]
    for topic, fields in sent:
        decoded = arrive(topic, {"ts": NOW - 1000, **fields})
        device = topic.split("/")[3]
        assert row(decoded) == (device, NOW - 1000, fields)
        assert not decoded.dropped
        assert int(decoded.batches[0].arrived[0]) == NOW


def test_an_array_is_as_many_readings() -> None:
    decoded = arrive(LAMP, [{"ts": NOW - n, "on": True} for n in (3, 2, 1)])
    assert decoded.received == 3
    assert [ts for _, ts, _ in rows(decoded)] == [NOW - 3, NOW - 2, NOW - 1]


def test_rows_keep_the_order_of_receipt_across_different_keys() -> None:
    decoded = arrive(LAMP, {"on": True}, {"lux": 1}, [{"on": False}, {"lux": 2}], {"on": True})
    assert [fields for _, _, fields in rows(decoded)] == [
        {"on": True},
        {"lux": 1},
        {"on": False},
        {"lux": 2},
        {"on": True},
    ]


def test_of_an_array_only_the_bad_reading_is_quarantined_with_its_own_bytes() -> None:
    payload = b'[{"on": true}, {"ts": "x",  "on": true}, 7, {"lux": 5e0}]'
    decoded = arrive(LAMP, payload)
    assert [fields for _, _, fields in rows(decoded)] == [{"on": True}, {"lux": 5.0}]
    assert {(q.reason, q.payload) for q in decoded.quarantined} == {
        ("bad_ts", b'{"ts": "x",  "on": true}'),
        ("not_an_object", b"7"),
    }


def test_an_unknown_field_is_counted_and_costs_nothing() -> None:
    decoded = arrive(LAMP, {"on": True, "colour": "red", "x": {"y": [1]}})
    assert row(decoded)[2] == ON
    assert decoded.dropped == {
        ("streetlight", "colour", "unknown"): 1,
        ("streetlight", "x", "unknown"): 1,
    }


def test_a_field_of_another_kind_is_unknown() -> None:
    decoded = arrive(LAMP, {"on": True, "circuit": "C1", "tilt_deg": 3})
    assert row(decoded) == ("L1", NOW, ON)
    assert set(decoded.dropped) == {
        ("streetlight", "circuit", "unknown"),
        ("streetlight", "tilt_deg", "unknown"),
    }


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        ("power_w", "43", "type"),
        ("power_w", True, "type"),
        ("power_w", [43], "type"),
        ("power_w", {}, "type"),
        ("power_w", -0.1, "range"),
        ("power_w", 5000.1, "range"),
        ("power_w", 10**30, "range"),
        ("power_w", 10**400, "range"),
        ("energy_kwh", 10**400, "range"),
        ("power_factor", -(10**400), "range"),
        ("dim_pct", 100.0001, "range"),
        ("temp_c", -51, "range"),
        ("on", 1, "type"),
        ("on", "true", "type"),
        ("faults", "cycling", "type"),
        ("faults", [1], "type"),
        ("faults", {"cycling": True}, "type"),
        ("faults", ["unheard_of"], "choice"),
    ],
)
def test_a_bad_field_is_dropped_alone_with_its_reason(field: str, cell: Any, reason: str) -> None:
    decoded = arrive(LAMP, {"ts": NOW, field: cell, "lux": 3})
    assert row(decoded) == ("L1", NOW, {"lux": 3})
    assert decoded.dropped == {("streetlight", field, reason): 1}


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"9" * 5000, b"1" + b"0" * 400 + b".5"])
def test_a_number_beyond_float64_is_out_of_range_and_costs_only_its_field(number: bytes) -> None:
    decoded = arrive(LAMP, b'{"energy_kwh": ' + number + b', "on": true}')
    assert row(decoded)[2] == ON
    assert decoded.dropped == {("streetlight", "energy_kwh", "range"): 1}


@pytest.mark.parametrize(("cell", "held"), [(0, 0.0), (5000, 5000.0), (1e-300, 1e-300), (-0.0, 0)])
def test_the_ends_of_the_range_are_in_it(cell: float, held: float) -> None:
    assert row(arrive(LAMP, {"power_w": cell}))[2] == {"power_w": held}


def test_null_is_not_given() -> None:
    decoded = arrive(LAMP, {"on": None, "power_w": None, "faults": None, "lux": 1})
    assert row(decoded)[2] == {"lux": 1}
    assert not decoded.dropped


def test_a_column_of_mixed_cells_is_judged_cell_by_cell() -> None:
    cells = [43, 43.5, None, "x", True, -1, 10**400]
    decoded = arrive(LAMP, [{"power_w": cell, "on": True} for cell in cells])
    assert [fields.get("power_w") for _, _, fields in rows(decoded)] == [43, 43.5] + [None] * 5
    assert decoded.dropped == {
        ("streetlight", "power_w", "type"): 2,
        ("streetlight", "power_w", "range"): 2,
    }


def test_known_flags_are_kept_beside_unknown_ones_and_repeats_count_once() -> None:
    decoded = arrive(LAMP, {"faults": ["cycling", "melted", "cycling"]})
    assert row(decoded)[2] == {"faults": ["cycling"]}
    assert decoded.dropped == {("streetlight", "faults", "choice"): 1}


def test_an_empty_list_of_faults_says_that_there_are_none() -> None:
    assert row(arrive(LAMP, {"faults": []}))[2] == {"faults": []}


@pytest.mark.parametrize(("cell", "reason"), [("jammed", "choice"), (1, "type"), (["run"], "type")])
def test_a_word_that_is_no_choice_is_dropped(cell: Any, reason: str) -> None:
    decoded = arrive(STATION, {"compactor": cell, "odour": 1})
    assert row(decoded)[2] == {"odour": 1}
    assert decoded.dropped == {("station", "compactor", reason): 1}


@pytest.mark.parametrize(
    "payload", [{}, {"ts": NOW}, {"colour": 1}, {"power_w": "x"}, {"on": None}]
)
def test_with_nothing_left_the_reading_is_quarantined_with_its_bytes(payload: Any) -> None:
    decoded = arrive(LAMP, payload)
    assert reasons(decoded) == ["nothing_left"]
    assert decoded.quarantined[0].payload == json.dumps(payload).encode()
    assert decoded.quarantined[0].topic == LAMP
    assert decoded.quarantined[0].arrived == NOW


def test_the_quarantine_says_why_nothing_was_left() -> None:
    (one,) = arrive(LAMP, {"power_w": "x", "lux": -1, "colour": 1, "on": None}).quarantined
    assert one.detail == "power_w: type, lux: range, colour: unknown"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" ",
        b"{",
        b"\xff\xfe",
        b'{"on": tru}',
        b'{"on": true} x',
        b'{"power_w": NaN}',
        b'{"power_w": Infinity}',
        b'{"power_w": 1e999, "lux": NaN}',
        b'{"on": true,}',
        b"{'on': true}",
        b'\xef\xbb\xbf{"on": true}',
        b'{"on": "\xff"}',
        b'{"on": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\x00" * 100,
    ],
)
def test_what_cannot_be_read_is_quarantined_whole(payload: bytes) -> None:
    decoded = arrive(LAMP, payload)
    assert reasons(decoded) == ["unreadable"]
    assert decoded.quarantined[0].payload == payload
    assert decoded.quarantined[0].detail


@pytest.mark.parametrize("payload", [b"7", b"null", b"true", b'"on"', b"[]", b"[[]]", b"[null]"])
def test_what_is_no_object_is_quarantined(payload: bytes) -> None:
    decoded = arrive(LAMP, payload)
    assert reasons(decoded) == ["not_an_object"]


def test_deep_nesting_in_one_field_costs_only_that_field() -> None:
    deep = b"[" * 200 + b"]" * 200
    assert row(arrive(LAMP, b'{"on": true, "deep": ' + deep + b"}"))[2] == ON


def test_of_a_key_given_twice_the_last_counts() -> None:
    assert row(arrive(LAMP, b'{"lux": 1, "on": true, "lux": 2}'))[2] == {"lux": 2, "on": True}


def test_a_cabinets_circuits_are_series_of_their_own() -> None:
    decoded = arrive(
        CABINET,
        [
            {"circuit": "C1", "power_w": 1},
            {"circuit": "东风路 2", "power_w": 2},
            {"circuit": None, "power_w": 3},
            {"circuit": "", "power_w": 4},
            {"power_w": 5},
        ],
    )
    assert [(series, fields["power_w"]) for series, _, fields in rows(decoded)] == [
        ("CAB-7/C1", 1),
        ("CAB-7/东风路 2", 2),
        ("CAB-7", 3),
        ("CAB-7", 4),
        ("CAB-7", 5),
    ]


@pytest.mark.parametrize("circuit", [1, True, ["C1"], "C" * 65, "C\n1", "\x00", "C\u200b1"])
def test_a_circuit_that_is_no_name_is_quarantined(circuit: Any) -> None:
    assert reasons(arrive(CABINET, {"circuit": circuit, "power_w": 1})) == ["bad_circuit"]


def test_a_circuit_alone_is_nothing() -> None:
    assert reasons(arrive(CABINET, {"circuit": "C1"})) == ["nothing_left"]


def test_endless_kinds_of_readings_are_decoded_like_few() -> None:
    """Readings that share no keys cannot be grouped: they are neither lost nor slow."""
    many = [{f"x{n}": 1, "lux": n % 1000} if n % 2 else {f"x{n}": 1} for n in range(20_000)]
    decoded = arrive(LAMP, [{"ts": NOW - 5, "lux": 7}, *many])
    assert [fields["lux"] for _, _, fields in rows(decoded)] == [
        7,
        *(n % 1000 for n in range(1, 20_000, 2)),
    ]
    assert reasons(decoded) == ["nothing_left"] * (MOST_APART + 1)
    assert sum(decoded.dropped.values()) == 20_000
