"""The live state: what the bus says, in the inventory's order."""

from __future__ import annotations

import time

import numpy as np
import pytest

from api.live import KindNow, Live
from api.places import Places
from api.segments import LAMP_STATES, SEGMENT_STATES, segments_now
from facility.assets import Streetlight
from facility.bus import KindState
from facility.inventory import Inventory
from facility.measurements import Kind
from tests.api.district import lamp


def told(ids: list[str], states: list[str], vocabulary: tuple[str, ...] = LAMP_STATES) -> KindState:
    return KindState(
        Kind.STREETLIGHT,
        1,
        tuple(ids),
        vocabulary,
        np.array([vocabulary.index(state) for state in states], np.int8),
        np.arange(1, len(ids) + 1),
    )


def test_states_are_found_by_id_whatever_the_order() -> None:
    places = Places(Inventory.of([lamp("S1", 0), lamp("S1", 1), lamp("S1", 2)]))
    live = Live()
    assert live.kind(Kind.STREETLIGHT, places).counts() == {"unknown": 3}
    live.hear(told(["S1-2", "elsewhere", "S1-0"], ["dark", "lit", "off"]))
    now = live.kind(Kind.STREETLIGHT, places)
    assert [now.of(row) for row in range(3)] == [("off", 3), ("unknown", None), ("dark", 1)]
    assert now.counts() == {"lit": 0, "dark": 1, "off": 1, "silent": 0, "unknown": 1}


def test_a_vocabulary_without_unknown_gets_it() -> None:
    places = Places(Inventory.of([lamp("S1", 0), lamp("S1", 1)]))
    live = Live()
    live.hear(told(["S1-0"], ["good"], ("bad", "good")))
    now = live.kind(Kind.STREETLIGHT, places)
    assert now.counts() == {"bad": 0, "good": 1, "unknown": 1}


def test_a_later_message_and_another_inventory_take_the_place_of_the_first() -> None:
    live = Live()
    small = Places(Inventory.of([lamp("S1", 0)]))
    large = Places(Inventory.of([lamp("S1", 1), lamp("S1", 0)]))
    live.hear(told(["S1-0"], ["lit"]))
    assert live.kind(Kind.STREETLIGHT, small).of(0) == ("lit", 1)
    assert live.kind(Kind.STREETLIGHT, large).of(1) == ("lit", 1)
    live.hear(told(["S1-0", "S1-1"], ["dark", "off"]))
    assert live.kind(Kind.STREETLIGHT, large).of(0) == ("off", 2)
    assert live.kind(Kind.STREETLIGHT, large).of(1) == ("dark", 1)
    assert live.kind(Kind.STREETLIGHT, small).of(0) == ("dark", 1)


@pytest.mark.parametrize(
    ("lamps", "has_case", "state"),
    [
        ("lit " * 20, False, "lit"),
        ("lit " * 20, True, "dark"),
        ("dark " * 3 + "lit " * 20, False, "dark"),
        ("dark " * 2 + "lit " * 20, False, "partly_dark"),
        ("dark " * 2 + "lit " * 4, False, "dark"),
        ("dark lit lit silent silent silent", False, "dark"),
        ("dark lit lit lit", False, "partly_dark"),
        ("dark", False, "dark"),
        ("silent silent lit lit", False, "silent"),
        ("silent lit lit", False, "lit"),
        ("silent", True, "dark"),
        ("unknown unknown", False, "unknown"),
        ("unknown unknown lit", False, "lit"),
        ("off off lit", False, "off"),
        ("off lit", False, "lit"),
        ("cycling", False, "unknown"),
    ],
)
def test_the_state_of_a_segment(lamps: str, has_case: bool, state: str) -> None:
    states = lamps.split()
    vocabulary = (*LAMP_STATES, "cycling")
    places = Places(Inventory.of([lamp("S1", seq) for seq in range(len(states))]))
    now = KindNow(
        vocabulary,
        np.array([vocabulary.index(one) for one in states], np.int8),
        np.zeros(len(states), np.int64),
    )
    found = segments_now(places, now, {0} if has_case else set())
    assert SEGMENT_STATES[found.state[0]] == state
    assert found.counts.sum() == len(states)


def test_only_segments_that_changed_are_told_again() -> None:
    inventory = Inventory.of([lamp(name, seq) for name in ("S1", "S2") for seq in range(4)])
    places, live = Places(inventory), Live()
    ids = [one.id for one in inventory.streetlights]
    live.hear(told(ids, ["lit"] * 8))
    first = segments_now(places, live.kind(Kind.STREETLIGHT, places), set())
    live.hear(told(ids, ["lit"] * 7 + ["dark"]))
    second = segments_now(places, live.kind(Kind.STREETLIGHT, places), set())
    assert list(second.summaries(second.changed_since(first))) == ["S2"]
    third = segments_now(places, live.kind(Kind.STREETLIGHT, places), {0})
    assert list(third.summaries(third.changed_since(second))) == ["S1"]
    other = Places(inventory)
    anew = segments_now(other, live.kind(Kind.STREETLIGHT, other), {0})
    assert len(anew.changed_since(third)) == 2


def test_a_lamp_without_a_segment_counts_in_none() -> None:
    alone = Streetlight(id="X", area="410105", name="X", lon=0, lat=0)
    places = Places(Inventory.of([alone, lamp("S1", 0)]))
    found = segments_now(places, Live().kind(Kind.STREETLIGHT, places), set())
    assert found.summaries() == {
        "S1": {"state": "unknown", "lit": 0, "dark": 0, "off": 0, "silent": 0, "unknown": 1}
    }


def test_a_city_of_lamps_takes_milliseconds() -> None:
    inventory = Inventory.of([lamp(f"S{n}", seq) for n in range(1_250) for seq in range(40)])
    places, live = Places(inventory), Live()
    ids = [one.id for one in inventory.streetlights]
    rng = np.random.default_rng(1)
    message = told(ids, ["lit"] * len(ids))
    before = None
    best = float("inf")
    for _ in range(5):
        state = rng.integers(0, 5, len(ids)).astype(np.int8)
        live.hear(
            KindState(message.kind, 1, tuple(ids), message.vocabulary, state, message.last_seen)
        )
        started = time.perf_counter()
        now = segments_now(places, live.kind(Kind.STREETLIGHT, places), {1, 2})
        if before is not None:
            now.changed_since(before)
        best = min(best, time.perf_counter() - started)
        before = now
    assert best < 0.05, f"{best * 1000:.1f} ms"
