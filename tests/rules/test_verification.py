"""Verification: a recovery that held, a repair that was none, and what proves neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.events import CaseEvent
from facility.assets import Asset
from facility.clock import DAY, HOUR, MINUTE, from_rfc3339
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import load
from rules.engine import Engine
from tests.rules.evening import END, START, district, readings, through
from tests.rules.street import DUSK, ZONE, Shown, cover, lamp, live, station

STREET = [lamp(f"L{i}", seq=i) for i in range(6)]
OUT = DUSK + HOUR
DAWN = from_rfc3339("2026-06-22T05:12:00+08:00")
LIT, DARK, OFF = ({"on": on, "power_w": w} for on, w in ((1.0, 58.0), (1.0, 0.4), (0.0, 0.3)))


def verifying(assets: Iterable[Asset]) -> Engine:
    return Engine(Inventory.of(assets), load_plans(), ZONE, load(), live=True)


def street(
    dark: Callable[[int], bool], silent: Callable[[str, int], bool] = lambda _n, _t: False
) -> Shown:
    """All lamps of the street are dark at times; they are lit by night and off by day."""

    def shown(name: str, ts: int) -> dict[str, float] | None:
        if silent(name, ts):
            return None
        night = (ts - DUSK) % DAY < DAWN - DUSK
        return (DARK if dark(ts) else LIT) if night else OFF

    return shown


def names(events: Iterable[CaseEvent]) -> list[str]:
    """Their names, but for members that come and go."""
    return [event.event for event in events if event.event not in ("joined", "left")]


def test_lamps_are_verified_at_the_end_of_a_night_that_they_were_lit_for_most_of() -> None:
    repaired = OUT + 2 * HOUR
    shown = street(lambda ts: OUT <= ts < repaired)
    events = live(verifying(STREET), STREET, shown, DUSK - HOUR, DAWN + HOUR)
    assert names(events) == ["opened", "recovered", "verified"]
    last = events[-1]
    assert DAWN <= last.at <= DAWN + 3 * MINUTE
    assert sorted(last.members) == [one.id for one in STREET]
    assert last.evidence["seen"] == "lit"
    assert last.evidence["members"] == 6
    assert last.evidence["minutes"] >= 300
    assert last.evidence["from"] < last.evidence["to"]


def test_a_repair_late_in_the_night_waits_for_the_next_one() -> None:
    repaired = DAWN - 2 * HOUR
    shown = street(lambda ts: OUT <= ts < repaired)
    events = live(verifying(STREET), STREET, shown, DUSK - HOUR, DAWN + DAY + HOUR)
    assert names(events) == ["opened", "recovered", "verified"]
    assert DAWN + DAY - 2 * MINUTE <= events[-1].at <= DAWN + DAY + 5 * MINUTE


def test_a_lamp_that_falls_silent_after_it_came_back_proves_nothing() -> None:
    repaired = OUT + HOUR
    shown = street(
        lambda ts: OUT <= ts < repaired, lambda name, ts: name == "L3" and ts > repaired + HOUR
    )
    events = live(verifying(STREET), STREET, shown, DUSK - HOUR, DAWN + DAY + HOUR)
    assert "verified" not in names(events)


def test_a_fault_that_comes_back_after_hours_is_the_same_case_until_it_was_verified() -> None:
    again = OUT + 6 * HOUR
    shown = street(lambda ts: OUT <= ts < OUT + HOUR or again <= ts < again + HOUR)
    events = live(verifying(STREET), STREET, shown, DUSK - HOUR, DAWN + HOUR)
    assert names(events) == ["opened", "recovered", "relapsed", "recovered"]
    assert len({event.case for event in events}) == 1


def test_what_was_verified_and_closed_is_a_new_case_when_it_comes_back() -> None:
    one = verifying(STREET)
    next_night = DUSK + DAY + 2 * HOUR
    shown = street(lambda ts: OUT <= ts < OUT + HOUR or ts >= next_night)
    events = live(one, STREET, shown, DUSK - HOUR, DAWN + HOUR)
    assert names(events)[-1] == "verified"
    one.tracker.close(events[0].case)
    again = live(one, STREET, shown, DAWN + HOUR, next_night + HOUR)
    assert names(again) == ["opened"]
    assert again[0].case != events[0].case


def test_without_a_desk_nothing_is_said_and_old_cases_do_not_come_back() -> None:
    again = OUT + 6 * HOUR
    shown = street(lambda ts: OUT <= ts < OUT + HOUR or again <= ts < again + HOUR)
    one = Engine(Inventory.of(STREET), load_plans(), ZONE, load())
    events = live(one, STREET, shown, DUSK - HOUR, DAWN + HOUR)
    assert names(events) == ["opened", "recovered", "opened", "recovered"]


def test_a_lamp_that_was_removed_has_nothing_to_show() -> None:
    one, cut = verifying(STREET), OUT + 2 * HOUR
    shown = street(lambda ts: OUT <= ts < OUT + HOUR)
    before = live(one, STREET, shown, DUSK - HOUR, cut)
    assert names(before) == ["opened", "recovered"]
    state, left = one.freeze(), STREET[:-1]
    one = verifying(left)
    one.thaw(state)
    events = live(one, left, shown, cut, DAWN + HOUR)
    assert names(events) == ["verified"]
    assert sorted(events[0].members) == [lamp.id for lamp in left]


def test_handled_by_day_and_dark_at_dusk_has_persisted() -> None:
    one, handled = verifying(STREET), DAWN + 6 * HOUR
    shown = street(lambda ts: ts >= OUT)
    opened = live(one, STREET, shown, DUSK - HOUR, handled)
    assert names(opened) == ["opened"]
    one.heed("handled", opened[0].case, handled)
    found = live(one, STREET, shown, handled, DUSK + DAY + 2 * HOUR)
    assert names(found) == ["persisted"]
    settled = DUSK + DAY + 15 * MINUTE
    assert settled + 10 * MINUTE <= found[0].at <= settled + 17 * MINUTE
    assert found[0].evidence["seen"] == "at_fault"
    assert found[0].evidence["handled_at"] == "2026-06-22T03:12:00Z"


def test_handled_and_lit_at_dusk_is_verified_at_dawn() -> None:
    one, handled = verifying(STREET), DAWN + 6 * HOUR
    shown = street(lambda ts: OUT <= ts < handled)
    opened = live(one, STREET, shown, DUSK - HOUR, handled)
    one.heed("handled", opened[0].case, handled)
    found = live(one, STREET, shown, handled, DAWN + DAY + HOUR)
    assert names(found) == ["recovered", "verified"]


def test_each_handling_is_answered_once() -> None:
    one = verifying(STREET)
    shown = street(lambda ts: ts >= OUT)
    opened = live(one, STREET, shown, DUSK - HOUR, OUT + HOUR)
    found = []
    for hours in (1, 3):
        at = OUT + hours * HOUR
        one.heed("handled", opened[0].case, at)
        found.append(names(live(one, STREET, shown, at, at + 2 * HOUR)))
    assert found == [["persisted"], ["persisted"]]


def test_a_recovery_that_was_verified_is_said_again_of_a_handling_after_it() -> None:
    one = verifying(STREET)
    shown = street(lambda ts: OUT <= ts < OUT + HOUR)
    events = live(one, STREET, shown, DUSK - HOUR, DAWN + HOUR)
    one.heed("verified", events[0].case, events[-1].at)
    one.heed("handled", events[0].case, DAWN + HOUR)
    again = live(one, STREET, shown, DAWN + HOUR, DAWN + 2 * HOUR)
    assert names(again) == ["verified"]
    assert again[0].evidence == events[-1].evidence


def test_a_handling_that_was_taken_back_is_not_answered() -> None:
    one = verifying(STREET)
    shown = street(lambda ts: ts >= OUT)
    opened = live(one, STREET, shown, DUSK - HOUR, OUT + HOUR)
    one.heed("handled", opened[0].case, OUT + HOUR)
    one.heed("reworked", opened[0].case, OUT + HOUR + MINUTE)
    assert live(one, STREET, shown, OUT + HOUR, OUT + 3 * HOUR) == []


COVER, STATION = [cover("M1")], [station("W1")]
CALM = {"tilt_deg": 0.5, "water_m": -2.0, "passes": 90.0, "hits": 3.0}
WELL = {
    "h2s_mg_m3": 0.01, "leachate_pct": 40.0, "motor_temp_c": 60.0,
    "inbound_t": 100.0, "outbound_t": 100.0, "stock_t": 0.0,
}  # fmt: skip

FAULTS: list[tuple[str, list[Any], dict[str, float], dict[str, float], int]] = [
    ("cover.displaced", COVER, CALM, {"tilt_deg": 30.0}, 2 * HOUR),
    ("cover.rattle", COVER, CALM, {"hits": 60.0}, 2 * HOUR),
    ("cover.flooding", COVER, CALM, {"water_m": 0.3}, 2 * HOUR),
    ("station.gas_hazard", STATION, WELL, {"h2s_mg_m3": 15.0}, 2 * HOUR),
    ("station.odour", STATION, WELL, {"h2s_mg_m3": 0.3}, 2 * HOUR),
    ("station.leachate", STATION, WELL, {"leachate_pct": 95.0}, HOUR),
    ("station.equipment", STATION, WELL, {"motor_temp_c": 120.0}, HOUR),
]


def around(well: dict[str, float], wrong: dict[str, float], begin: int, end: int) -> Shown:
    return lambda _, ts: well | wrong if begin <= ts < end else well


@pytest.mark.parametrize(("type_", "assets", "well", "wrong", "least"), FAULTS)
def test_a_repair_is_verified_by_what_is_seen_for_long_enough(
    type_: str, assets: list[Asset], well: dict[str, float], wrong: dict[str, float], least: int
) -> None:
    begin, end = START + 6 * HOUR, START + 12 * HOUR
    shown = around(well, wrong, begin, end)
    found = [
        event
        for event in live(verifying(assets), assets, shown, START, end + 12 * HOUR)
        if event.type == type_
    ]
    assert names(found) == ["opened", "recovered", "verified"]
    assert found[2].at - found[1].at >= least - 15 * MINUTE
    assert found[2].evidence["readings"] >= 2


@pytest.mark.parametrize(("type_", "assets", "well", "wrong", "_least"), FAULTS)
def test_a_repair_that_was_none_is_told_and_silence_is_no_proof(
    type_: str, assets: list[Asset], well: dict[str, float], wrong: dict[str, float], _least: int
) -> None:
    begin, handled = START + 6 * HOUR, START + 12 * HOUR
    shown = around(well, wrong, begin, 1 << 60)
    one = verifying(assets)
    opened = live(one, assets, shown, START, handled)
    case = next(event.case for event in opened if event.type == type_)
    one.heed("handled", case, handled)

    quiet = live(one, assets, lambda _n, _t: None, handled, handled + 5 * HOUR)
    assert {event.type for event in quiet} <= {"device.silent"}
    found = live(one, assets, shown, handled + 5 * HOUR, handled + 10 * HOUR)
    assert [e.event for e in found if e.type == type_] == ["persisted"]


def test_a_device_heard_again_for_an_hour_is_verified_and_one_still_silent_has_persisted() -> None:
    both = [lamp("L1"), lamp("L2", circuit="C2", segment="S2")]
    back = START + 3 * HOUR

    def shown(name: str, ts: int) -> dict[str, float] | None:
        gone = ts >= START + HOUR and (name == "L2" or ts < back)
        return None if gone else OFF

    one = verifying([*both, cover("M1")])
    opened = live(one, both, shown, START, START + 2 * HOUR)
    silent = {event.subject: event.case for event in opened}
    for case in silent.values():
        one.heed("handled", case, START + 2 * HOUR)
    found = live(one, both, shown, START + 2 * HOUR, START + 6 * HOUR)
    of = {name: [e.event for e in found if e.case == case] for name, case in silent.items()}
    assert of["streetlight:L2"] == ["persisted"]
    assert of["streetlight:L1"][-1] == "verified"


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cut=st.integers(1, 299),
    handled=st.lists(st.integers(30, 299), max_size=3),
)
def test_restarts_change_nothing_and_one_handling_has_one_answer(
    seed: int, cut: int, handled: list[int]
) -> None:
    sent = readings(seed)

    def night(cuts: list[int]) -> list[CaseEvent | str]:
        """The events, and the cases that were handled between them."""
        one, begin = verifying(district()), START
        told: list[CaseEvent | str] = []
        for minute in sorted({*cuts, *handled, (END - START) // MINUTE}):
            end = START + minute * MINUTE
            told += through(one, sent, begin, end)
            begin = end
            if minute in cuts:
                state, one = one.freeze(), verifying(district())
                one.thaw(state)
            if minute in handled:
                for case in one.tracker.cases:
                    one.heed("handled", case, end)
                    told.append(case)
        return told

    whole = night([])
    assert night([cut]) == whole
    last: dict[str, str] = {}
    for one in whole:
        if isinstance(one, str):
            last[one] = "handled"
            continue
        if one.event == "verified":
            assert last[one.case] == "recovered"
        if one.event == "persisted":
            assert last[one.case] not in ("persisted", "verified")
        if one.event in ("verified", "persisted", "recovered", "relapsed"):
            last[one.case] = one.event


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000), fades=st.integers(60, 290))
def test_silence_never_verifies_and_never_says_that_a_repair_was_none(
    seed: int, fades: int
) -> None:
    """From some moment on nothing arrives any more."""
    sent = [one for one in readings(seed) if one[0] < START + fades * MINUTE]
    one = verifying(district())
    through(one, sent, START, START + fades * MINUTE)
    for case in list(one.tracker.cases.values()):
        one.heed("handled", case.id, one.now)
    after = one.advance(START + fades * MINUTE + 26 * HOUR)
    assert [e for e in after if e.event == "persisted" and e.type != "device.silent"] == []
    late = [e for e in after if e.event == "verified"]
    # What had been seen for long enough by then is verified when its night is over.
    assert all(e.type.startswith("streetlight.") for e in late)
