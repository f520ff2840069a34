"""Dark lamps: one fault is one case, and what is not seen is not dark."""

from __future__ import annotations

import pytest

from facility.clock import HOUR, MINUTE
from tests.rules.street import DUSK, NOON, brief, engine, lamp, live

LIT = {"on": 1.0, "power_w": 45.0}
DARK = {"on": 1.0, "power_w": 0.4}
OFF = {"on": 0.0, "power_w": 0.3}

STREET = [lamp(f"L{i}", seq=i) for i in range(10)]


def planned(ts: int) -> dict[str, float]:
    return LIT if ts >= DUSK else OFF


def test_a_street_that_is_lit_raises_nothing() -> None:
    events = live(engine(STREET), STREET, lambda _, ts: planned(ts), NOON, DUSK + 3 * HOUR)
    assert events == []


def test_a_lamp_out_is_one_case_after_the_hold() -> None:
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        return DARK if name == "L4" and ts >= out else planned(ts)

    events = live(engine(STREET), STREET, shown, DUSK - HOUR, DUSK + 3 * HOUR)
    assert brief(events) == [("opened", "streetlight.unlit", "streetlight:L4")]
    assert 10 * MINUTE <= events[0].at - out <= 16 * MINUTE
    assert events[0].evidence["power_w"] == 0.4


def test_three_neighbours_are_a_segment_from_the_start() -> None:
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        return DARK if name in ("L3", "L4", "L5") and ts >= out else planned(ts)

    street = [lamp(f"L{i}", seq=i) for i in range(30)]
    events = live(engine(street), street, shown, DUSK - HOUR, DUSK + 3 * HOUR)
    assert brief(events) == [("opened", "streetlight.segment_unlit", "segment:S1")]
    assert events[0].members == ("L3", "L4", "L5")
    assert events[0].at - out <= 16 * MINUTE


def test_scattered_lamps_below_the_share_are_each_their_own() -> None:
    out = DUSK + HOUR
    street = [lamp(f"L{i}", seq=i) for i in range(30)]

    def shown(name: str, ts: int) -> dict[str, float]:
        return DARK if name in ("L3", "L13", "L23") and ts >= out else planned(ts)

    events = live(engine(street), street, shown, DUSK, DUSK + 3 * HOUR)
    assert sorted(brief(events)) == [
        ("opened", "streetlight.unlit", f"streetlight:{name}") for name in ("L13", "L23", "L3")
    ]


def test_a_dead_circuit_over_two_segments_is_one_case() -> None:
    street = [lamp(f"A{i}", "A", i) for i in range(8)] + [lamp(f"B{i}", "B", i) for i in range(8)]
    out = DUSK + HOUR
    events = live(
        engine(street), street, lambda _, ts: DARK if ts >= out else planned(ts), DUSK, out + HOUR
    )
    assert brief(events)[0] == ("opened", "streetlight.segment_unlit", "circuit:C1")
    assert {event.case for event in events} == {events[0].case}
    members = {member for event in events for member in event.members}
    assert members == {one.id for one in street}


def test_a_lamp_that_goes_dark_joins_its_segments_case() -> None:
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        later = 40 * MINUTE if name == "L9" else 0
        return DARK if name in ("L3", "L4", "L5", "L9") and ts >= out + later else planned(ts)

    events = live(engine(STREET), STREET, shown, DUSK, DUSK + 3 * HOUR)
    assert [event.event for event in events] == ["opened", "joined"]
    assert events[1].members == ("L9",)
    assert events[1].case == events[0].case


def test_a_single_case_merges_into_its_segments() -> None:
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        later = 0 if name == "L4" else 40 * MINUTE
        return DARK if name in ("L3", "L4", "L5") and ts >= out + later else planned(ts)

    events = live(engine(STREET), STREET, shown, DUSK, DUSK + 3 * HOUR)
    assert brief(events) == [
        ("opened", "streetlight.unlit", "streetlight:L4"),
        ("left", "streetlight.unlit", "streetlight:L4"),
        ("opened", "streetlight.segment_unlit", "segment:S1"),
    ]
    assert events[1].cause == "merged"
    assert events[1].evidence == {"into": events[2].case}


def test_recovers_when_every_lamp_is_seen_lit_and_not_by_daylight() -> None:
    out, repaired = DUSK + HOUR, DUSK + 26 * HOUR
    street = [lamp(f"L{i}", seq=i) for i in range(6)]
    sunrise = DUSK + 9 * HOUR + 31 * MINUTE

    def shown(name: str, ts: int) -> dict[str, float]:
        lit = DUSK <= ts < sunrise or ts >= DUSK + 24 * HOUR
        if not lit:
            return OFF
        return DARK if name in ("L1", "L2", "L3") and out <= ts < repaired else LIT

    events = live(engine(street), street, shown, DUSK, DUSK + 28 * HOUR)
    assert [event.event for event in events if event.event != "left"] == ["opened", "recovered"]
    assert repaired < events[-1].at <= repaired + 16 * MINUTE


def test_silence_opens_no_unlit_case_and_ends_none() -> None:
    out = DUSK + HOUR

    def falls_silent_while_dark(name: str, ts: int) -> dict[str, float] | None:
        if name in ("L3", "L4", "L5") and ts >= out:
            return DARK if ts < out + 7 * MINUTE else None
        return planned(ts)

    events = live(engine(STREET), STREET, falls_silent_while_dark, DUSK, DUSK + 3 * HOUR)
    assert {event.type for event in events} == {"device.silent"}

    def silent_after_the_case(name: str, ts: int) -> dict[str, float] | None:
        if name in ("L3", "L4", "L5") and ts >= out:
            return DARK if ts < out + 30 * MINUTE else None
        return planned(ts)

    events = live(engine(STREET), STREET, silent_after_the_case, DUSK, DUSK + 3 * HOUR)
    unlit = [event.event for event in events if event.type == "streetlight.segment_unlit"]
    assert unlit == ["opened"]


@pytest.mark.parametrize("plan", ["all-night", "half-night"])
def test_dusk_plan_and_dimming_raise_nothing(plan: str) -> None:
    street = [lamp(f"L{i}", seq=i, plan=plan) for i in range(6)]
    midnight = NOON + 12 * HOUR
    on_again = midnight + 5 * HOUR
    sunrise = DUSK + 9 * HOUR + 31 * MINUTE

    def shown(_: str, ts: int) -> dict[str, float]:
        # Lamps switch some minutes late at dusk, and early in the morning.
        lit = DUSK + 9 * MINUTE <= ts < sunrise - 6 * MINUTE
        if plan == "half-night" and midnight <= ts < on_again + 8 * MINUTE:
            lit = False
        dimmed = {"on": 1.0, "dim_pct": 10.0, "power_w": 4.6}
        return (dimmed if ts > midnight else LIT) if lit else OFF

    assert live(engine(street), street, shown, NOON, NOON + 24 * HOUR) == []


def test_a_closed_case_stays_quiet_until_the_lamp_was_lit() -> None:
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        lit_between = out + 90 * MINUTE <= ts < out + 2 * HOUR
        return DARK if name == "L4" and ts >= out and not lit_between else planned(ts)

    one = engine(STREET)
    events = live(one, STREET, shown, DUSK, out + 30 * MINUTE)
    one.tracker.close(events[0].case)
    assert live(one, STREET, shown, out + 30 * MINUTE, out + 90 * MINUTE) == []
    later = live(one, STREET, shown, out + 90 * MINUTE, out + 3 * HOUR)
    assert brief(later) == [("opened", "streetlight.unlit", "streetlight:L4")]
    assert later[0].case != events[0].case
