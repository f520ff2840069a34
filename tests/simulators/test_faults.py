"""The truth against the fleet and against what devices sent."""

from collections import Counter, defaultdict
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from facility.clock import DAY, HOUR, MINUTE, from_rfc3339
from facility.errors import UsageError
from facility.inventory import Inventory
from simulators.faults.plan import FAULTS, LOOKALIKES, Plan
from simulators.faults.truth import truth
from simulators.physics.world import World, create
from simulators.scenario import dusk_ms, parse
from simulators.sorts import FaultSort, LookAlikeSort
from tests.simulators.sent import a_day_of_the_street, scenario
from tests.simulators.test_scenario import STREET

CASE_TYPES = {
    "streetlight.unlit",
    "streetlight.segment_unlit",
    "streetlight.day_burning",
    "streetlight.degraded",
    "cabinet.lamps_lost",
    "cover.displaced",
    "cover.rattle",
    "cover.flooding",
    "station.backlog",
    "station.odour",
    "station.gas_hazard",
    "station.leachate",
    "station.equipment",
    "device.silent",
}


@lru_cache(maxsize=1)
def demo() -> tuple[World, Plan, dict[str, Any]]:
    """The demo's world, plan and truth of a day."""
    chosen = scenario("jinshui-demo")
    world = create(chosen)
    plan = Plan(world, chosen.start_ms)
    told = truth(chosen, world.fleet, plan, chosen.start_ms, chosen.start_ms + DAY)
    return world, plan, told


@lru_cache(maxsize=1)
def inventory() -> Inventory:
    return Inventory.of(demo()[0].fleet.assets())


def test_every_sort_has_its_planner() -> None:
    assert set(FAULTS) == set(FaultSort)
    assert set(LOOKALIKES) == set(LookAlikeSort)


def test_the_demo_has_something_wrong_of_each_sort() -> None:
    told = demo()[2]
    assert {fault["type"] for fault in told["faults"]} == CASE_TYPES
    assert {fault["sort"] for fault in told["faults"]} == set(FaultSort)
    assert {item["sort"] for item in told["lookalikes"]} == {
        *LookAlikeSort,
        "gateway_lost_at_night",
        "half_night",
        "dimming",
    }
    subjects = {(f["type"], f["subject"].partition(":")[0]) for f in told["faults"]}
    assert ("streetlight.segment_unlit", "circuit") in subjects
    assert ("streetlight.segment_unlit", "segment") in subjects
    assert ("device.silent", "gateway") in subjects
    assert ("device.silent", "circuit") in subjects


def test_subjects_and_members_exist() -> None:
    for fault in demo()[2]["faults"]:
        sort, _, name = fault["subject"].partition(":")
        expected = {
            "segment": lambda n: {lamp.id for lamp in inventory().segments[n].lamps},
            "circuit": lambda n: {lamp.id for lamp in inventory().circuits[n]},
            "gateway": lambda n: {asset.id for asset in inventory().gateways[n]},
        }
        if fault["type"] == "cabinet.lamps_lost":
            cabinet = inventory().assets[inventory().circuits[name][0].cabinet or ""]
            assert fault["members"] == [cabinet.id]
        elif sort in expected:
            assert set(fault["members"]) <= expected[sort](name)
            if fault["type"] == "device.silent":
                assert set(fault["members"]) == expected[sort](name)
        else:
            assert inventory().assets[name].kind == sort
            assert fault["members"] == [name]


def test_times_are_in_order_and_within_the_run() -> None:
    told = demo()[2]
    begin, until = from_rfc3339(told["from"]), from_rfc3339(told["to"])
    ended = 0
    for fault in told["faults"]:
        start, visible = from_rfc3339(fault["start"]), from_rfc3339(fault["visible"])
        assert begin <= start <= visible < until
        if fault["end"]:
            ended += 1
            assert visible < from_rfc3339(fault["end"]) < until
    assert ended > 15
    assert len(told["faults"]) - ended > 5
    assert len({fault["id"] for fault in told["faults"]}) == len(told["faults"])
    assert len({item["id"] for item in told["lookalikes"]}) == len(told["lookalikes"])


def test_no_asset_has_two_faults_at_once() -> None:
    held = defaultdict[str, list[tuple[int, int]]](list)
    for fault in demo()[1].faults:
        for member in fault.members:
            held[member].append((fault.start, fault.end))
    for spans in held.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize("month", [3, 6, 9, 12])
def test_a_dark_segment_is_the_first_thing_seen_on_any_evening(month: int) -> None:
    chosen = scenario("jinshui-demo")
    dusk = dusk_ms(chosen, chosen.start.date().replace(month=month))
    plan = Plan(create(chosen), dusk - HOUR)
    plan.extend(dusk)
    first, second = sorted(plan.faults, key=lambda fault: fault.visible)[:2]
    assert first.type == "streetlight.segment_unlit"
    assert first.start < dusk
    assert first.visible == dusk + 15 * MINUTE
    assert second.visible > first.visible + 30 * MINUTE


def test_every_day_of_a_long_run_has_its_faults() -> None:
    chosen = scenario("jinshui-demo")
    plan = Plan(create(chosen), chosen.start_ms)
    plan.extend(chosen.start_ms + 8 * DAY)
    by_day = Counter((fault.start - chosen.start_ms) // DAY for fault in plan.faults)
    assert set(by_day) == set(range(8))
    assert min(by_day.values()) > 40
    names = [fault.id for fault in plan.faults]
    assert len(set(names)) == len(names)


def test_a_circuit_is_a_subject_only_where_it_spans_segments() -> None:
    for fault in demo()[2]["faults"]:
        if fault["subject"].startswith("circuit:") and fault["type"].startswith("streetlight"):
            lamps = [inventory().assets[member] for member in fault["members"]]
            assert len({getattr(lamp, "segment", None) for lamp in lamps}) > 1


def test_a_lost_gateway_at_night_must_raise_nothing_on_its_lamps() -> None:
    told = demo()[2]
    like = next(item for item in told["lookalikes"] if item["sort"] == "gateway_lost_at_night")
    fault = next(item for item in told["faults"] if item["sort"] == "lamp_gateway_silent")
    assert like["subjects"] == [f"streetlight:{member}" for member in fault["members"]]
    lit = demo()[0].lamps.schedules[0].lit(np.array([from_rfc3339(fault["start"])]))
    assert lit.all()


def test_too_small_a_fleet_is_one_clear_line() -> None:
    text = STREET.read_text("utf-8").replace("station_backlog = 1", "station_backlog = 9")
    crowded = parse(text, "street.toml")
    with pytest.raises(UsageError, match="street: no room for another station_backlog"):
        Plan(create(crowded), crowded.start_ms).extend(crowded.start_ms + 1)


def test_a_subject_that_cannot_have_the_fault_is_one_clear_line() -> None:
    text = STREET.read_text("utf-8") + 'subject = "segment:S999-01"\n'
    wrong = parse(text, "street.toml")
    with pytest.raises(UsageError, match="segment_dark cannot happen to 'segment:S999-01'"):
        Plan(create(wrong), wrong.start_ms).extend(wrong.start_ms + 1)


def test_lamps_of_a_dark_segment_report_that_they_are_dark() -> None:
    sent = a_day_of_the_street()
    fault = next(f for f in sent.run.plan.faults if f.sort == FaultSort.SEGMENT_DARK)
    assert len(fault.members) >= 3
    for lamp in fault.members:
        during = [r for r in sent.of(lamp) if fault.visible <= r.ts < fault.end]
        assert len(during) > 40
        for reading in during:
            fields = reading.fields
            assert fields.get("on", True)
            assert fields.get("power_w", 0) < 1
            assert fields.get("current_a", 0) < 0.01
        after = [r for r in sent.of(lamp) if fault.end + 10 * MINUTE < r.ts < fault.end + HOUR]
        assert all(r.fields.get("power_w", r.fields.get("current_a", 0) * 230) > 20 for r in after)


def test_a_dead_lamp_reports_on_without_consumption() -> None:
    sent = a_day_of_the_street()
    fault = next(f for f in sent.run.plan.faults if f.sort == FaultSort.LAMP_DEAD)
    schedule = sent.run.world.lamps.schedules[0]
    for reading in sent.of(fault.members[0]):
        if not schedule.lit(np.array([reading.ts - 8 * MINUTE, reading.ts])).all():
            continue
        dark = fault.start <= reading.ts < fault.end
        power = reading.fields.get("power_w", reading.fields.get("current_a", 0) * 230)
        assert (power < 1) is dark
        assert reading.fields.get("on", True)


def test_a_displaced_cover_stays_tilted() -> None:
    sent = a_day_of_the_street()
    fault = next(f for f in sent.run.plan.faults if f.sort == FaultSort.COVER_DISPLACED)
    for reading in sent.of(fault.members[0]):
        assert (reading.fields["tilt_deg"] > 15) is (fault.start <= reading.ts < fault.end)


def test_a_rattling_cover_is_hit_far_more_often() -> None:
    sent = a_day_of_the_street()
    fault = next(f for f in sent.run.plan.faults if f.sort == FaultSort.COVER_RATTLE)
    shares = []
    for during in (False, True):
        readings = [
            r for r in sent.of(fault.members[0]) if (fault.start <= r.ts < fault.end) is during
        ]
        passes = sum(r.fields["passes"] for r in readings)
        assert passes > 100
        shares.append(sum(r.fields["hits"] for r in readings) / passes)
    assert shares[0] < 0.12
    assert shares[1] > shares[0] + 0.35


def test_a_backlog_is_waste_that_is_still_there_at_the_hour() -> None:
    sent = a_day_of_the_street()
    fault = next(f for f in sent.run.plan.faults if f.sort == FaultSort.STATION_BACKLOG)
    for station in sent.run.fleet.stations:
        at = [r for r in sent.of(station.id) if fault.visible <= r.ts < fault.visible + HOUR]
        assert len(at) >= 11
        stock = [r.fields["stock_t"] for r in at]
        if station.id in fault.members:
            assert min(stock) > 3
        elif station.clear_by_ms == 24 * HOUR:
            assert max(stock) < 0.5


def test_a_silent_device_is_not_heard_of() -> None:
    sent = a_day_of_the_street()
    fault = next(f for f in sent.run.plan.faults if f.type == "device.silent")
    heard = [r.ts for r in sent.of(fault.members[0])]
    assert not [ts for ts in heard if fault.start <= ts < fault.end]
    assert [ts for ts in heard if ts < fault.start]
