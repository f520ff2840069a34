"""Burning lamps: lit when they should be off, correlated as dark ones are."""

from __future__ import annotations

from facility.clock import HOUR, MINUTE
from tests.rules.street import DUSK, NOON, Shown, brief, engine, lamp, live

LIT = {"on": 1.0, "power_w": 45.0}
OFF = {"on": 0.0, "power_w": 0.3}
TYPE = "streetlight.day_burning"

STREET = [lamp(f"L{i:02}", seq=i) for i in range(30)]


def burning(names: set[str], since: int = NOON, until: int = DUSK) -> Shown:
    """These lamps burn; all are off by day and lit from dusk on."""

    def shown(name: str, ts: int) -> dict[str, float]:
        return LIT if ts >= DUSK or (name in names and since <= ts < until) else OFF

    return shown


def test_a_burning_lamp_is_one_case_after_the_hold() -> None:
    since = NOON + HOUR
    shown = burning({"L04"}, since)
    events = live(engine(STREET), STREET, shown, NOON, NOON + 3 * HOUR)
    assert brief(events) == [("opened", TYPE, "streetlight:L04")]
    assert 20 * MINUTE <= events[0].at - since <= 27 * MINUTE
    assert events[0].evidence["power_w"] == 45.0


def test_neighbours_are_a_segment_and_a_switched_circuit_is_one() -> None:
    shown = burning({"L03", "L04", "L05"})
    events = live(engine(STREET), STREET, shown, NOON, NOON + 2 * HOUR)
    assert brief(events) == [("opened", TYPE, "segment:S1")]
    assert events[0].members == ("L03", "L04", "L05")

    streets = [lamp(f"{s}{i}", s, i) for s in "AB" for i in range(8)]
    shown = burning({one.id for one in streets})
    events = live(engine(streets), streets, shown, NOON, NOON + 2 * HOUR)
    assert brief(events)[0] == ("opened", TYPE, "circuit:C1")
    assert {event.case for event in events} == {events[0].case}


def test_it_recovers_when_seen_off_and_not_by_the_evening() -> None:
    shown = burning({"L04"}, until=DUSK)
    events = live(engine(STREET), STREET, shown, NOON, DUSK + 3 * HOUR)
    assert brief(events) == [("opened", TYPE, "streetlight:L04")]

    shown = burning({"L04"}, until=NOON + 2 * HOUR)
    events = live(engine(STREET), STREET, shown, NOON, NOON + 4 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert NOON + 2 * HOUR < events[1].at <= NOON + 2 * HOUR + 12 * MINUTE


def test_a_relay_that_says_it_is_open_is_named() -> None:
    def shown(name: str, _: int) -> dict[str, float]:
        return {"on": 0.0, "power_w": 44.0} if name == "L04" else OFF

    (event,) = live(engine(STREET), STREET, shown, NOON, NOON + HOUR)
    assert event.cause == "relay"


def test_daylight_standby_and_a_short_test_are_none() -> None:
    def shown(name: str, ts: int) -> dict[str, float]:
        if name == "L01":
            return {"lux": 20_000.0}
        if name == "L02":
            return {"on": 0.0, "power_w": 3.5}
        tested = NOON + HOUR <= ts < NOON + HOUR + 14 * MINUTE
        return LIT if tested else OFF

    assert live(engine(STREET), STREET, shown, NOON, NOON + 4 * HOUR) == []


def test_the_dark_half_of_a_half_night_plan_counts_as_day() -> None:
    street = [lamp(f"L{i:02}", seq=i, plan="half-night") for i in range(30)]
    midnight = NOON + 12 * HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        return LIT if ts < midnight or name == "L04" else OFF

    events = live(engine(street), street, shown, DUSK, midnight + 2 * HOUR)
    assert brief(events) == [("opened", TYPE, "streetlight:L04")]
    assert 20 * MINUTE <= events[0].at - midnight <= 45 * MINUTE
