"""Flooding: water at the cover, and rising."""

from __future__ import annotations

from facility.clock import HOUR, MINUTE
from tests.rules.street import NOON, Shown, batch, brief, cover, engine, live

COVERS = [cover("M1"), cover("M2")]
TYPE = "cover.flooding"


def water(levels: dict[int, float]) -> Shown:
    """M1's level as given from each time on; M2 stays dry."""

    def shown(name: str, ts: int) -> dict[str, float]:
        past = [level for since, level in levels.items() if ts >= since]
        return {"water_m": past[-1] if name == "M1" and past else -2.0}

    return shown


def test_rising_water_is_a_case_with_the_second_report() -> None:
    risen = NOON + HOUR
    shown = water({risen: -0.1})
    events = live(engine(COVERS), COVERS, shown, NOON, NOON + 3 * HOUR)
    assert brief(events) == [("opened", TYPE, "cover:M1")]
    assert events[0].at - risen <= 32 * MINUTE
    assert events[0].evidence == {"water_m": -0.1, "risen_m": 1.9}


def test_it_ends_well_below_the_limit_and_does_not_flutter_around_it() -> None:
    wave = {NOON + HOUR + i * 30 * MINUTE: -0.19 if i % 2 else -0.22 for i in range(12)}
    shown = water({NOON + HOUR: -0.15, **wave, NOON + 8 * HOUR: -0.8})
    events = live(engine(COVERS), COVERS, shown, NOON, NOON + 10 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert events[1].at > NOON + 8 * HOUR


def test_a_single_reading_and_a_rise_that_stays_below_are_none() -> None:
    splash = water({NOON + HOUR: -0.05, NOON + HOUR + 15 * MINUTE: -2.0, NOON + 2 * HOUR: -0.4})
    assert live(engine(COVERS), COVERS, splash, NOON, NOON + 4 * HOUR) == []


def test_a_shaft_that_always_stands_full_is_none_until_water_is_over_it() -> None:
    full = water({NOON - HOUR: -0.15})
    assert live(engine(COVERS), COVERS, full, NOON, NOON + 12 * HOUR) == []
    over = water({NOON - HOUR: -0.15, NOON + HOUR: 0.08})
    assert len(live(engine(COVERS), COVERS, over, NOON, NOON + 3 * HOUR)) == 1


def test_silence_does_not_end_it() -> None:
    one = engine(COVERS)
    rows = [("M1", NOON + i * 15 * MINUTE, {"water_m": w}) for i, w in enumerate((-1, -0.1, 0))]
    one.take([batch("cover", rows)])
    assert ("opened", TYPE, "cover:M1") in brief(one.advance(NOON + HOUR))
    assert all(event.type != TYPE for event in one.advance(NOON + 12 * HOUR))
