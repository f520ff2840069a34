"""States: what the map shows of each asset is what was seen of it, or is open on it."""

from __future__ import annotations

from facility.clock import HOUR
from facility.measurements import Kind
from rules.engine import Engine
from tests.rules.street import DUSK, cover, engine, lamp, live

LIT = {"on": 1.0, "power_w": 58.0}
DARK = {"on": 1.0, "power_w": 0.4}


def words(one: Engine, kind: Kind) -> dict[str, str]:
    told = next(state for state in one.states() if state.kind == kind)
    return {name: told.vocabulary[code] for name, code in zip(told.ids, told.state, strict=True)}


def test_a_lamp_is_lit_dark_or_silent_by_night_and_off_by_day() -> None:
    street = [lamp(f"L{i}", seq=i) for i in range(4)]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        if name == "L2" and ts >= DUSK + HOUR:
            return None
        return DARK if name == "L1" or ts < DUSK else LIT

    one = engine(street)
    assert set(words(one, Kind.STREETLIGHT).values()) == {"unknown"}
    live(one, street, shown, DUSK - HOUR, DUSK)
    assert set(words(one, Kind.STREETLIGHT).values()) == {"off"}
    live(one, street, shown, DUSK, DUSK + 2 * HOUR)
    assert words(one, Kind.STREETLIGHT) == {"L0": "lit", "L1": "dark", "L2": "silent", "L3": "lit"}


def test_what_is_open_on_a_silent_device_is_shown_before_its_silence() -> None:
    covers = [cover("M1"), cover("M2"), cover("M3")]

    def shown(name: str, ts: int) -> dict[str, float] | None:
        if name != "M3" and ts >= DUSK + HOUR:
            return None
        return {"tilt_deg": 40.0 if name == "M1" else 1.0}

    one = engine(covers)
    live(one, covers, shown, DUSK, DUSK + 3 * HOUR)
    assert words(one, Kind.COVER) == {"M1": "displaced", "M2": "silent", "M3": "ok"}
