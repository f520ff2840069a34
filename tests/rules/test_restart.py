"""Restart: an engine that goes on from a saved state says what one that never stopped says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facility.clock import HOUR, MINUTE
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.rulebook import load
from rules.engine import Engine
from rules.snapshot import Damaged, _walk
from tests.rules.evening import END, START, district, readings, through
from tests.rules.street import DUSK, ZONE, brief, engine, lamp, live

LIT = {"on": 1.0, "power_w": 58.0}
DARK = {"on": 1.0, "power_w": 0.4}


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), minutes=st.lists(st.integers(1, 299), min_size=1, max_size=3))
def test_restarts_at_any_moment_change_no_event(seed: int, minutes: list[int]) -> None:
    sent = readings(seed)
    whole = through(engine(district()), sent, START, END)
    one, events, begin = engine(district()), [], START
    for minute in sorted(set(minutes)):
        events += through(one, sent, begin, begin := START + minute * MINUTE)
        state, one = one.freeze(), engine(district())
        one.thaw(state)
    events += through(one, sent, begin, END)
    assert events == whole


def test_evenings_have_something_to_say() -> None:
    """The property above would hold of silence too."""
    types = {
        event.type
        for seed in range(6)
        for event in through(engine(district()), readings(seed), START, END)
    }
    assert len(types) >= 8


def test_a_hold_that_ran_for_eight_minutes_goes_on_at_eight() -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(20)]
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        return DARK if name == "L4" and ts >= out else LIT

    one = engine(street)
    assert live(one, street, shown, DUSK, out + 8 * MINUTE) == []
    again = engine(street)
    again.thaw(one.freeze())
    events = live(again, street, shown, out + 8 * MINUTE, out + 20 * MINUTE)
    assert brief(events) == [("opened", "streetlight.unlit", "streetlight:L4")]
    assert events[0].at - out <= 16 * MINUTE


def test_a_changed_inventory_keeps_what_the_others_were_doing() -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(20)]
    out = DUSK + HOUR

    def shown(name: str, ts: int) -> dict[str, float]:
        return DARK if name == "L4" and ts >= out else LIT

    one = engine(street)
    live(one, street, shown, DUSK, out + 8 * MINUTE)
    changed = [lamp("NEW", seq=0), *street[:3], *street[4:]]
    again = engine(changed)
    again.thaw(one.freeze())
    events = live(again, changed, shown, out + 8 * MINUTE, out + 20 * MINUTE)
    assert brief(events) == [("opened", "streetlight.unlit", "streetlight:L4")]


@pytest.mark.parametrize("live", [False, True])
def test_every_array_that_changes_is_kept(live: bool) -> None:
    one = Engine(Inventory.of(district()), load_plans(), ZONE, load(), live=live)

    def arrays() -> dict[str, np.ndarray]:
        return {
            f"{path}.{name}": value
            for part in one._parts()
            for path, holder, _ in _walk(part)
            for name, value in vars(holder).items()
            if isinstance(value, np.ndarray) and name not in getattr(holder, "KEPT", ())
        }

    before = {name: value.copy() for name, value in arrays().items()}
    through(one, readings(3), START, END)
    after = arrays()
    changed = [
        name
        for name, was in before.items()
        if not np.array_equal(was, after[name], equal_nan=was.dtype.kind == "f")
    ]
    # Which row a name has, what other nights say, and what contactors do, is looked up anew.
    found_anew = ("._row_of_code", "._said", "._said_of")
    assert [name for name in changed if not name.endswith(found_anew)] == []


@pytest.mark.parametrize("content", [b"", b"\xc1", b"{}", b"\x81\xa6format\x00"])
def test_what_is_no_state_is_refused(content: bytes) -> None:
    with pytest.raises(Damaged):
        engine(district()).thaw(content)
