"""Lighting plans: nights that differ by date, weekday, holiday and area; offsets; dimming."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from facility.clock import HOUR, MINUTE, from_rfc3339
from facility.errors import UsageError
from facility.lighting import LightingPlan, Schedule, load_plans, plans_of
from facility.sun import Place

PLACE = Place(34.78, 113.69, "Asia/Shanghai")
PLAIN = """
[street]
name = "街灯"
version = 3
lit = [["sunset-10", "23:00"], ["05:00", "sunrise+10"]]
dim = [["22:00", "23:00", 60]]
"""
VARIED = (
    PLAIN
    + """
[[street.variants]]
from = "2026-02-16"
to = "2026-02-22"
lit = [["sunset-20", "sunrise+20"]]
dim = []

[[street.variants]]
holidays = "CN"
lit = [["sunset", "sunrise"]]

[[street.variants]]
from = "12-20"
to = "01-10"
areas = ["4101"]
lit = [["17:00", "sunrise"]]

[[street.variants]]
days = ["sat", "sun"]
dim = [["23:00", "00:00", 30]]
"""
)


def plan(text: str) -> LightingPlan:
    return plans_of(tomllib.loads(text), "plans.toml")["street"]


def lit(night: str, area: str = "410105") -> tuple[tuple[str, str], ...]:
    return plan(VARIED).on(date.fromisoformat(night), area)[0]


USUAL = (("sunset-10", "23:00"), ("05:00", "sunrise+10"))


@pytest.mark.parametrize(
    ("night", "area", "spans"),
    [
        ("2026-02-15", "410105", USUAL),
        ("2026-02-16", "410105", (("sunset-20", "sunrise+20"),)),
        ("2026-02-22", "410105", (("sunset-20", "sunrise+20"),)),
        ("2026-03-04", "410105", USUAL),
        ("2026-10-01", "410105", (("sunset", "sunrise"),)),
        ("2026-12-19", "410105", USUAL),
        ("2026-12-20", "410105", (("17:00", "sunrise"),)),
        ("2027-01-10", "410105", (("17:00", "sunrise"),)),
        ("2027-01-11", "410105", USUAL),
        ("2026-12-21", "420100", USUAL),
    ],
)
def test_the_first_variant_that_holds_counts(
    night: str, area: str, spans: tuple[tuple[str, str], ...]
) -> None:
    assert lit(night, area) == spans


def test_a_variant_may_change_the_dimming_alone() -> None:
    saturday = plan(VARIED).on(date(2026, 3, 7), "410105")
    assert saturday == (USUAL, (("23:00", "00:00", 30.0),))


def at(text: str) -> int:
    return from_rfc3339(f"{text.replace(' ', 'T')}:00+08:00")


def asked(schedule: Schedule, *times: str) -> list[bool]:
    lit_then: list[bool] = schedule.lit(np.array([at(time) for time in times])).tolist()
    return lit_then


def test_a_schedule_switches_by_the_plan_of_each_night() -> None:
    schedule = Schedule(plan(VARIED), PLACE, "410105")
    # The night of 18 February is lit through; that of 4 March is dark from 23:00 to 05:00.
    assert asked(schedule, "2026-02-19 02:00", "2026-03-05 02:00") == [True, False]
    assert asked(schedule, "2026-12-22 17:05", "2026-12-22 16:55") == [True, False]
    elsewhere = Schedule(plan(VARIED), PLACE, "420100")
    assert asked(elsewhere, "2026-12-22 23:30") == [False]


def test_offsets_move_the_switching_times() -> None:
    usual = Schedule(load_plans()["all-night"], PLACE)
    early = Schedule(plan(PLAIN), PLACE)
    noon = np.array([at("2026-03-04 12:00")])
    assert int(usual.until(noon)[0] - early.until(noon)[0]) == 10 * MINUTE
    morning = np.array([at("2026-03-05 05:30")])
    assert int(early.until(morning)[0] - usual.until(morning)[0]) == 10 * MINUTE


def test_the_level_follows_the_plan() -> None:
    schedule = Schedule(plan(PLAIN), PLACE)
    evening = at("2026-03-04 21:00")
    levels = schedule.level(np.array([evening + hours * HOUR for hours in (0, 1, 1.5, 8)]))
    assert levels.tolist() == [100, 60, 60, 100]


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ('"sunset-10"', '"dusk"', "plan street: 'dusk' is no time of a night"),
        ("60]", "0]", "dim"),
        ("version = 3", "", "version"),
        ("version = 3", "version = 3\ncolour = 1", "colour"),
        ('"2026-02-16"', '"16 Feb"', "'16 Feb' is no day"),
        ('"2026-02-16"', '"02-16"', "both dates, or both"),
        ('"2026-02-16"', '"2026-03-16"', "2026-03-16 is after"),
        ('holidays = "CN"', 'holidays = "XX"', "none are known of 'XX'"),
        ('days = ["sat", "sun"]', "", "says where or when"),
        ('"sat", "sun"', '"saturday"', "days"),
    ],
)
def test_a_wrong_plan_is_one_line_with_its_name(was: str, is_: str, said: str) -> None:
    assert was in VARIED
    with pytest.raises(UsageError, match=said) as caught:
        plan(VARIED.replace(was, is_, 1))
    assert "plan street" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_places_own_plans_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    own = tmp_path / "plans.toml"
    assert set(load_plans(own)) == {"all-night", "half-night"}
    own.write_text(PLAIN + PLAIN.replace("street", "half-night"))
    plans = load_plans(own)
    assert set(plans) == {"all-night", "half-night", "street"}
    assert plans["half-night"].version == 3
    own.write_text("[street")
    with pytest.raises(UsageError, match="not TOML"):
        load_plans(own)
