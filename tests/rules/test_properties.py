"""What holds of any evening: events add up to cases, a fault is in one of them, and how readings
are delivered does not matter."""

from __future__ import annotations

import random
from collections import defaultdict
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from cases.case import Case
from cases.events import CaseEvent
from cases.lifecycle import apply
from facility.clock import DAY, HOUR, MINUTE
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from rules.book.rulebook import load
from rules.engine import Engine
from rules.tracker import FAMILY
from tests.rules.evening import END, START, Reading, batches, district, readings, through
from tests.rules.street import DUSK, ZONE, engine, lamp, live

SEEDS = st.integers(0, 10_000)


def night(sent: list[Reading]) -> list[CaseEvent]:
    return through(engine(district()), sent, START, END)


@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_events_add_up_and_a_member_is_in_one_case_of_a_family(seed: int) -> None:
    cases: dict[str, Case] = {}
    where: dict[tuple[str, str], str] = {}
    for event in night(readings(seed)):
        outcome = apply(cases.get(event.case), event)
        assert isinstance(outcome, Case), outcome
        cases[event.case] = outcome
        family = FAMILY[event.type]
        for member in event.members:
            if event.event in ("opened", "joined", "relapsed"):
                assert where.setdefault((family, member), event.case) == event.case
            else:
                assert where.pop((family, member), event.case) == event.case


@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_repeated_readings_change_nothing(seed: int) -> None:
    # Without silent devices: whatever arrives of one shows that it is there.
    sent = readings(seed, delivery=False, silence=False)
    chance = random.Random(seed)
    again = [
        (one[0] + chance.randrange(30 * MINUTE), *one[1:]) for one in sent if chance.random() < 0.3
    ]
    twice = sorted([*sent, *(one for one in again if one[0] < END)], key=lambda one: one[:4])
    assert _seen(night(twice)) == _seen(night(sent))


@settings(max_examples=6, deadline=None)
@given(seed=SEEDS)
def test_the_order_within_a_minute_changes_nothing(seed: int) -> None:
    sent = readings(seed, delivery=False)
    minutes: dict[int, list[Reading]] = defaultdict(list)
    for one in sent:
        minutes[one[0] // MINUTE].append(one)
    shuffled = []
    chance = random.Random(seed)
    for minute in minutes.values():
        arrivals = sorted(one[0] for one in minute)
        chance.shuffle(minute)
        shuffled += [(at, *one[1:]) for at, one in zip(arrivals, minute, strict=True)]
    # Two rules open their cases with the report itself, whenever it came.
    prompt = ("station.gas_hazard", "cover.displaced")
    assert [e for e in _seen(night(shuffled)) if e[1] not in prompt] == [
        e for e in _seen(night(sent)) if e[1] not in prompt
    ]


@settings(max_examples=8, deadline=None)
@given(begins=st.integers(0, 40), lasts=st.integers(5, 45), late=st.integers(30, 200))
def test_what_comes_late_never_reopens_the_past(begins: int, lasts: int, late: int) -> None:
    """A lamp is dark for a while, offline, and tells so only after it was seen lit again."""
    street = [lamp(f"L{i}", seq=i) for i in range(20)]
    dark_from = DUSK + HOUR + begins * MINUTE
    lit_again = dark_from + lasts * MINUTE
    one = engine(street)

    def shown(name: str, ts: int) -> dict[str, float] | None:
        gone = name == "L4" and dark_from <= ts < lit_again
        return None if gone else {"on": 1.0, "power_w": 58.0}

    told = lit_again + late * MINUTE
    live(one, street, shown, DUSK, told)
    kept = [
        (told + 100, "streetlight", "L4", ts, {"on": 1.0, "power_w": 0.3})
        for ts in range(dark_from, lit_again, 5 * MINUTE)
    ]
    assert through(one, kept, told, told + MINUTE) == []
    assert live(one, street, shown, told + MINUTE, told + HOUR) == []


@settings(max_examples=8, deadline=None)
@given(minutes=st.integers(1, 60))
def test_a_lamp_is_a_case_just_where_it_was_dark_for_the_hold(minutes: int) -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(20)]
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        dark = name == "L4" and out <= ts < out + minutes * MINUTE
        return {"on": 1.0, "power_w": 0.3 if dark else 58.0}

    opened = [
        e for e in live(engine(street), street, shown, DUSK, out + 2 * HOUR) if e.event == "opened"
    ]
    # Reports are five minutes apart, and each stands for half of that.
    if minutes <= 7:
        assert opened == []
    if minutes >= 15:
        assert len(opened) == 1


@settings(max_examples=4, deadline=None)
@given(begins=st.integers(30, 90), lasts=st.integers(5, 100), many=st.integers(1, 12))
def test_silence_opens_no_unlit_case_and_closes_none(begins: int, lasts: int, many: int) -> None:
    """Lamps fall silent, some of them while they are dark."""
    street = [lamp(f"L{i:02}", seq=i) for i in range(12)]
    dark_from = DUSK + 40 * MINUTE
    gone = DUSK + begins * MINUTE, DUSK + (begins + lasts) * MINUTE

    def shown(silent: bool, name: str, ts: int) -> dict[str, float] | None:
        if silent and int(name[1:]) < many and gone[0] <= ts < gone[1]:
            return None
        return {"on": 1.0, "power_w": 0.3 if name == "L01" and ts >= dark_from else 58.0}

    for silent in (False, True):
        events = live(engine(street), street, partial(shown, silent), DUSK, DUSK + 4 * HOUR)
        unlit = [(e.event, e.subject) for e in events if "unlit" in e.type]
        assert unlit == [("opened", "streetlight:L01")]


@settings(max_examples=2, deadline=None)
@given(seed=SEEDS, many=st.integers(1, 8))
def test_silent_devices_change_no_verdict_of_others(seed: int, many: int) -> None:
    sent = readings(seed)
    # Streets of their own: who is silent does count among its neighbours.
    mute = [lamp(f"X{i}", "X", i, "CX", gateway="GX") for i in range(many)]
    alone, beside = (through(engine([*district(), *more]), sent, START, END) for more in ([], mute))
    own = {one.id for one in mute}
    assert _seen(alone) == _seen([e for e in beside if not own & set(e.members)])


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_the_inventory_does_not_matter(seed: int) -> None:
    sent, assets = readings(seed), district()
    events = sorted(_seen(night(sent)))
    random.Random(seed).shuffle(assets)
    assert sorted(_seen(through(engine(assets), sent, START, END))) == events


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS, size=st.integers(2, 40))
def test_how_readings_are_cut_into_batches_does_not_matter(seed: int, size: int) -> None:
    """But for one that overtakes another of its device: together they are put in order."""
    sent = readings(seed, delivery=False)
    cut, one = [], engine(district())
    for at in range(0, len(sent), size):
        cut += one.take(batches(sent[at : at + size]))
    whole, other = [], engine(district())
    for minute in range(START, sent[-1][0] + 1, 30 * MINUTE):
        mine = [r for r in sent if minute <= r[0] < minute + 30 * MINUTE]
        whole += other.take(batches(mine))
    assert _seen(cut) == _seen(whole)


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS, days=st.integers(1, 3))
def test_another_day_of_the_same_plan_changes_only_times(seed: int, days: int) -> None:
    """Around the solstice sunset moves by seconds a day; the plan here is of the clock alone."""
    plan = {"all-night": LightingPlan("all-night", "", 1, (("19:42", "05:12"),))}
    plan["half-night"] = LightingPlan("half-night", "", 1, (("19:42", "00:00"),))

    def lived(shift: int) -> list[CaseEvent]:
        moved = [
            (at + shift, table, series, ts + shift, values)
            for at, table, series, ts, values in readings(seed)
        ]
        one = Engine(Inventory.of(district()), plan, ZONE, load())
        return through(one, moved, START + shift, END + shift)

    shift = days * DAY
    assert [(at - shift, *rest) for at, *rest in _seen(lived(shift))] == [
        (at, *rest) for at, *rest in _seen(lived(0))
    ]


def _seen(events: list[CaseEvent]) -> list[tuple[int, str, str, str]]:
    """Events without those of silence, which is about arrivals."""
    return [(e.at, e.type, e.event, e.subject) for e in events if e.type != "device.silent"]
