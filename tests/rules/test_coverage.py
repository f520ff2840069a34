"""Coverage: installed, reporting, trusted; and which readings are not believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cases.tallies import Tally
from facility.assets import Asset
from facility.clock import HOUR, MINUTE
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import load
from rules.engine import Engine
from tests.rules.street import NOON, ZONE, Shown, batch, cover, lamp, live, station

START = NOON - 12 * HOUR  # local midnight


def watching(assets: list[Any]) -> Engine:
    return Engine(Inventory.of(assets), load_plans(), ZONE, load(), live=True)


def now(one: Engine) -> dict[str, dict[str, int]]:
    assert one.daybook
    coverage: dict[str, dict[str, int]] = one.daybook.figures()["coverage"]
    return coverage


def lived(assets: list[Any], shown: Shown, hours: float) -> Engine:
    one = watching(assets)
    live(one, assets, shown, START, START + round(hours * HOUR))
    return one


def counts(installed: int, reporting: int, trusted: int) -> dict[str, int]:
    return {"installed": installed, "reporting": reporting, "trusted": trusted}


def test_a_silent_device_is_installed_and_does_not_report() -> None:
    lamps = [lamp(f"L{i}", seq=i) for i in range(4)]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        return None if name == "L2" else {"on": 0.0, "voltage_v": 229 + ts % 7 / 10}

    assert now(lived(lamps, shown, 2)) == {"streetlight": counts(4, 3, 3)}


def test_a_sensor_whose_every_digit_stands_still_is_stuck() -> None:
    lamps = [lamp("L1"), lamp("L2", seq=2)]

    def shown(name: str, ts: int) -> dict[str, float]:
        moves = ts / MINUTE % 11 / 10 if name == "L1" else 0.0
        return {"on": 0.0, "voltage_v": 229 + moves, "power_w": 0.0}

    assert now(lived(lamps, shown, 20))["streetlight"] == counts(2, 2, 2)
    assert now(lived(lamps, shown, 30))["streetlight"] == counts(2, 2, 1)


@pytest.mark.parametrize(
    ("asset", "values"),
    [
        (lamp("L1"), {"on": 0.0, "power_w": 0.0}),
        (cover("M1"), {"tilt_deg": 0.5, "water_m": -2.0, "battery_pct": 100.0}),
    ],
)
def test_what_may_stand_still_is_not_stuck(asset: Asset, values: dict[str, float]) -> None:
    found = now(lived([asset], lambda _n, _t: values, 40))
    assert found[asset.kind]["trusted"] == 1


@pytest.mark.parametrize(
    ("asset", "wrong"),
    [
        (lamp("L1"), {"power_w": 90.0, "voltage_v": 230.0, "current_a": 0.1}),
        (lamp("L1"), {"power_w": 400.0}),
        (cover("M1"), {"passes": 10.0, "hits": 30.0}),
        (station("W1"), {"estop": 1.0, "compactor": 1.0}),
    ],
)
def test_a_device_that_contradicts_itself_is_not_trusted(
    asset: Asset, wrong: dict[str, float]
) -> None:
    assert now(lived([asset], lambda _n, _t: wrong, 4))[asset.kind] == counts(1, 1, 0)


def test_one_such_reading_is_a_glitch() -> None:
    one = watching([cover("M1")])
    for minute in range(0, 240, 15):
        hits = 30.0 if minute == 60 else 1.0
        readings = {"passes": 10.0, "hits": hits, "temp_c": minute / 10}
        one.take([batch("cover", [("M1", START + minute * MINUTE, readings)])])
    assert now(one)["cover"] == counts(1, 1, 1)


def test_a_day_is_the_mean_of_its_samples_by_street_and_road_class() -> None:
    assets = [replace(cover("M1"), road_class="main"), cover("M2")]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        gone = name == "M1" and ts >= NOON
        return None if gone else {"temp_c": ts / MINUTE % 100}

    one = lived(assets, shown, 25)
    assert one.daybook
    days = {
        (tally.day, tally.road_class): tally.numbers
        for tally in one.daybook.drain()
        if tally.measure == "coverage"
    }
    main, other = days["2026-06-21", "main"], days["2026-06-21", ""]
    assert main["installed"] == other["installed"] == 1
    assert 0.5 < main["reporting"] < 0.6
    assert other["reporting"] > 0.98
    assert days["2026-06-22", "main"]["reporting"] == 0


def test_a_start_without_a_state_goes_on_from_the_means_that_were_kept() -> None:
    assets = [replace(cover("M1"), road_class="main"), cover("M2")]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        gone = name == "M1" and ts >= NOON
        return None if gone else {"temp_c": ts / MINUTE % 100}

    def kept(one: Engine) -> dict[str, Tally]:
        assert one.daybook
        told = [tally for tally in one.daybook.drain() if tally.measure == "coverage"]
        return {tally.road_class: tally for tally in told}

    first, again = lived(assets, shown, 15), watching(assets)
    assert again.daybook
    again.daybook.resume(list(kept(first).values()), START + 15 * HOUR)
    live(again, assets, shown, START + 15 * HOUR, START + 20 * HOUR)
    whole = kept(lived(assets, shown, 20))
    for road_class, tally in kept(again).items():
        assert tally.numbers == pytest.approx(whole[road_class].numbers, abs=0.03)


def test_a_restart_goes_on_with_the_same_day() -> None:
    assets = [cover("M1"), cover("M2")]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        gone = name == "M1" and ts >= NOON
        return None if gone else {"temp_c": ts / MINUTE % 100}

    whole = lived(assets, shown, 20)
    one = lived(assets, shown, 15)
    state, again = one.freeze(), watching(assets)
    again.thaw(state)
    live(again, assets, shown, START + 15 * HOUR, START + 20 * HOUR)
    assert whole.daybook
    assert again.daybook
    assert again.daybook.drain()[-2:] == whole.daybook.drain()[-2:]
