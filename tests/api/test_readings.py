"""Readings: raw and in windows, and never more than an answer can hold."""

from __future__ import annotations

import math
from typing import Any

import pytest

from api.shapes.readings import History, Readings
from facility.clock import DAY, MINUTE, SECOND, to_rfc3339
from facility.measurements import MEASUREMENTS, Kind
from tests.api.district import DUSK, District

S1 = "assets/S1-1/readings"


def at(ms: int) -> str:
    return to_rfc3339(ms)


def test_raw_readings_with_units(district: District) -> None:
    times = [DUSK - 2 * MINUTE, DUSK - MINUTE]
    district.measured(
        Kind.STREETLIGHT, "S1-1", times, power_w=[44.5, math.nan], on=[1, 0], faults=[0, 1]
    )
    shown = district.answer(Readings, S1, fields="power_w, on,faults,lux")
    assert shown == {
        "asset": "S1-1",
        "units": {"power_w": "W", "on": "", "faults": "", "lux": "lx"},
        "ts": times,
        "columns": {
            "power_w": [44.5, None],
            "on": [True, False],
            "faults": [[], ["lamp_failure"]],
            "lux": [None, None],
        },
    }
    assert set(district.answer(Readings, S1)["columns"]) == set(MEASUREMENTS[Kind.STREETLIGHT])


def test_the_span_is_the_last_day_unless_told(district: District) -> None:
    times = [DUSK - DAY - 1, DUSK - DAY, DUSK - 1, DUSK]
    district.measured(Kind.STREETLIGHT, "S1-1", times, power_w=[1, 2, 3, 4])
    assert district.answer(Readings, S1)["ts"] == times[1:3]
    told = {"from": at(DUSK - 1), "to": "2026-06-21T20:00:01+08:00"}
    assert district.answer(Readings, S1, **told)["ts"] == times[2:]
    assert district.answer(Readings, S1, to=at(DUSK - 1))["ts"] == times[:2]


def test_windows(district: District) -> None:
    start = DUSK - DUSK % MINUTE
    times = [start, start + 10 * SECOND, start + 2 * MINUTE]
    district.measured(Kind.STREETLIGHT, "S1-1", times, power_w=[10, 20, 30], on=[1, 0, 1])
    told = {"from": at(start), "to": at(start + 3 * MINUTE), "every": 60}
    shown = district.answer(History, S1, **told, fields="power_w,on,lux")
    assert (shown["ts"], shown["count"]) == ([start, start + 2 * MINUTE], [2, 1])
    assert shown["columns"]["power_w"] == {"mean": [15, 30], "min": [10, 30], "max": [20, 30]}
    assert shown["columns"]["on"]["mean"] == [0.5, 1]
    assert shown["columns"]["lux"]["max"] == [None, None]
    assert "faults" not in district.answer(History, S1, **told)["columns"]


def test_a_circuit_of_a_cabinet(district: District) -> None:
    district.measured(Kind.CABINET, "CAB-1", [DUSK - 1], power_w=[1])
    district.measured(Kind.CABINET, "CAB-1/C1", [DUSK - 1], power_w=[2])
    path = "assets/CAB-1/readings"
    assert district.answer(Readings, path)["columns"]["power_w"] == [1]
    assert district.answer(Readings, path, circuit="C1")["columns"]["power_w"] == [2]
    assert district.answer(Readings, path, circuit="C2")["ts"] == []


@pytest.mark.parametrize(
    ("query", "name", "says"),
    [
        ({"from": "yesterday"}, "from", "RFC 3339"),
        ({"from": "2026-06-21T12:00:00"}, "from", "RFC 3339"),
        ({"from": "2026-06-21T12:00:00 08:00"}, "from", "%2B"),
        ({"to": "9999-12-31T23:59:59Z"}, "to", "1970"),
        ({"from": at(DUSK), "to": at(DUSK)}, "from", "before"),
        ({"every": 0}, "every", "greater"),
        ({"every": "1.5"}, "every", "integer"),
        ({"fields": "watts"}, "fields", "power_w"),
        ({"fields": "faults", "every": 60}, "fields", "possible: on, dim_pct"),
        ({"circuit": "C1"}, "circuit", "has no circuits"),
        ({"from": at(DUSK - 32 * DAY)}, "every", "31 days"),
        ({"from": at(DUSK - 30 * DAY), "every": 1}, "every", "every=234 or more"),
    ],
)
def test_what_cannot_be_answered_says_what_to_ask(
    district: District, query: dict[str, Any], name: str, says: str
) -> None:
    response = district.get(S1, **query)
    assert response.status_code == 422, response.text
    (error,) = response.json()["errors"]
    assert error["name"] == name
    assert says in error["detail"]


def test_too_many_readings_name_the_window_to_ask_with(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.readings.MOST_VALUES", 100)
    times = list(range(DUSK - DAY, DUSK, 10 * MINUTE))
    district.measured(Kind.STREETLIGHT, "S1-1", times, power_w=[1] * len(times))
    response = district.get(S1, fields="power_w")
    assert response.status_code == 422
    assert "every=864" in response.json()["detail"]
    assert len(district.answer(History, S1, fields="power_w", every=864)["ts"]) <= 101


def test_an_unknown_asset_is_not_there(district: District) -> None:
    response = district.get("assets/S9-9/readings")
    assert (response.status_code, response.json()["detail_zh"]) == (404, "没有设施 S9-9")
