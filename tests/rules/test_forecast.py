"""The forecast: simulated stations' days, of which some go wrong, an hour before they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from cases.events import CaseEvent
from facility.clock import DAY, HOUR, MINUTE, from_rfc3339
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import load
from rules.engine import Engine
from simulators.physics.station_day import live_through
from tests.rules.street import ZONE, batch, live, station

MIDNIGHT = from_rfc3339("2026-06-21T00:00:00+08:00")
CLEAR_BY = 22 * HOUR
EVERY = 5


@dataclass(frozen=True)
class Lived:
    """One station through some days, a report every five minutes; per day whether it was left
    uncleared, and whether what went wrong had begun an hour before the deadline."""

    readings: list[tuple[str, int, dict[str, float]]]
    missed: list[bool]
    foreseeable: list[bool]


def simulated(name: str, days: int, seed: int) -> Lived:
    """On one day in four no lorry takes waste out from some hour of the afternoon or evening on."""
    rng = np.random.default_rng(seed)
    tonnes, base_in, base_out, stock = float(rng.uniform(8, 70)), 5000.0, 4000.0, 0.0
    readings: list[tuple[str, int, dict[str, float]]] = []
    missed, foreseeable = [], []
    for day in range(days):
        blocked = np.zeros(DAY // MINUTE, dtype=bool)
        from_minute = round(rng.uniform(15 * 60, 21.5 * 60)) if rng.random() < 0.25 else None
        if from_minute is not None:
            blocked[from_minute:] = True
        lived = live_through(tonnes * rng.uniform(0.85, 1.15), CLEAR_BY, stock, blocked, rng)
        for minute in range(EVERY - 1, DAY // MINUTE, EVERY):
            figures = {
                "inbound_t": base_in + lived.inbound[minute],
                "outbound_t": base_out + lived.outbound[minute],
                "stock_t": lived.stock[minute],
            }
            readings.append((name, MIDNIGHT + day * DAY + minute * MINUTE, figures))
        left = float(lived.stock[CLEAR_BY // MINUTE - 1])
        missed.append(left > 1.0 + 0.02 * tonnes)
        foreseeable.append(from_minute is not None and from_minute <= (CLEAR_BY - HOUR) // MINUTE)
        base_in, base_out = base_in + lived.inbound[-1], base_out + lived.outbound[-1]
        stock = float(lived.stock[-1])
    return Lived(readings, missed, foreseeable)


def watching(assets: list[Any]) -> Engine:
    return Engine(Inventory.of(assets), load_plans(), ZONE, load(), live=True)


def warnings(one: Engine) -> dict[str, dict[str, Any]]:
    assert one.daybook
    return {warning["subject"]: warning for warning in one.daybook.figures()["warnings"]}


def minutes(one: Engine, lived: list[Lived], days: int) -> Iterator[tuple[int, int]]:
    """Lets the stations report together; (day, minute of the day) after each five minutes."""
    for at in range(len(lived[0].readings)):
        one.take([batch("station", [station.readings[at] for station in lived])])
        day, minute = divmod(at * EVERY + EVERY, DAY // MINUTE)
        if day < days:
            one.advance(MIDNIGHT + day * DAY + minute * MINUTE)
            yield day, minute


def test_an_hour_ahead_most_missed_days_are_foreseen_and_few_others() -> None:
    days, many = 5, 20
    stations = [station(f"W{i}", CLEAR_BY) for i in range(many)]
    lived = [simulated(f"W{i}", days, seed) for i, seed in enumerate(range(100, 100 + many))]
    one = watching(stations)
    foreseen: set[tuple[str, int]] = set()
    ahead = (CLEAR_BY - HOUR) // MINUTE
    for day, minute in minutes(one, lived, days):
        if minute == ahead + EVERY:
            foreseen |= {(subject, day) for subject in warnings(one)}
    told = [
        (station.missed[day], station.foreseeable[day], (f"station:W{i}", day) in foreseen)
        for i, station in enumerate(lived)
        for day in range(days)
    ]
    missed = [warned for missed, begun, warned in told if missed and begun]
    sound = [warned for missed, _, warned in told if not missed]
    assert len(missed) >= 15
    assert sum(missed) / len(missed) >= 0.95
    assert sum(sound) / len(sound) <= 0.03


HOURS_IN = 10


def course(leaves_from: float, share: float = 1.0) -> Any:
    """40 t a day come in by 16:00; what leaves, leaves within two hours from then on."""

    def shown(_: str, ts: int) -> dict[str, float]:
        day, within = divmod(ts - MIDNIGHT, DAY)
        came = 40 * (day + min(1.0, max(0.0, (within - 6 * HOUR) / (HOURS_IN * HOUR))))
        went = 40 * share * (day + min(1.0, max(0.0, (within - leaves_from * HOUR) / (2 * HOUR))))
        return {"inbound_t": 5000 + came, "outbound_t": 4000 + went}

    return shown


ONE = [station("W1")]


def test_a_warning_opens_nothing_and_says_what_it_rests_on() -> None:
    one = watching(ONE)
    before = MIDNIGHT + 23 * HOUR - MINUTE
    events: list[CaseEvent] = live(one, ONE, course(30), MIDNIGHT, before)
    assert warnings(one) == {}
    events += live(one, ONE, course(30), before, MIDNIGHT + 24 * HOUR - MINUTE)
    assert events == []
    (warning,) = warnings(one).values()
    assert warning["type"] == "station.backlog"
    assert warning["due"] == "2026-06-21T16:00:00Z"
    assert warning["evidence"]["inside_t"] == pytest.approx(40, abs=0.1)
    assert warning["evidence"]["left_t"] == pytest.approx(40, abs=0.1)
    live(one, ONE, course(30), MIDNIGHT + 24 * HOUR - MINUTE, MIDNIGHT + 24 * HOUR + 10 * MINUTE)
    assert warnings(one) == {}


def test_a_station_that_clears_fast_enough_is_not_warned_of() -> None:
    one = watching(ONE)
    for half in range(46, 48):
        begin = MIDNIGHT if half == 46 else MIDNIGHT + half * HOUR // 2
        live(one, ONE, course(21.9), begin, MIDNIGHT + (half + 1) * HOUR // 2)
        assert warnings(one) == {}


def test_a_last_lorry_that_always_comes_late_is_known_after_a_day() -> None:
    """Everything leaves in the last twenty minutes, day by day; then once it does not."""

    def late(_: str, ts: int) -> dict[str, float]:
        day, within = divmod(ts - MIDNIGHT, DAY)
        came = 20 * (day + min(1.0, max(0.0, (within - 6 * HOUR) / (HOURS_IN * HOUR))))
        gone = 20 * (min(day, 3) + (within >= 23.7 * HOUR and day < 3))
        return {"inbound_t": 5000 + came, "outbound_t": 4000 + gone}

    one, warned = watching(ONE), []
    live(one, ONE, late, MIDNIGHT, MIDNIGHT + 23 * HOUR)
    for day in range(4):
        begin = MIDNIGHT + day * DAY + 23 * HOUR
        live(one, ONE, late, begin, begin + HOUR // 2)
        warned.append(bool(warnings(one)))
        live(one, ONE, late, begin + HOUR // 2, begin + DAY)
    assert warned[:3] == [True, False, False]


def test_a_station_that_is_not_heard_is_not_foreseen() -> None:
    one = watching(ONE)
    live(one, ONE, course(30), MIDNIGHT, MIDNIGHT + 22 * HOUR)
    live(one, ONE, lambda _n, _t: None, MIDNIGHT + 22 * HOUR, MIDNIGHT + 23 * HOUR + 30 * MINUTE)
    assert warnings(one) == {}


def test_days_are_told_with_what_came_left_and_stayed() -> None:
    one = watching(ONE)
    live(one, ONE, course(18, share=0.6), MIDNIGHT, MIDNIGHT + 30 * HOUR)
    assert one.daybook
    days = {t.day: t.numbers for t in one.daybook.drain() if t.measure == "station"}
    assert days["2026-06-21"] == {
        "in_t": pytest.approx(40, abs=0.1),
        "out_t": pytest.approx(24, abs=0.1),
        "left_t": pytest.approx(16, abs=0.1),
    }
    assert days["2026-06-22"]["in_t"] == pytest.approx(0, abs=0.5)
