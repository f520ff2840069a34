"""Silence: its own case, never another's, and one for a gateway or a circuit."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from facility.assets import Streetlight
from facility.clock import DAY, HOUR, MINUTE, SECOND
from facility.measurements import STATUS
from rules.engine import Engine
from tests.rules.street import DUSK, Shown, batch, brief, cover, engine, lamp, live

LIT = {"on": 1.0, "power_w": 45.0}
QUIET = {"tilt_deg": 1.0}


def talking_until(end: dict[str, int]) -> Shown:
    """Everyone reports, each up to its own end."""
    return lambda name, ts: (
        None if ts >= end.get(name, 1 << 60) else QUIET if name.startswith("M") else LIT
    )


def test_nothing_is_missing_before_the_first_sign_of_life() -> None:
    running = engine([lamp(f"L{i}", seq=i, gateway="G1") for i in range(6)])
    running.advance(DUSK)
    assert list(running.advance(DUSK + 6 * HOUR)) == []


def test_one_device_is_silent_after_three_missed_reports() -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(6)]
    lost = DUSK + HOUR
    events = live(engine(street), street, talking_until({"L2": lost}), DUSK, lost + HOUR)
    assert brief(events) == [("opened", "device.silent", "streetlight:L2")]
    assert 10 * MINUTE <= events[0].at - lost <= 18 * MINUTE


def test_what_was_held_up_on_its_way_is_no_sign_of_life() -> None:
    """Nor is a reading that comes twice; two of them are, of a device whose clock is behind."""
    street = [lamp(f"L{i}", seq=i) for i in range(6)]
    others = [one for one in street if one.id != "L2"]
    lost = DUSK + HOUR
    one = engine(street)
    events = live(one, street, talking_until({"L2": lost}), DUSK, lost + 30 * MINUTE)
    assert brief(events) == [("opened", "device.silent", "streetlight:L2")]
    for repeated in (True, False):
        now = one.now
        late = [("L2", lost - 8 * MINUTE, LIT), ("L2", lost - 7 * MINUTE, LIT)]
        events = one.take([batch("streetlight", late[:1] if repeated else late[1:], now - lost)])
        events += live(one, others, talking_until({}), now, now + 10 * MINUTE)
        recovered = [("recovered", "device.silent", "streetlight:L2")]
        assert brief(events)[:1] == ([] if repeated else recovered)


def test_a_circuit_whose_last_report_was_held_up_is_one_case() -> None:
    street = [replace(lamp(f"L{i}", seq=i), report_every_s=120) for i in range(7)]
    others = [lamp(f"N{i}", "B", i, "C2") for i in range(7)]
    lost = DUSK + HOUR
    one = engine([*street, *others])
    shown = talking_until({lamp.id: lost for lamp in street})
    events = live(one, [*street, *others], shown, DUSK, lost + 2 * MINUTE)
    events += one.take([batch("streetlight", [("L3", lost - SECOND, LIT)], 130 * SECOND)])
    events += live(one, others, shown, lost + 3 * MINUTE, lost + 40 * MINUTE)
    assert brief(events) == [("opened", "device.silent", "circuit:C1")]
    assert len(events[0].members) == 7


def test_a_lost_gateway_is_one_case_and_no_lamp_is_dark() -> None:
    street = [lamp(f"L{i}", "A", i, gateway="G1") for i in range(12)]
    others = [lamp(f"N{i}", "B", i, "C2", gateway="G2") for i in range(12)]
    everyone = [*street, *others]
    lost = DUSK + HOUR
    shown = talking_until({one.id: lost for one in street})
    events = live(engine(everyone), everyone, shown, DUSK, lost + 2 * HOUR)
    assert brief(events) == [("opened", "device.silent", "gateway:G1")]
    assert set(events[0].members) == {one.id for one in street}


def test_slow_reporters_join_their_gateways_case() -> None:
    street = [lamp(f"L{i}", "A", i, gateway="G1") for i in range(6)]
    covers = [cover(f"M{i}", gateway="G1") for i in range(6)]
    others = [lamp(f"N{i}", "B", i, "C2") for i in range(6)]
    everyone = [*street, *covers, *others]
    lost = DUSK + HOUR
    shown = talking_until({one.id: lost for one in [*street, *covers]})
    events = live(engine(everyone), everyone, shown, DUSK, lost + 3 * HOUR)
    assert {(event.type, event.subject) for event in events} == {("device.silent", "gateway:G1")}
    assert {m for event in events for m in event.members} == {one.id for one in [*street, *covers]}


def test_a_circuit_whose_lamps_gasp_has_lost_its_power() -> None:
    street = [lamp(f"L{i}", "A", i, "C1") for i in range(6)]
    others = [lamp(f"N{i}", "B", i, "C2") for i in range(6)]
    everyone = [*street, *others]
    lost = DUSK + HOUR
    one = engine(everyone)
    events = live(one, everyone, talking_until({}), DUSK, lost)
    gasps = [(lamp.id, lost, {"state": 0.0, "reason": 0.0}) for lamp in street]
    events += one.take([batch(STATUS, gasps)])
    shown = talking_until({lamp.id: lost for lamp in street})
    events += live(one, everyone, shown, lost + SECOND, lost + HOUR)
    assert brief(events) == [("opened", "device.silent", "circuit:C1")]
    assert events[0].cause == "power"


def test_a_gateway_that_comes_back_ends_its_case() -> None:
    street = [lamp(f"L{i}", "A", i, gateway="G1") for i in range(6)]
    others = [lamp(f"N{i}", "B", i, "C2") for i in range(6)]
    everyone = [*street, *others]
    lost, back = DUSK + HOUR, DUSK + 2 * HOUR

    def shown(name: str, ts: int) -> dict[str, float] | None:
        return None if name.startswith("L") and lost <= ts < back else LIT

    events = live(engine(everyone), everyone, shown, DUSK, back + HOUR)
    assert [e.event for e in events if e.event != "left"] == ["opened", "recovered"]
    assert back <= events[-1].at <= back + 7 * MINUTE


def district(area: str, many: int = 30) -> list[Streetlight]:
    """Lamps behind three gateways."""
    return [
        replace(lamp(f"{area}-{i:02}", area, i, f"C{area}", gateway=f"G{area}{i % 3}"), area=area)
        for i in range(many)
    ]


def test_a_feed_that_stops_is_not_taken_for_silent_devices() -> None:
    street = district("410105")
    one: Engine = engine(street)
    live(one, street, talking_until({}), DUSK, DUSK + HOUR)
    assert one.advance(DUSK + 2 * HOUR - MINUTE) == []


def test_a_feed_that_stops_for_long_is_one_case_until_it_is_back() -> None:
    street = district("410105")
    one = engine(street)
    lost, back = DUSK + HOUR, DUSK + 4 * HOUR
    live(one, street, talking_until({}), DUSK, lost)
    events = one.advance(back)
    assert brief(events) == [("opened", "device.silent", "area:410105")]
    assert len(events[0].members) == 30
    assert HOUR <= events[0].at - lost <= HOUR + MINUTE
    events = live(one, street, talking_until({"410105-07": back}), back, back + HOUR)
    # What does not come back with the rest is silent by itself, after its own time.
    assert brief(events) == [
        ("recovered", "device.silent", "area:410105"),
        ("opened", "device.silent", "streetlight:410105-07"),
    ]
    assert events[0].at <= back + MINUTE < back + 15 * MINUTE <= events[1].at


def test_a_district_that_falls_silent_beside_others_is_one_case() -> None:
    here, there = district("410105"), district("410106")
    everyone = [*here, *there]
    lost = DUSK + HOUR
    shown = talking_until({one.id: lost for one in here})
    events = live(engine(everyone), everyone, shown, DUSK, lost + 3 * HOUR)
    assert brief(events) == [("opened", "device.silent", "area:410105")]
    assert set(events[0].members) == {one.id for one in here}
    assert 10 * MINUTE <= events[0].at - lost <= 20 * MINUTE


def test_those_that_report_most_often_wait_for_their_district() -> None:
    here, there = district("410105"), district("410106")
    often = [replace(here[0], id=f"K{i}", gateway=None, report_every_s=60) for i in range(2)]
    everyone = [*here, *often, *there]
    lost = DUSK + HOUR
    shown = talking_until({one.id: lost for one in (*here, *often)})
    events = live(engine(everyone), everyone, shown, DUSK, lost + HOUR)
    assert brief(events) == [("opened", "device.silent", "area:410105")]


def test_all_gateways_of_a_district_at_once_are_one_case() -> None:
    lamps = district("410105")
    others = [cover(f"M{i}") for i in range(20)]
    everyone = [*lamps, *others]
    lost = DUSK + HOUR
    shown = talking_until({one.id: lost for one in lamps})
    events = live(engine(everyone), everyone, shown, DUSK, lost + 3 * HOUR)
    assert brief(events) == [("opened", "device.silent", "area:410105")]
    assert set(events[0].members) == {one.id for one in lamps}


def test_one_gateway_of_a_district_is_not_the_district() -> None:
    everyone = district("410105")
    lost = DUSK + HOUR
    shown = talking_until({one.id: lost for one in everyone if one.gateway != "G4101050"})
    events = live(engine(everyone), everyone, shown, DUSK, lost + 3 * HOUR)
    opened = sorted(e.subject for e in events if e.event == "opened")
    assert opened == ["gateway:G4101051", "gateway:G4101052"]


def test_a_district_without_power_says_so_with_its_last_breath() -> None:
    street = district("410105")
    one, lost = engine(street), DUSK + HOUR
    live(one, street, talking_until({}), DUSK, lost)
    one.take([batch(STATUS, [(lamp.id, lost, {"state": 0.0, "reason": 0.0}) for lamp in street])])
    events = one.advance(lost + 2 * HOUR)
    assert brief(events) == [("opened", "device.silent", "area:410105")]
    assert (events[0].cause, events[0].evidence["last_gasps"]) == ("power", 30)
    assert events[0].at - lost <= 20 * MINUTE


def test_reports_that_a_radio_loses_are_not_silence() -> None:
    """One in ten is lost: of 30 lamps three in a row are missing several times a day."""
    street = [cover(f"M{i}") for i in range(30)]
    chance = random.Random(7)
    start, lost = DUSK - DAY, DUSK + DAY

    def shown(name: str, ts: int) -> dict[str, float] | None:
        gone = chance.random() < 0.1 or (name == "M3" and ts >= lost)
        return None if gone else QUIET

    one = engine(street)
    live(one, street, shown, start, start + 12 * HOUR)
    events = live(one, street, shown, start + 12 * HOUR, lost + 5 * HOUR)
    assert brief(events) == [("opened", "device.silent", "cover:M3")]
    # Eight in a row are missing by chance once in 10^8 reports.
    assert 6 * 15 * MINUTE <= events[0].at - lost <= 12 * 15 * MINUTE


@pytest.mark.parametrize("told", [300, None])
def test_a_concentrator_that_sends_each_hour_is_not_silent(told: int | None) -> None:
    others = [lamp(f"N{i}", "N", i, "C3") for i in range(12)]
    street = [lamp(f"L{i}", "A", i, gateway="G1") for i in range(6)]
    street = [replace(one, report_every_s=told) for one in street]
    lost = DUSK + 4 * HOUR
    one, events = engine([*others, *street]), []
    for minute in range(DUSK, lost + 4 * HOUR, MINUTE):
        events += live(one, others, talking_until({}), minute, minute + MINUTE)
        if (minute - DUSK) % HOUR == 0 and minute < lost:
            rows = [(s.id, minute - i * 5 * MINUTE, LIT) for s in street for i in range(12)]
            bundle = batch("streetlight", rows)
            events += one.take([replace(bundle, arrived=np.full(len(rows), minute + MINUTE))])
        if (minute - DUSK) % HOUR == 9 * MINUTE and minute < lost:
            again = [(s.id, minute - 40 * MINUTE, LIT) for s in street[:2]]
            events += one.take([batch("streetlight", again, delay=41 * MINUTE)])
    assert brief(events) == [("opened", "device.silent", "gateway:G1")]
    assert HOUR <= events[0].at - lost <= 2 * HOUR


def test_an_interval_that_is_not_given_is_learned() -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(4)]
    stranger = cover("M1")
    object.__setattr__(stranger, "report_every_s", None)
    everyone = [*street, stranger]
    lost = DUSK + 5 * HOUR

    def shown(name: str, ts: int) -> dict[str, float] | None:
        if name != "M1":
            return LIT
        return None if ts >= lost or ts // MINUTE % 20 > 4 else QUIET

    events = live(engine(everyone), everyone, shown, DUSK, lost + 3 * HOUR)
    assert brief(events) == [("opened", "device.silent", "cover:M1")]
    assert 40 * MINUTE <= events[0].at - lost <= 70 * MINUTE


def test_a_circuit_that_misses_first_waits_for_its_gateway() -> None:
    """Those of the gateway that are due first in each interval happen to be one circuit."""
    street = [
        lamp(f"L{i}", "A", i, "C1" if i * 37 % 300 < 120 else "C2", gateway="G1") for i in range(36)
    ]
    others = [lamp(f"N{i}", "N", i, "C3", gateway="G2") for i in range(12)]
    everyone = [*street, *others]
    lost = DUSK + HOUR + 3 * MINUTE
    shown = talking_until({one.id: lost for one in street})
    events = live(engine(everyone), everyone, shown, DUSK, lost + 2 * HOUR)
    assert {(event.type, event.subject) for event in events} == {("device.silent", "gateway:G1")}
