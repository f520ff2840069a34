"""Lamps lost: what a circuit draws less than it should, and what explains it without a loss."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cases.events import CaseEvent
from facility.assets import Asset, Cabinet, Streetlight
from facility.clock import DAY, HOUR, MINUTE, SECOND, from_rfc3339
from tests.rules.street import DUSK, Shown, batch, brief, engine, lamp, live

TYPE = "cabinet.lamps_lost"
POWER = Path(__file__).parents[3] / "shared" / "data" / "cabinet_power.csv"
SINCE = DUSK + 3 * HOUR


def cabinet(name: str = "K1", circuits: tuple[str, ...] = ("C1",)) -> Cabinet:
    return Cabinet(
        id=name, area="410105", name=name, lon=113.69, lat=34.78, report_every_s=60,
        circuits=circuits,
    )  # fmt: skip


def fed(circuit: str, count: int = 20) -> list[Streetlight]:
    return [
        replace(lamp(f"{circuit}-{i:02}", f"S{circuit}", i, circuit), cabinet="K1")
        for i in range(count)
    ]


def night(ts: int) -> bool:
    return DUSK + 4 * MINUTE <= ts < DUSK + 9 * HOUR + 28 * MINUTE


def evening(
    lamps: list[Streetlight], lamp_says: Shown, circuit_w: dict[str, Shown], hours: float
) -> list[CaseEvent]:
    """Lives through it; ``circuit_w`` gives what each circuit of K1 sends."""
    everyone: list[Asset] = [*lamps, cabinet(circuits=tuple(circuit_w))]
    one, events = engine(everyone), []
    for minute in range(DUSK - HOUR, DUSK + round(hours * HOUR), MINUTE):
        rows = []
        for circuit, shown in circuit_w.items():
            if (values := shown(circuit, minute)) is not None:
                rows.append((f"K1/{circuit}", minute, values))
        if rows:
            events += one.take([batch("cabinet", rows)])
        events += live(one, lamps, lamp_says, minute, minute + MINUTE)
    return [event for event in events if event.type == TYPE or "unlit" in event.type]


def relay(_: str, ts: int) -> dict[str, float]:
    """A controller that knows its relay and its level and measures nothing."""
    level = 50.0 if ts >= DUSK + 5 * HOUR else 100.0
    return {"on": float(night(ts)), "dim_pct": level if night(ts) else 0.0}


def drawing(lost: float, since: int = SINCE, until: int = 1 << 60, noise: float = 0.004) -> Shown:
    """Twenty lamps of 60 W, of which some are lost; dimmed by half five hours after dusk."""
    chance = random.Random(5)

    def shown(_: str, ts: int) -> dict[str, float]:
        count = 20 - (lost if since <= ts < until else 0)
        level = 0.47 if ts >= DUSK + 5 * HOUR else 1.0
        watts = 58.0 * count * level * 1.02 if night(ts) else 4.0
        return {"power_w": max(0.0, watts * (1 + chance.gauss(0, noise)))}

    return shown


def test_two_lamps_that_cannot_tell_are_lost() -> None:
    events = evening(fed("C1"), relay, {"C1": drawing(2)}, 4)
    assert brief(events) == [("opened", TYPE, "circuit:C1")]
    assert 15 * MINUTE <= events[0].at - SINCE <= 18 * MINUTE
    assert events[0].members == ("K1/C1",)
    assert events[0].evidence["lamps_lost"] == 2


@pytest.mark.parametrize("lost", [0, 1])
def test_dimming_and_a_single_lamp_are_none(lost: int) -> None:
    assert evening(fed("C1"), relay, {"C1": drawing(lost)}, 10) == []


def test_it_recovers_when_the_power_is_back() -> None:
    events = evening(fed("C1"), relay, {"C1": drawing(4, until=SINCE + HOUR)}, 6)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert SINCE + HOUR < events[1].at <= SINCE + HOUR + 11 * MINUTE


def test_lamps_that_are_seen_dark_are_not_counted_again() -> None:
    dark = {"C1-03", "C1-04", "C1-05", "C1-06"}

    def metered(name: str, ts: int) -> dict[str, float]:
        out = not night(ts) or (name in dark and ts >= SINCE)
        return {"on": float(night(ts)), "power_w": 0.4 if out else 58.0}

    events = evening(fed("C1"), metered, {"C1": drawing(4)}, 4.8)
    assert {(e.type, e.subject) for e in events} == {("streetlight.segment_unlit", "segment:SC1")}


def test_a_circuit_that_fell_silent_with_its_power_has_its_case() -> None:
    def gone(name: str, ts: int) -> dict[str, float] | None:
        lit = {"on": float(night(ts)), "power_w": 58.0 if night(ts) else 0.4}
        return None if name[0] == "C" and ts >= SINCE else lit

    everyone = [*fed("C1"), *(lamp(f"N{i}", "N", i, "C9") for i in range(10)), cabinet()]
    one, events, tripped = engine(everyone), [], drawing(20)
    for minute in range(DUSK, SINCE + 2 * HOUR, MINUTE):
        events += one.take([batch("cabinet", [("K1/C1", minute, tripped("C1", minute) or {})])])
        events += live(one, everyone[:-1], gone, minute, minute + MINUTE)
    assert {(e.type, e.subject) for e in events} == {("device.silent", "circuit:C1")}


def test_lamps_whose_gateway_is_lost_are_not() -> None:
    def unheard(name: str, ts: int) -> dict[str, float] | None:
        return relay(name, ts) if ts < SINCE else None

    assert evening(fed("C1"), unheard, {"C1": drawing(0)}, 8) == []


def test_a_whole_cabinet_is_one_case() -> None:
    both = {"C1": drawing(20), "C2": drawing(20)}
    events = evening(fed("C1") + fed("C2"), relay, both, 4.5)
    assert brief(events) == [("opened", TYPE, "cabinet:K1")]
    assert events[0].members == ("K1/C1", "K1/C2")
    assert events[0].cause == "outage"


def test_silence_of_the_cabinet_opens_nothing_and_ends_nothing() -> None:
    lost = drawing(4)

    def until(end: int) -> Shown:
        return lambda name, ts: lost(name, ts) if ts < end else None

    assert evening(fed("C1"), relay, {"C1": until(SINCE + 8 * MINUTE)}, 4.5) == []
    events = evening(fed("C1"), relay, {"C1": until(SINCE + 30 * MINUTE)}, 4.5)
    assert [event.event for event in events] == ["opened"]


def level_of(ts: int) -> tuple[int, int]:
    """(night, hour after dusk) of a time."""
    return (ts - DUSK) // DAY, (ts - DUSK) % DAY // HOUR


def is_night(ts: int) -> bool:
    return night((ts - DUSK) % DAY + DUSK)


def mute(_: str, ts: int) -> dict[str, float]:
    """A controller that knows its relay and no more."""
    return {"on": float(is_night(ts))}


def circuit(level: Callable[[int, int], float], lost: int = 0, since: int = 0) -> Shown:
    """What 20 lamps at a level draw of each (night, hour), so many of them lost from then on."""

    def shown(_: str, ts: int) -> dict[str, float]:
        watts = 58.0 * (20 - (lost if ts >= since else 0)) * level(*level_of(ts))
        return {"power_w": watts if is_night(ts) else 4.0}

    return shown


def nights(lamp_says: Shown, circuit_w: list[Shown], days: float) -> list[CaseEvent]:
    """Lives through nights of cabinets of one circuit and six lamps each."""
    lamps: list[Streetlight] = []
    cabinets: list[Asset] = []
    for n in range(len(circuit_w)):
        mine = [replace(one, cabinet=f"K{n}", report_every_s=900) for one in fed(f"C{n}", 6)]
        lamps += mine
        cabinets.append(replace(cabinet(f"K{n}", (f"C{n}",)), report_every_s=600))
    one, events = engine([*lamps, *cabinets]), []
    for ts in range(DUSK - HOUR, DUSK + round(days * DAY), 10 * MINUTE):
        rows = [(f"K{n}/C{n}", ts, shown("", ts) or {}) for n, shown in enumerate(circuit_w)]
        events += one.take([batch("cabinet", rows)])
        events += live(one, lamps, lamp_says, ts, ts + 10 * MINUTE)
    return [event for event in events if event.type == TYPE]


def test_a_level_that_is_new_is_not_held_against_other_nights() -> None:
    """The lamps tell of it: what the circuit drew on nights at full level does not matter."""

    def level(number: int, _: int) -> float:
        return 0.4 if number >= 2 else 1.0

    def told(name: str, ts: int) -> dict[str, float]:
        return mute(name, ts) | {"dim_pct": 100 * level(*level_of(ts)) * is_night(ts)}

    assert nights(told, [circuit(level)], 2.3) == []


def test_a_circuit_that_is_dimmed_as_the_traffic_goes_is_known_for_it() -> None:
    """No two nights are alike, and by day it draws the same every day."""
    chance = random.Random(3)
    levels = {(n, h): chance.uniform(0.6, 1.0) for n in range(-1, 5) for h in range(24)}
    assert nights(mute, [circuit(lambda *at: levels[at])], 3.4) == []


def test_circuits_of_many_cabinets_that_fall_together_are_dimmed() -> None:
    """From the third night on a programme dims them, and nobody tells."""

    def level(number: int, hour: int) -> float:
        return 0.7 if number >= 2 and hour >= 1 else 1.0

    assert nights(mute, [circuit(level)] * 3, 2.2) == []
    alone = nights(mute, [*[circuit(lambda *_: 1.0)] * 2, circuit(level)], 2.2)
    assert {event.subject for event in alone} == {"circuit:C2"}


def seldom(third_night: float, lost: int = 0, since: int = 1 << 60) -> list[CaseEvent]:
    """Three nights of ten lamps that report once an hour, one after the other, as does their
    circuit soon after; they are dimmed when all but two have just reported."""
    first = DUSK - DUSK % HOUR

    def level(ts: int) -> float:
        number, hour = divmod((ts - first - 280 * SECOND) // HOUR, 24)
        if hour < 3 or hour >= 7:
            return 1.0
        return 0.648 if number < 2 else third_night

    def told(_: str, ts: int) -> dict[str, float]:
        return {"on": float(is_night(ts)), "dim_pct": 100 * level(ts) * is_night(ts)}

    lamps = [replace(one, report_every_s=3600) for one in fed("C1", 10)]
    one, events = engine([*lamps, replace(cabinet(), report_every_s=3600)]), []
    for ts in range(first - HOUR, first + 2 * DAY + 8 * HOUR, HOUR):
        events += live(one, lamps, told, ts, ts + 8 * MINUTE)
        at = ts + 8 * MINUTE
        watts = 60.0 * (10 - (lost if at >= since else 0)) * level(at) if is_night(at) else 4.0
        events += one.take([batch("cabinet", [("K1/C1", at, {"power_w": watts})])])
    return [event for event in events if event.type == TYPE]


def test_lamps_and_meter_that_report_seldom_are_compared_of_one_moment_only() -> None:
    """What was learned of the next tenth of a level was learned while they brightened."""
    assert seldom(0.652) == []


def test_what_a_circuit_loses_that_reports_seldom_is_found() -> None:
    since = DUSK + 2 * DAY + 3 * HOUR
    events = seldom(0.648, 4, since)
    assert [event.evidence["lamps_lost"] for event in events] == [4]
    assert HOUR <= events[0].at - since <= 3 * HOUR


def recorded() -> dict[int, dict[int, float]]:
    days: dict[int, dict[int, float]] = defaultdict(dict)
    with POWER.open() as file:
        for row in csv.DictReader(file):
            if row["power_w"]:
                days[int(row["day"])][int(row["minute"])] = float(row["power_w"])
    return days


@pytest.mark.skipif(not POWER.exists(), reason="the recorded cabinet's data are not here")
@pytest.mark.parametrize("order", [(5, 4, 3, 2, 1, 0), (0, 1, 2, 3, 4, 5)])
def test_a_real_cabinets_outage_is_found_and_its_planned_drop_is_not(
    order: tuple[int, ...],
) -> None:
    start = from_rfc3339("2026-03-02T00:00:00Z")
    one, events, days = engine([cabinet("K1", ())]), [], recorded()
    for place, day in enumerate(order):
        midnight = start + place * DAY
        for minute in range(1440):
            ts = midnight + minute * MINUTE
            if minute in days[day]:
                row = ("K1", ts, {"power_w": days[day][minute]})
                events += one.take([batch("cabinet", [row])])
            events += one.advance(ts + 30 * SECOND)
    found = [event for event in events if event.type == TYPE]
    outage = start + order.index(2) * DAY
    assert brief(found) == [("opened", TYPE, "cabinet:K1"), ("recovered", TYPE, "cabinet:K1")]
    assert found[0].cause == "outage"
    assert found[0].evidence["since"] == f"2026-03-0{2 + order.index(2)}T19:49:00Z"
    assert outage + 1227 * MINUTE <= found[0].at <= outage + 1230 * MINUTE
    assert found[1].at <= outage + 1250 * MINUTE
