"""Silence: its own case, never another's, and one for a gateway or a circuit."""

from __future__ import annotations

from facility.clock import HOUR, MINUTE, SECOND
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


def test_one_device_is_silent_after_three_missed_reports() -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(6)]
    lost = DUSK + HOUR
    events = live(engine(street), street, talking_until({"L2": lost}), DUSK, lost + HOUR)
    assert brief(events) == [("opened", "device.silent", "streetlight:L2")]
    assert 10 * MINUTE <= events[0].at - lost <= 18 * MINUTE


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


def test_a_feed_that_stops_is_not_taken_for_silent_devices() -> None:
    street = [lamp(f"L{i}", "A", i) for i in range(30)]
    one: Engine = engine(street)
    live(one, street, talking_until({}), DUSK, DUSK + HOUR)
    assert one.advance(DUSK + 4 * HOUR) == []


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
