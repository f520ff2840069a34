"""Degraded lamps: weak, cycling or of poor power factor while lit; what a circuit shares is not."""

from __future__ import annotations

import random

import numpy as np
import pytest

from facility.clock import HOUR, MINUTE
from facility.measurements import LAMP_FAULTS
from rules.book.rulebook import load
from rules.lamps.evidence import low_power_share
from tests.rules.street import DUSK, Shown, brief, engine, lamp, live

STREET = [lamp(f"L{i:02}", seq=i) for i in range(12)]
TYPE = "streetlight.degraded"
SINCE = DUSK + HOUR
FULL = {"on": 1.0, "dim_pct": 100.0, "power_w": 59.0, "power_factor": 0.95}
OFF = {"on": 0.0, "dim_pct": 0.0, "power_w": 0.4, "power_factor": 0.3}


def but(values: dict[str, float], until: int = 1 << 60, name: str = "L04") -> Shown:
    """All are lit at full level; one sends these values from an hour after dusk on."""

    def shown(asset: str, ts: int) -> dict[str, float]:
        if ts < DUSK + 5 * MINUTE:
            return OFF
        return FULL | values if asset == name and SINCE <= ts < until else FULL

    return shown


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"power_w": 27.0}, "weak"),
        ({"dim_pct": 75.0, "power_w": 31.0}, "weak"),
        ({"power_factor": 0.55}, "poor_power_factor"),
        ({"faults": float(1 << LAMP_FAULTS.index("gear_failure"))}, "gear_failure"),
        ({"faults": float(1 << LAMP_FAULTS.index("cycling"))}, "cycling"),
    ],
)
def test_a_degraded_lamp_is_a_case_that_names_why(values: dict[str, float], cause: str) -> None:
    shown = but(values, until=SINCE + 2 * HOUR)
    events = live(engine(STREET), STREET, shown, DUSK - HOUR, SINCE + 3 * HOUR)
    assert brief(events) == [
        ("opened", TYPE, "streetlight:L04"),
        ("recovered", TYPE, "streetlight:L04"),
    ]
    assert events[0].cause == cause
    assert events[0].at - SINCE <= 35 * MINUTE
    assert SINCE + 2 * HOUR < events[1].at <= SINCE + 2 * HOUR + 40 * MINUTE


def test_dimming_that_is_told_is_no_weakness() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        if ts < DUSK + 5 * MINUTE:
            return OFF
        level = (100.0, 75.0, 50.0, 30.0)[min(3, (ts - DUSK) // HOUR)]
        power = 59.0 * (level / 100) ** 1.15
        return FULL | {
            "dim_pct": level,
            "power_w": power,
            "power_factor": 0.9 - (100 - level) / 200,
        }

    assert live(engine(STREET), STREET, shown, DUSK, DUSK + 6 * HOUR) == []


@pytest.mark.parametrize("alternate", [False, True])
def test_dimming_that_is_not_told_is_seen_by_the_circuit(alternate: bool) -> None:
    """All of a circuit, or every other lamp of it, go down to half at midnight and up again."""
    chance = random.Random(3)

    def shown(name: str, ts: int) -> dict[str, float]:
        if ts < DUSK + 5 * MINUTE:
            return {"on": 0.0, "power_w": 0.4}
        dims = not alternate or int(name[1:]) % 2
        low = dims and DUSK + 3 * HOUR <= ts - int(name[1:]) * 20_000 < DUSK + 6 * HOUR
        return {"on": 1.0, "power_w": (27.0 if low else 59.0) * chance.uniform(0.97, 1.03)}

    assert live(engine(STREET), STREET, shown, DUSK, DUSK + 8 * HOUR) == []


def test_a_weak_lamp_shows_beside_its_circuit_without_a_level() -> None:
    def shown(name: str, ts: int) -> dict[str, float]:
        if ts < DUSK + 5 * MINUTE:
            return {"on": 0.0, "power_w": 0.4}
        return {"on": 1.0, "power_w": 24.0 if name == "L04" and ts >= SINCE else 59.0}

    events = live(engine(STREET), STREET, shown, DUSK, SINCE + 2 * HOUR)
    assert brief(events) == [("opened", TYPE, "streetlight:L04")]


def test_a_power_factor_that_all_have_is_how_they_are_built() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        return FULL | {"power_factor": 0.55} if ts >= DUSK + 5 * MINUTE else OFF

    assert live(engine(STREET), STREET, shown, DUSK, DUSK + 3 * HOUR) == []


def cycling(ts: int, lit_min: int, dark_min: int) -> bool:
    return (ts - SINCE) // MINUTE % (lit_min + dark_min) >= lit_min


@pytest.mark.parametrize(("lit_min", "dark_min"), [(5, 5), (12, 6), (20, 7)])
def test_a_cycling_lamp_is_one_case_and_none_of_a_dark_lamp(lit_min: int, dark_min: int) -> None:
    def shown(name: str, ts: int) -> dict[str, float]:
        if ts < DUSK + 5 * MINUTE:
            return OFF
        out = name == "L04" and ts >= SINCE and cycling(ts, lit_min, dark_min)
        return FULL | {"power_w": 0.5} if out else FULL

    events = live(engine(STREET), STREET, shown, DUSK, SINCE + 4 * HOUR)
    assert brief(events) == [("opened", TYPE, "streetlight:L04")]
    assert events[0].cause == "cycling"


def test_one_interruption_is_no_cycling() -> None:
    def shown(name: str, ts: int) -> dict[str, float]:
        if ts < DUSK + 5 * MINUTE:
            return OFF
        out = name == "L04" and SINCE <= ts < SINCE + 6 * MINUTE
        return FULL | {"power_w": 0.5} if out else FULL

    assert live(engine(STREET), STREET, shown, DUSK, SINCE + 2 * HOUR) == []


def test_the_least_power_of_a_sound_lamp_is_its_makers_line() -> None:
    """At 75 % the maker's lamps of 63 W drew 43.6 to 46.3 W; the one at 34.9 W was flagged."""
    book = load().lamps
    watts = book.least_of_w * low_power_share(np.array([0.1, 0.75, 1.0]), book)
    assert watts == pytest.approx([4.48, 35.9, 48.0], abs=0.05)
    assert 34.9 < watts[1] < 43.6
