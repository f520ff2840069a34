"""Lighting rate: what was seen lit, what was seen dark, and what nobody saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.tallies import Tally
from facility.assets import Asset
from facility.clock import DAY, HOUR, MINUTE, from_rfc3339
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import load
from rules.engine import Engine
from tests.rules.street import DUSK, NOON, ZONE, Shown, batch, lamp, live

DAWN = from_rfc3339("2026-06-22T05:12:00+08:00")
NIGHT_MIN = (DAWN - DUSK) / MINUTE - 15
"""A lamp is not judged for a quarter of an hour after it was switched on."""

LIT, DARK, OFF = ({"on": on, "power_w": w} for on, w in ((1.0, 58.0), (1.0, 0.4), (0.0, 0.3)))
STREET = [replace(lamp(f"L{i}", seq=i), road_class="main" if i < 3 else None) for i in range(5)]


def watching(assets: Iterable[Asset]) -> Engine:
    return Engine(Inventory.of(assets), load_plans(), ZONE, load(), live=True)


def planned(ts: int) -> dict[str, float]:
    return LIT if DUSK <= ts < DAWN else OFF


def lighting(one: Engine) -> dict[str, Tally]:
    """The newest tally of the night, by road class."""
    assert one.daybook
    told = [tally for tally in one.daybook.drain() if tally.measure == "lighting"]
    return {tally.road_class: tally for tally in told}


def counted(shown: Shown, end: int = NOON + DAY + HOUR) -> dict[str, Tally]:
    one = watching(STREET)
    live(one, STREET, shown, NOON, end)
    return lighting(one)


def test_a_night_that_was_lit_is_lit_to_the_minute() -> None:
    night = counted(lambda _, ts: planned(ts))["main"]
    assert (night.day, night.place, night.kind) == ("2026-06-21", "S1", "streetlight")
    assert night.numbers["lamps"] == night.numbers["lamps_lit"] == 3
    assert night.numbers["lit_min"] == pytest.approx(3 * NIGHT_MIN, abs=10)
    assert night.numbers["dark_min"] == 0
    assert night.numbers["unknown_min"] <= 10


def test_a_dark_lamp_a_silent_one_and_one_that_is_off_after_midnight() -> None:
    midnight = from_rfc3339("2026-06-22T00:00:00+08:00")

    def shown(name: str, ts: int) -> dict[str, float] | None:
        if name == "L0" and ts >= midnight:
            return None
        dark = name == "L1" or (name == "L2" and ts >= midnight)
        return DARK if dark and DUSK <= ts < DAWN else planned(ts)

    night = counted(shown)["main"].numbers
    early, late = (midnight - DUSK) / MINUTE - 15, (DAWN - midnight) / MINUTE
    assert night["lit_min"] == pytest.approx(2 * early, abs=12)
    assert night["dark_min"] == pytest.approx(early + 2 * late, abs=12)
    assert night["unknown_min"] == pytest.approx(late, abs=12)
    assert [night[f"lamps_{state}"] for state in ("lit", "dark", "unknown")] == [1, 2, 0]


def test_lamps_that_nobody_heard_are_unknown() -> None:
    night = counted(lambda name, ts: None if name < "L3" else planned(ts))
    assert night["main"].numbers["lamps_unknown"] == 3
    assert night["main"].numbers["lit_min"] == night["main"].numbers["dark_min"] == 0
    assert night[""].numbers["lamps_lit"] == 2


def test_the_dark_half_of_a_half_night_plan_is_not_counted() -> None:
    half = [lamp("L1", plan="half-night")]
    midnight = from_rfc3339("2026-06-22T00:00:00+08:00")
    one = watching(half)
    live(one, half, lambda _, ts: LIT if DUSK <= ts < midnight else OFF, NOON, NOON + DAY + HOUR)
    night = lighting(one)[""].numbers
    assert night["lit_min"] == pytest.approx((midnight - DUSK) / MINUTE - 15, abs=4)
    assert night["dark_min"] == 0


def test_the_night_is_told_as_it_goes_on() -> None:
    one = watching(STREET)
    live(one, STREET, lambda _, ts: planned(ts), NOON, DUSK + 2 * HOUR)
    night = lighting(one)["main"].numbers
    assert night["lit_min"] == pytest.approx(3 * 93, abs=12)
    figures = one.daybook.figures() if one.daybook else {}
    assert figures["lighting"].pop("targets")["main_target"] == 0.98
    assert figures["lighting"] == {"lamps": 5, "lit": 5, "dark": 0, "unknown": 0}


@settings(max_examples=6, deadline=None)
@given(cut=st.integers(0, 20), gone=st.integers(0, 9), back=st.integers(1, 6))
def test_seen_and_unseen_add_up_and_a_restart_changes_nothing(
    cut: int, gone: int, back: int
) -> None:
    silent = DUSK + gone * HOUR

    def shown(name: str, ts: int) -> dict[str, float] | None:
        if name in ("L0", "L3") and silent <= ts < silent + back * HOUR:
            return None
        return DARK if name == "L1" and DUSK <= ts < DAWN else planned(ts)

    def night(restart: int | None) -> list[Tally]:
        one, end = watching(STREET), NOON + DAY + HOUR
        if restart:
            live(one, STREET, shown, NOON, restart)
            lighting(one)
            state, one = one.freeze(), watching(STREET)
            one.thaw(state)
        live(one, STREET, shown, restart or NOON, end)
        return list(lighting(one).values())

    whole = night(None)
    assert night(NOON + cut * HOUR) == whole
    for tally in whole:
        numbers = tally.numbers
        total = numbers["lit_min"] + numbers["dark_min"] + numbers["unknown_min"]
        assert total == pytest.approx(numbers["lamps"] * NIGHT_MIN, abs=5)
    hidden = max(0, min(silent + back * HOUR, DAWN) - max(silent, DUSK + 15 * MINUTE)) / MINUTE
    main = next(tally for tally in whole if tally.road_class == "main").numbers
    assert main["unknown_min"] == pytest.approx(hidden, abs=16)


@pytest.mark.parametrize("down_min", [0, 40])
def test_a_start_in_the_middle_of_a_night_goes_on_from_what_was_kept(down_min: int) -> None:
    """A run ends at 02:00 and its state is lost; the next one has two hours of readings."""

    def shown(name: str, ts: int) -> dict[str, float]:
        return DARK if name == "L1" and DUSK <= ts < DAWN else planned(ts)

    ends = from_rfc3339("2026-06-22T02:00:00+08:00")
    starts, end = ends + down_min * MINUTE, NOON + DAY + HOUR
    whole = counted(shown)
    first = watching(STREET)
    live(first, STREET, shown, NOON, ends + MINUTE)
    kept = lighting(first)
    second = watching(STREET)
    assert second.daybook
    assert ("lighting", date(2026, 6, 21)) in second.daybook.unfinished(starts)
    second.daybook.resume(list(kept.values()), starts)
    for ts in range(starts - 2 * HOUR, starts, 5 * MINUTE):
        rows = [(one.id, ts, shown(one.id, ts)) for one in STREET]
        second.warm(batch("streetlight", rows))
    live(second, STREET, shown, starts, end)
    for road_class, tally in lighting(second).items():
        for name, number in whole[road_class].numbers.items():
            # Around either seam a report of each lamp may be missing.
            assert tally.numbers[name] == pytest.approx(number, abs=20), name


def test_what_nobody_counted_is_unknown() -> None:
    """Nothing was stored while the rules were down from 23:00 to 02:00."""
    down, starts = DUSK + 200 * MINUTE, DUSK + 380 * MINUTE
    first, second = watching(STREET), watching(STREET)
    live(first, STREET, lambda _, ts: planned(ts), NOON, down)
    assert second.daybook
    second.daybook.resume(list(lighting(first).values()), starts)
    live(second, STREET, lambda _, ts: planned(ts), starts, NOON + DAY + HOUR)
    night = lighting(second)["main"].numbers
    assert night["lit_min"] == pytest.approx(3 * (NIGHT_MIN - 180), abs=60)
    assert night["unknown_min"] == pytest.approx(3 * 180, abs=60)
    assert night["dark_min"] == 0


def test_many_segments_are_told_of_in_turns_each_up_to_the_same_quarter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven segments, three of which are told of in a minute: all have had their turn in three."""
    monkeypatch.setattr("rules.lamps.lighting_rate._AT_ONCE", 3)
    lamps = [lamp(f"L{i}", segment=f"S{i // 2}") for i in range(14)]
    one = watching(lamps)
    begin, end = DUSK - HOUR, DUSK + 2 * HOUR
    assert one.daybook
    told: dict[int, list[Tally]] = {}
    for minute in range(begin, end, MINUTE):
        live(one, lamps, lambda _, ts: planned(ts), minute, minute + MINUTE)
        if some := [tally for tally in one.daybook.drain() if tally.measure == "lighting"]:
            told[(minute + MINUTE) // MINUTE] = some

    assert {minute % 15 for minute in told} == {0, 1, 2}
    assert {len(some) for some in told.values()} == {2, 3}
    quarters = {minute - minute % 15 for minute in told}
    for quarter in sorted(quarters):
        of_all = [tally for turn in range(3) for tally in told[quarter + turn]]
        assert sorted(tally.place for tally in of_all) == [f"S{i}" for i in range(7)]
        # What was seen after the quarter, until a segment's turn came, is not told yet.
        asked = [sum(v for k, v in one.numbers.items() if k.endswith("_min")) for one in of_all]
        assert asked == pytest.approx([asked[0]] * 7, abs=0.2)
        assert asked[0] / 2 == pytest.approx(max(0, quarter - DUSK / MINUTE - 15), abs=1)


def test_a_night_told_in_turns_is_the_night_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lamps = [lamp(f"L{i}", segment=f"S{i // 2}") for i in range(14)]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        return None if name == "L3" else DARK if name == "L8" and ts < DAWN else planned(ts)

    def night() -> dict[str, dict[str, float]]:
        one = watching(lamps)
        live(one, lamps, shown, DAWN - 2 * HOUR, NOON + DAY + MINUTE)
        told = one.daybook.drain() if one.daybook else []
        return {tally.place: tally.numbers for tally in told if tally.measure == "lighting"}

    at_once = night()
    monkeypatch.setattr("rules.lamps.lighting_rate._AT_ONCE", 3)
    assert night() == at_once
    assert len(at_once) == 7
