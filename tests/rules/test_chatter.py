"""Chattering: what comes and goes is held, and is one case until it stays away."""

from __future__ import annotations

from facility.clock import HOUR, MINUTE
from tests.rules.street import NOON, Shown, engine, live, station

ONE = [station("W1")]
TYPE = "station.leachate"
CALM = NOON + 6 * HOUR


def flaps(silent_from: int = 1 << 60) -> Shown:
    """Twenty minutes full, twenty minutes empty, until it stays empty."""

    def shown(_: str, ts: int) -> dict[str, float] | None:
        full = ts < CALM and (ts - NOON) // (20 * MINUTE) % 2 == 0
        return None if ts >= silent_from else {"leachate_pct": 92.0 if full else 60.0}

    return shown


def test_the_third_time_within_the_window_is_held_until_it_stays_away() -> None:
    events = live(engine(ONE), ONE, flaps(), NOON, CALM + 3 * HOUR)
    assert [event.event for event in events] == [
        *("opened", "recovered"),
        *("relapsed", "recovered"),
        *("relapsed", "recovered"),
    ]
    assert len({event.case for event in events}) == 1
    assert [event.evidence.get("chatters") for event in events] == [None] * 4 + [3, None]
    assert events[4].at < NOON + 2 * HOUR
    assert CALM + HOUR - 20 * MINUTE <= events[5].at <= CALM + HOUR + 20 * MINUTE


def test_silence_is_no_staying_away() -> None:
    events = live(engine(ONE), ONE, flaps(CALM + 10 * MINUTE), NOON, CALM + 6 * HOUR)
    leachate = [event.event for event in events if event.type == TYPE]
    assert leachate == ["opened", "recovered", "relapsed", "recovered", "relapsed"]


def test_two_times_a_day_are_no_chatter() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        return {"leachate_pct": 92.0 if (ts - NOON) // HOUR % 4 == 0 else 60.0}

    events = live(engine(ONE), ONE, shown, NOON, NOON + 12 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"] * 3
    assert not any("chatters" in event.evidence for event in events)
