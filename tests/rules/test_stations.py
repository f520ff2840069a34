"""Stations: odour as a mean of an hour, gas at once, leachate, machines."""

from __future__ import annotations

import pytest

from facility.clock import HOUR, MINUTE
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import parse
from rules.engine import Engine
from tests.rules.street import EVERY_S, NOON, ZONE, Shown, batch, brief, engine, live, station

ONE = [station("W1")]
START = NOON + 2 * HOUR
SOUND = {
    "h2s_mg_m3": 0.02,
    "nh3_mg_m3": 0.5,
    "odour": 8.0,
    "leachate_pct": 40.0,
    "compactor": 1.0,
    "motor_temp_c": 62.0,
    "hydraulic_mpa": 15.0,
    "fire": 0.0,
    "estop": 0.0,
}


def while_(values: dict[str, float], start: int = START, hours: float = 2.0) -> Shown:
    """A sound station, but for these values from ``start`` on."""

    def shown(_: str, ts: int) -> dict[str, float]:
        return SOUND | values if start <= ts < start + hours * HOUR else SOUND

    return shown


def day(shown: Shown, hours: int = 6) -> list[tuple[str, str, str]]:
    return brief(live(engine(ONE), ONE, shown, NOON, NOON + hours * HOUR))


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"h2s_mg_m3": 0.09}, "hydrogen_sulphide"),
        ({"nh3_mg_m3": 2.4}, "ammonia"),
        ({"odour": 31.0}, "odour"),
    ],
)
def test_an_hour_over_the_boundary_limit_is_a_case(values: dict[str, float], cause: str) -> None:
    events = live(engine(ONE), ONE, while_(values), NOON, NOON + 7 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert events[0].cause == cause
    # The mean is over once 57 % to 66 % of the hour are.
    assert 20 * MINUTE <= events[0].at - START <= 45 * MINUTE
    assert events[1].at > START + 2 * HOUR


def test_over_what_time_the_mean_is_taken_is_a_figure_of_the_rulebook() -> None:
    book = parse('[odour]\nmean_over = "20min"', "shorter")
    one = Engine(Inventory.of(ONE), load_plans(), ZONE, book)
    shorter = live(one, ONE, while_({"odour": 31.0}), NOON, NOON + 7 * HOUR)
    longer = live(engine(ONE), ONE, while_({"odour": 31.0}), NOON, NOON + 7 * HOUR)
    assert brief(shorter) == brief(longer)
    assert all(a.at <= b.at - 20 * MINUTE for a, b in zip(shorter, longer, strict=True))


def test_minutes_over_the_limit_are_no_hour() -> None:
    assert day(while_({"h2s_mg_m3": 0.25}, hours=0.15)) == []


def test_one_reading_does_not_carry_the_mean() -> None:
    assert day(while_({"h2s_mg_m3": 4.0}, hours=0.08)) == []


def test_a_late_reading_takes_its_place_in_the_hour() -> None:
    """Twelve readings in any order of arrival make the same mean."""
    rows = [("W1", NOON + i * 5 * MINUTE, {"h2s_mg_m3": 0.02 + 0.01 * i}) for i in range(13)]
    events = []
    for order in (rows, rows[6:] + rows[:6]):
        one = engine(ONE)
        for row in order:
            one.take([batch("station", [row], delay=NOON + 2 * HOUR - row[1])])
        events.append(one.advance(NOON + 2 * HOUR + 5 * MINUTE))
    assert brief(events[0]) == [("opened", "station.odour", "station:W1")]
    assert events[0] == events[1]


def test_gas_over_the_workers_limit_is_a_case_with_the_report_itself() -> None:
    one = engine(ONE)
    one.take([batch("station", [("W1", NOON, SOUND)])])
    over = SOUND | {"h2s_mg_m3": 12.0}
    events = one.take([batch("station", [("W1", NOON + 5 * MINUTE, over)], delay=700)])
    assert brief(events) == [("opened", "station.gas_hazard", "station:W1")]
    assert events[0].at == NOON + 5 * MINUTE + 700
    assert events[0].evidence == {"h2s_mg_m3": 12.0, "level": 1, "times_limit": 1.2}


def test_the_second_level_is_told_and_is_no_second_case() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        inside = START <= ts < START + HOUR
        return (
            SOUND | {"nh3_mg_m3": 44.0 if ts > START + 20 * MINUTE else 22.0} if inside else SOUND
        )

    events = live(engine(ONE), ONE, shown, NOON, NOON + 7 * HOUR)
    assert brief(events) == [
        ("opened", "station.gas_hazard", "station:W1"),
        ("joined", "station.gas_hazard", "station:W1"),
        ("recovered", "station.gas_hazard", "station:W1"),
    ]
    assert [event.evidence.get("level") for event in events[:2]] == [1, 2]
    assert events[2].at > START + HOUR


def test_gas_around_the_limit_does_not_flutter() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        return SOUND | {"h2s_mg_m3": 10.4 if ts // MINUTE // 5 % 2 else 9.5}

    assert day(shown) == [("opened", "station.gas_hazard", "station:W1")]


def test_leachate_is_a_case_at_85_percent_and_ends_below_80() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        hours = (ts - START) / HOUR
        level = 75 + 10 * hours if hours < 1.5 else 84 if hours < 2.5 else 60
        return SOUND | {"leachate_pct": level}

    events = live(engine(ONE), ONE, shown, NOON, NOON + 7 * HOUR)
    assert brief(events) == [
        ("opened", "station.leachate", "station:W1"),
        ("recovered", "station.leachate", "station:W1"),
    ]
    assert 0 <= events[0].at - START - HOUR <= 11 * MINUTE
    assert events[1].at >= START + 2.5 * HOUR


@pytest.mark.parametrize(
    ("values", "cause", "reports"),
    [
        ({"fire": 1.0}, "fire", 1),
        ({"estop": 1.0}, "emergency_stop", 1),
        ({"motor_temp_c": 104.0}, "motor_overheated", 2),
        ({"hydraulic_mpa": 28.0}, "hydraulic_pressure", 2),
        ({"compactor": 2.0}, "compactor", 2),
    ],
)
def test_equipment_names_what_failed(values: dict[str, float], cause: str, reports: int) -> None:
    events = live(engine(ONE), ONE, while_(values), NOON, NOON + 7 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert events[0].cause == cause
    assert events[0].at - START <= reports * EVERY_S * 1000 + MINUTE


def test_what_fails_besides_is_added_to_the_case() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        values = {"motor_temp_c": 110.0} if START <= ts < START + 2 * HOUR else {}
        if START + HOUR <= ts < START + 2 * HOUR:
            values["fire"] = 1.0
        return SOUND | values

    events = live(engine(ONE), ONE, shown, NOON, NOON + 7 * HOUR)
    assert [(event.event, event.cause) for event in events] == [
        ("opened", "motor_overheated"),
        ("joined", "fire"),
        ("recovered", "repaired"),
    ]


def test_one_hot_reading_is_none() -> None:
    assert day(while_({"motor_temp_c": 120.0}, hours=0.08)) == []
