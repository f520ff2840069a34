"""Covers: displaced but for a passing wheel, rattling against their own normal."""

from __future__ import annotations

import random

import pytest

from cases.events import CaseEvent
from facility.clock import HOUR, MINUTE
from tests.rules.street import NOON, Shown, batch, brief, cover, engine, live

COVERS = [cover(f"M{i}") for i in range(4)]


def tilted(at: dict[int, float]) -> Shown:
    """M1 tilts as given from each time on; the others lie flat."""

    def shown(name: str, ts: int) -> dict[str, float]:
        angles = [angle for since, angle in at.items() if ts >= since]
        return {"tilt_deg": angles[-1] if name == "M1" and angles else 0.5}

    return shown


def test_a_displaced_cover_is_a_case_with_its_second_report() -> None:
    moved = NOON + HOUR
    shown = tilted({moved: 22.0})
    events = live(engine(COVERS), COVERS, shown, NOON, NOON + 3 * HOUR)
    assert brief(events) == [("opened", "cover.displaced", "cover:M1")]
    assert events[0].at - moved <= 31 * MINUTE


def test_a_wheel_that_tilts_it_for_one_report_is_none() -> None:
    wheel = tilted({NOON + HOUR: 40.0, NOON + HOUR + 15 * MINUTE: 0.5})
    assert live(engine(COVERS), COVERS, wheel, NOON, NOON + 3 * HOUR) == []


def test_a_cover_on_its_edge_needs_no_second_report() -> None:
    one = engine(COVERS)
    (event,) = one.take([batch("cover", [("M1", NOON, {"tilt_deg": 95.0})], delay=300)])
    assert (event.event, event.subject, event.at) == ("opened", "cover:M1", NOON + 300)


def wheels(counts: list[int], angle: float = 30.0) -> list[CaseEvent]:
    """M1 counts so many wheels in each quarter of an hour, and is tilted in its last report."""
    one = engine(COVERS[1:2])
    last = len(counts) - 1
    rows = [
        ("M1", NOON + i * 15 * MINUTE, {"passes": count, "tilt_deg": angle if i == last else 0.5})
        for i, count in enumerate(counts)
    ]
    return one.take([batch("cover", rows, delay=700)])


def test_where_no_wheel_has_been_for_an_hour_one_report_is_enough() -> None:
    events = wheels([3, 0, 0, 0, 0])
    assert brief(events) == [("opened", "cover.displaced", "cover:M1")]
    assert events[0].at == NOON + HOUR + 700
    assert events[0].evidence["no_wheel_min"] == 60


@pytest.mark.parametrize("counts", [[3, 0, 0, 0], [3, 0, 0, 1, 0], [3, 0, 0, 0, 1]])
def test_a_wheel_within_the_hour_may_be_on_it(counts: list[int]) -> None:
    assert wheels(counts) == []


def test_a_sensor_that_never_counts_a_wheel_says_nothing_of_them() -> None:
    assert wheels([0] * 12) == []


def test_reports_that_were_lost_may_have_counted_wheels() -> None:
    one = engine(COVERS[1:2])
    last = {"passes": 0, "tilt_deg": 30.0}
    rows = [("M1", NOON, {"passes": 3, "tilt_deg": 0.5}), ("M1", NOON + 2 * HOUR, last)]
    events = one.take([batch("cover", rows)])
    assert [event for event in events if event.type == "cover.displaced"] == []


def test_a_device_that_sends_again_within_seconds_is_believed_with_that_report() -> None:
    one = engine(COVERS)
    rows = [("M1", NOON + at, {"passes": 9, "tilt_deg": 40.0}) for at in (0, 5000)]
    (event,) = one.take([batch("cover", rows, delay=400)])
    assert (event.event, event.at) == ("opened", NOON + 5400)


def test_two_readings_of_one_pass_are_none() -> None:
    one = engine(COVERS)
    pass_ = [("M1", NOON, {"tilt_deg": 40.0}), ("M1", NOON + 900, {"tilt_deg": 38.0})]
    one.take([batch("cover", [*pass_, ("M1", NOON + 15 * MINUTE, {"tilt_deg": 0.0})])])
    assert one.advance(NOON + 20 * MINUTE) == []


def test_it_recovers_when_it_lies_flat_again() -> None:
    shown = tilted({NOON + HOUR: 22.0, NOON + 3 * HOUR: 1.0})
    events = live(engine(COVERS), COVERS, shown, NOON, NOON + 5 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert NOON + 3 * HOUR < events[1].at <= NOON + 3 * HOUR + 31 * MINUTE


def traffic(normal: float, loud_from: int, loud: float, surge_from: int = 1 << 60) -> Shown:
    """Passes with impacts by chance; M1 becomes loud, and traffic may multiply."""
    chance = random.Random(7)

    def shown(name: str, ts: int) -> dict[str, float]:
        passes = chance.randint(20, 60) * (5 if ts >= surge_from else 1)
        share = loud if name == "M1" and ts >= loud_from else normal
        hits = sum(chance.random() < share for _ in range(passes))
        vibration = 1.0 + 4 * share + chance.gauss(0, 0.05)
        return {"passes": passes, "hits": hits, "vib_rms_g": vibration, "tilt_deg": 0.5}

    return shown


def test_a_cover_that_begins_to_rattle_is_a_case() -> None:
    loud_from = NOON + 12 * HOUR
    shown = traffic(0.03, loud_from, 0.4)
    events = live(engine(COVERS), COVERS, shown, NOON, loud_from + 6 * HOUR)
    assert brief(events) == [("opened", "cover.rattle", "cover:M1")]
    assert events[0].at - loud_from <= 3 * HOUR
    assert events[0].evidence["hits_per_pass"] > 0.25
    assert events[0].evidence["normal"] < 0.1


def test_rough_roads_and_surges_of_traffic_stay_quiet() -> None:
    for normal in (0.01, 0.05, 0.2):
        shown = traffic(normal, 1 << 60, 0, surge_from=NOON + 10 * HOUR)
        assert live(engine(COVERS), COVERS, shown, NOON, NOON + 24 * HOUR) == []


def test_a_mended_cover_recovers() -> None:
    loud_from, mended = NOON + 10 * HOUR, NOON + 16 * HOUR
    loud, calm = traffic(0.03, loud_from, 0.4), traffic(0.03, 1 << 60, 0)

    def shown(name: str, ts: int) -> dict[str, float] | None:
        return (loud if ts < mended else calm)(name, ts)

    events = live(engine(COVERS), COVERS, shown, NOON, mended + 6 * HOUR)
    assert [event.event for event in events] == ["opened", "recovered"]
    assert events[1].at > mended
