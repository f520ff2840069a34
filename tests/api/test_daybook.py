"""What was counted of nights and days, what is foreseen, and what comes again and again."""

from __future__ import annotations

import pytest

from api.shapes.daybook import Coverage, Lighting, StationDays, Warnings
from api.shapes.figures import RecurrentPlaces
from cases.events import CaseEvent, EventName
from cases.tallies import Tally
from facility.clock import HOUR
from tests.api.district import DUSK, District

TARGETS = {"main_classes": ["main"], "main_target": 0.98, "other_target": 0.96}
NOW = {"lamps": 10, "lit": 6, "dark": 2, "unknown": 2, "targets": TARGETS}
WARNING = {
    "type": "station.backlog",
    "subject": "station:T1",
    "since": "2026-06-21T13:00:00Z",
    "due": "2026-06-21T14:00:00Z",
    "evidence": {"left_t": 12.0},
}


def night(day: str, segment: str, lit: float, dark: float, road_class: str = "main") -> Tally:
    numbers = {
        "lamps": 4.0,
        "lamps_lit": 3.0,
        "lamps_dark": 1.0,
        "lamps_unknown": 0.0,
        "lit_min": lit,
        "dark_min": dark,
        "unknown_min": 100.0,
    }
    return Tally("lighting", day, numbers, "410105001", road_class, "streetlight", segment)


@pytest.fixture
def counted(district: District) -> District:
    district.tallies.put(
        [
            night("2026-06-20", "S1", 300, 100),
            night("2026-06-21", "S1", 200, 0),
            night("2026-06-21", "S2", 100, 100, "branch"),
        ]
    )
    district.tell("rules", lighting=NOW, warnings=[WARNING], coverage={})
    return district


def test_the_rate_stands_beside_what_it_speaks_for(counted: District) -> None:
    shown = counted.answer(Lighting, "lighting")
    assert (shown["first"], shown["last"]) == ("2026-06-15", "2026-06-21")
    assert [(one["night"], one["rate"], one["coverage"]) for one in shown["items"]] == [
        ("2026-06-20", 0.75, 0.8),
        ("2026-06-21", 0.75, 0.6667),
    ]
    assert shown["total"]["rate"] == 0.75
    assert shown["total"]["lamps"] == 6
    assert shown["now"] == {"lamps": 10, "lit": 6, "dark": 2, "unknown": 2, "rate": 0.75}


def test_each_road_class_has_its_target(counted: District) -> None:
    shown = counted.answer(Lighting, "lighting", by="road_class")
    assert [(one["road_class"], one["rate"], one["target"]) for one in shown["items"]] == [
        ("branch", 0.5, 0.96),
        ("main", 0.8333, 0.98),
    ]
    by_segment = counted.answer(Lighting, "lighting", by="segment")["items"]
    assert [(one["segment"], one["nights"]) for one in by_segment] == [("S2", 1), ("S1", 2)]
    by_street = counted.answer(Lighting, "lighting", by="street")["items"]
    assert by_street[0]["street"] == "410105001"


def test_before_anything_was_counted_there_is_no_rate(district: District) -> None:
    shown = district.answer(Lighting, "lighting")
    assert (shown["items"], shown["total"], shown["now"]) == ([], None, None)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-06-22", "to": "2026-06-21"},
        {"from": "yesterday"},
        {"by": "lamp"},
        {"to": "2026-06-21", "from": "2020-01-01"},
    ],
)
def test_a_wrong_span_is_refused(district: District, query: dict[str, str]) -> None:
    assert district.get("lighting", **query).status_code == 422


def test_coverage_is_a_mean_of_the_days(district: District) -> None:
    def day(name: str, reporting: float) -> Tally:
        numbers = {"installed": 10.0, "reporting": reporting, "trusted": reporting - 1}
        return Tally("coverage", name, numbers, kind="cover")

    district.tallies.put([day("2026-06-20", 8), day("2026-06-21", 10)])
    now = {"cover": {"installed": 10, "reporting": 9, "trusted": 9}}
    district.tell("rules", coverage=now)
    shown = district.answer(Coverage, "coverage")
    assert shown["items"] == [
        {"kind": "cover", "days": 2, "installed": 10.0, "reporting": 9.0, "trusted": 8.0}
    ]
    assert shown["now"] == now


def test_station_days(district: District) -> None:
    numbers = {"in_t": 40.0, "out_t": 39.5, "left_t": 0.5}
    district.tallies.put([Tally("station", "2026-06-20", numbers, kind="station", place="T1")])
    assert district.answer(StationDays, "stations/days")["items"] == [
        {"day": "2026-06-20", "station": "T1", "street": "", **numbers}
    ]


def test_warnings_say_where(counted: District) -> None:
    shown = counted.answer(Warnings, "warnings")
    assert shown["items"] == [{**WARNING, "lon": 113.7, "lat": 34.8}]


def test_flood_prone_points(district: District) -> None:
    def told(at: int, name: EventName, case: str, **evidence: float) -> CaseEvent:
        return CaseEvent(at, name, case, "cover.flooding", "cover:M1", ("M1",), "", evidence)

    for days in (1, 5):
        at = DUSK - days * 24 * HOUR
        ended = told(at + HOUR, "recovered", f"C{days}", highest_m=0.2 * days)
        district.desk.record([told(at, "opened", f"C{days}"), ended])
    (point,) = district.answer(RecurrentPlaces, "recurrent", type="cover.flooding")["items"]
    assert (point["subject"], point["times"], point["hours"]) == ("cover:M1", 2, 2.0)
    assert (point["highest_m"], point["lon"]) == (1.0, 113.7)
    thrice = district.answer(RecurrentPlaces, "recurrent", type="cover.flooding", least=3)
    assert thrice == {"items": []}
    assert district.get("recurrent", **{"from": "2030-01-01T00:00:00Z"}).status_code == 422
