"""Backlog: tonnes in and not out again by the deadline, whatever the counters do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from facility.clock import HOUR, MINUTE, from_rfc3339
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import load
from rules.engine import Engine
from tests.rules.street import brief, engine, live, station

MORNING = from_rfc3339("2026-06-21T05:00:00+08:00")
MIDNIGHT = from_rfc3339("2026-06-22T00:00:00+08:00")

Tonnes = Callable[[int], float]


def came_in(ts: int) -> float:
    """40 t from 06:00 to 16:00, on top of what was weighed before."""
    return 5000 + 40 * min(1.0, max(0.0, (ts - MORNING - HOUR) / (10 * HOUR)))


def cleared(share: float, late_h: float = 0) -> Tonnes:
    """That share of it leaves from 18:00 to 22:00; the rest ``late_h`` hours after midnight."""

    def out(ts: int) -> float:
        gone = share * 40 * min(1.0, max(0.0, (ts - MORNING - 13 * HOUR) / (4 * HOUR)))
        late = (1 - share) * 40 if late_h and ts >= MIDNIGHT + late_h * HOUR else 0
        return 4000 + gone + late

    return out


def counters(out: Tonnes) -> Callable[[str, int], dict[str, float]]:
    return lambda _, ts: {"inbound_t": came_in(ts), "outbound_t": out(ts)}


ONE = [station("W1")]


def test_a_station_cleared_in_time_is_none() -> None:
    shown = counters(cleared(1.0))
    assert live(engine(ONE), ONE, shown, MORNING, MIDNIGHT + 6 * HOUR) == []


def test_a_station_not_cleared_by_midnight_is_a_case() -> None:
    events = live(engine(ONE), ONE, counters(cleared(0.6)), MORNING, MIDNIGHT + 6 * HOUR)
    assert brief(events) == [("opened", "station.backlog", "station:W1")]
    assert 0 <= events[0].at - MIDNIGHT <= 7 * MINUTE
    assert events[0].evidence["backlog_t"] == pytest.approx(16, abs=0.1)
    assert events[0].evidence["deadline"] == "2026-06-21T16:00:00Z"


def test_it_recovers_when_the_rest_is_out() -> None:
    shown = counters(cleared(0.6, late_h=3))
    events = live(engine(ONE), ONE, shown, MORNING, MIDNIGHT + 6 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert MIDNIGHT + 3 * HOUR <= events[1].at <= MIDNIGHT + 3 * HOUR + 7 * MINUTE


def test_an_earlier_deadline_is_the_stations_own() -> None:
    early = [station("W1", clear_by_ms=20 * HOUR)]
    events = live(engine(early), early, counters(cleared(1.0)), MORNING, MIDNIGHT)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert abs(events[0].at - (MIDNIGHT - 4 * HOUR)) <= 7 * MINUTE


@pytest.mark.parametrize("new_start", [0.0, 77_000.0])
def test_a_replaced_counter_is_no_tonnes(new_start: float) -> None:
    replaced = MORNING + 7 * HOUR

    def shown(_: str, ts: int) -> dict[str, float]:
        inbound = came_in(ts)
        if ts >= replaced:
            inbound += new_start - came_in(replaced)
        return {"inbound_t": inbound, "outbound_t": cleared(1.0)(ts)}

    assert live(engine(ONE), ONE, shown, MORNING, MIDNIGHT + 6 * HOUR) == []


def test_a_deadline_after_midnight_ends_the_day_before() -> None:
    late = [station("W1", clear_by_ms=2 * HOUR)]
    events = live(engine(late), late, counters(cleared(0.6)), MORNING, MIDNIGHT + 6 * HOUR)
    assert brief(events) == [("opened", "station.backlog", "station:W1")]
    assert 0 <= events[0].at - (MIDNIGHT + 2 * HOUR) <= 7 * MINUTE
    assert events[0].evidence["inbound_t"] == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize(
    ("zone", "offset_h"), [("UTC", 0), ("Asia/Kathmandu", 5.75), ("America/Los_Angeles", -7)]
)
def test_a_deadline_is_local_time(zone: str, offset_h: float) -> None:
    one = Engine(Inventory.of(ONE), load_plans(), zone, load())
    shift = round((8 - offset_h) * HOUR)

    def there(_: str, ts: int) -> dict[str, float]:
        return counters(cleared(0.6))("W1", ts - shift)

    events = live(one, ONE, there, MORNING + shift, MIDNIGHT + shift + HOUR)
    assert brief(events) == [("opened", "station.backlog", "station:W1")]
    assert 0 <= events[0].at - MIDNIGHT - shift <= 7 * MINUTE


def test_the_night_that_the_clocks_change_ends_at_midnight_too() -> None:
    """Berlin, 2026-10-25: the day has 25 hours."""
    one = Engine(Inventory.of(ONE), load_plans(), "Europe/Berlin", load())
    midnight = from_rfc3339("2026-10-26T00:00:00+01:00")
    shift = midnight - MIDNIGHT

    def there(_: str, ts: int) -> dict[str, float]:
        return counters(cleared(0.6))("W1", ts - shift)

    events = live(one, ONE, there, midnight - 20 * HOUR, midnight + HOUR)
    assert [event.evidence["deadline"] for event in events] == ["2026-10-25T23:00:00Z"]


def test_a_counter_that_leaps_leaves_the_stock_to_say_what_is_inside() -> None:
    """A lorry leaves while the outbound counter is replaced: 9 t that no counter knows of."""
    replaced = MORNING + 15 * HOUR

    def shown(_: str, ts: int) -> dict[str, float]:
        out = cleared(1.0)(ts)
        stock = max(0.0, came_in(ts) - 5000 - (out - 4000) - (9.0 if ts >= replaced else 0))
        return {
            "inbound_t": came_in(ts),
            "outbound_t": min(out, 4031.0) + (77_000 if ts >= replaced else 0),
            "stock_t": stock,
        }

    assert live(engine(ONE), ONE, shown, MORNING, MIDNIGHT + 6 * HOUR) == []


def test_nothing_heard_at_the_deadline_opens_nothing_until_it_is() -> None:
    def shown(_: str, ts: int) -> dict[str, float] | None:
        gap = MIDNIGHT - HOUR <= ts < MIDNIGHT + 2 * HOUR
        return None if gap else counters(cleared(0.6))("W1", ts)

    events = live(engine(ONE), ONE, shown, MORNING, MIDNIGHT + 3 * HOUR)
    backlog = [event for event in events if event.type == "station.backlog"]
    assert len(backlog) == 1
    assert backlog[0].at >= MIDNIGHT + 2 * HOUR


def test_what_dries_away_each_day_does_not_add_up() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        """40 t a day come in; 2 % less are weighed out, every evening."""
        day, within = divmod(ts - MORNING, 24 * HOUR)
        inbound = 40 * (day + min(1.0, max(0.0, (within - HOUR) / (10 * HOUR))))
        out = 39.2 * (day + min(1.0, max(0.0, (within - 13 * HOUR) / (4 * HOUR))))
        return {"inbound_t": 5000 + inbound, "outbound_t": 4000 + out}

    assert live(engine(ONE), ONE, shown, MORNING, MORNING + 6 * 24 * HOUR) == []
