"""What opens no case for a while: rules off, out of hours, in a window, shelved."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cases.events import CaseEvent
from facility.assets import Asset
from facility.clock import DAY, HOUR, MINUTE, from_rfc3339
from facility.errors import UsageError
from facility.inventory import Inventory
from facility.lighting import load_plans
from rules.book.occasions import Occasion, decode
from rules.book.rulebook import parse
from rules.book.scope import Where
from rules.book.suppression import Shelving
from rules.engine import Engine
from tests.rules.street import DUSK, NOON, ZONE, brief, cover, lamp, live, station

TILTED = {"tilt_deg": 30.0}
LIT, DARK = {"on": 1.0, "power_w": 58.0}, {"on": 1.0, "power_w": 0.4}


def local(text: str) -> int:
    return from_rfc3339(f"2026-06-{text}:00+08:00")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ('hours = "06:00-22:00"', ["21T06:00", "22T21:59"], ["21T05:59", "21T22:00"]),
        ('hours = "22:00-04:00"', ["21T22:00", "22T03:59"], ["21T21:59", "22T04:00"]),
        # 2026-06-21 is a Sunday.
        ('weekdays = ["sun"]', ["21T00:00", "21T23:59"], ["20T23:59", "22T00:00"]),
        ('weekdays = ["sun"]\nhours = "22:00-04:00"', ["22T03:00"], ["21T03:00", "22T22:00"]),
        ("from = 2026-06-21\nto = 2026-06-22", ["21T00:00", "22T23:59"], ["20T23:59", "23T00:00"]),
        ('to = 2026-06-21\nhours = "22:00-04:00"', ["22T03:59"], ["22T22:00"]),
        ("to = 2026-06-21T14:00:00", ["21T13:59"], ["21T14:00"]),
        ("from = 2026-06-21T14:00:00Z", ["21T22:00"], ["21T21:59"]),
        ("", ["21T22:00"], []),
    ],
)
def test_an_occasion_is_meant_in_local_time(
    text: str, inside: list[str], outside: list[str]
) -> None:
    occasion = msgspec.convert(tomllib.loads(text), Occasion, dec_hook=decode)
    zone = ZoneInfo(ZONE)
    assert all(occasion.holds(local(one), zone) for one in inside)
    assert not any(occasion.holds(local(one), zone) for one in outside)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[off]]\ntype = 'cover.ratle'", "there is no case type cover.ratle"),
        ("[[window]]\nreason = 'x'", "a window ends by itself"),
        ("[[window]]\nto = 2026-06-21", "missing required field `reason`"),
        ("[[schedule]]\ntype = 'cover.rattle'\nhours = '6-22'", "b:3: hours: '6-22' is no span"),
        ("[[schedule]]\ntype = 'cover.rattle'\nfrom = 'May'", "b:3: from: 'May' is no time"),
        ("[[schedule]]\ntype = 'cover.rattle'\nweekdays = ['Mon']", "invalid enum value 'Mon'"),
    ],
)  # fmt: skip
def test_mistakes_are_told(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "b")
    assert told in str(caught.value)


def run(
    book: str, assets: list[Asset], shown: Callable[[str, int], dict[str, float] | None],
    start: int, end: int, shelvings: tuple[Shelving, ...] = (),
) -> list[CaseEvent]:  # fmt: skip
    engine = Engine(Inventory.of(assets), load_plans(), ZONE, parse(book, "b"))
    engine.suppression.shelve(shelvings)
    return live(engine, assets, shown, start, end)


WINDOW = '[[window]]\nreason = "works"\nfrom = 2026-06-21T20:30:00\nto = 2026-06-21T22:00:00\n'


def test_a_fault_that_outlasts_its_window_opens_when_it_ends() -> None:
    events = run(WINDOW, [cover("M1")], lambda *_: TILTED, DUSK + HOUR, local("21T22:30"))
    assert brief(events) == [("opened", "cover.displaced", "cover:M1")]
    assert events[0].at == local("21T22:00")


def test_a_fault_that_ends_inside_was_never_a_case() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        return {"tilt_deg": 30.0 if ts < local("21T21:30") else 0.0}

    assert run(WINDOW, [cover("M1")], shown, DUSK + HOUR, local("21T23:00")) == []


def test_what_recovers_inside_is_still_recorded() -> None:
    def shown(_: str, ts: int) -> dict[str, float]:
        return {"tilt_deg": 30.0 if ts < local("21T21:00") else 0.0}

    events = run(WINDOW, [cover("M1")], shown, DUSK, local("21T23:00"))
    assert [event.event for event in events] == ["opened", "recovered"]
    assert local("21T21:00") < events[1].at < local("21T22:00")


def test_a_shelved_segment_opens_neither_a_case_of_its_own_nor_of_its_lamps() -> None:
    street: list[Asset] = [lamp(f"{s}{i}", s, i, f"C{s}") for s in "AB" for i in range(5)]
    shelving = Shelving((), Where(subject="segment:A"), DUSK, DUSK + 2 * HOUR)
    events = run("", street, lambda *_: DARK, DUSK, DUSK + 3 * HOUR, (shelving,))
    opened = [event for event in events if event.event == "opened"]
    assert [event.subject for event in opened] == ["segment:B", "segment:A"]
    assert opened[1].at == DUSK + 2 * HOUR
    assert {event.type for event in events} == {"streetlight.segment_unlit"}


def test_a_rule_that_is_off_leaves_the_other_of_its_family() -> None:
    street: list[Asset] = [lamp(f"L{i}", seq=i) for i in range(12)]
    book = '[[off]]\ntype = "streetlight.unlit"'

    def one_dark(name: str, _: int) -> dict[str, float]:
        return DARK if name == "L3" else LIT

    assert run(book, street, one_dark, DUSK, DUSK + 2 * HOUR) == []
    events = run(book, street, lambda *_: DARK, DUSK, DUSK + 2 * HOUR)
    assert brief(events)[0] == ("opened", "streetlight.segment_unlit", "segment:S1")


def test_members_that_are_held_join_when_they_no_longer_are() -> None:
    street: list[Asset] = [lamp(f"L{i}", seq=i) for i in range(5)]
    shelving = Shelving((), Where(id="L2"), DUSK, DUSK + HOUR)
    events = run("", street, lambda *_: DARK, DUSK, DUSK + 2 * HOUR, (shelving,))
    assert {event.subject for event in events} == {"segment:S1"}
    assert [event.at for event in events if "L2" in event.members] == [DUSK + HOUR]


def test_a_rule_out_of_its_hours_opens_nothing_until_they_begin() -> None:
    book = '[[schedule]]\ntype = "cover.flooding"\nhours = "14:00-20:00"'
    levels = iter([-2.0, -1.0])

    def shown(_: str, __: int) -> dict[str, float]:
        return {"water_m": next(levels, -0.1)}

    events = run(book, [cover("M1")], shown, NOON, NOON + 3 * HOUR)
    assert brief(events) == [("opened", "cover.flooding", "cover:M1")]
    assert events[0].at == local("21T14:00")


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ({"fire": 1.0}, "station.equipment"),
        ({"motor_temp_c": 110.0}, "station.equipment"),
        ({"h2s_mg_m3": 30.0}, "station.gas_hazard"),
        ({"leachate_pct": 95.0}, "station.leachate"),
        ({"h2s_mg_m3": 0.5}, "station.odour"),
        ({"inbound_t": 40.0, "outbound_t": 0.0, "stock_t": 40.0}, "station.backlog"),
    ],
)
def test_each_rule_of_a_station_opens_when_its_window_ends(
    values: dict[str, float], type_: str
) -> None:
    book = '[[window]]\nreason = "works"\nfrom = 2026-06-21T11:00:00\nto = 2026-06-21T16:00:00'
    yard: list[Asset] = [station("W1", 13 * HOUR)]
    events = run(book, yard, lambda *_: values, NOON, local("21T16:20"))
    assert brief(events) == [("opened", type_, "station:W1")]
    assert local("21T16:00") <= events[0].at <= local("21T16:06")


def test_a_shelving_of_a_circuit_is_not_about_its_cabinet() -> None:
    lamps: list[Asset] = [lamp("L1", circuit="C1")]
    engine = Engine(Inventory.of(lamps), load_plans(), ZONE, parse("", "b"))
    engine.suppression.shelve([Shelving((), Where(circuit="C1"), 0, DAY)])
    engine.suppression.at(MINUTE)
    assert engine.suppression.holds("streetlight.unlit", "L1")
    assert not engine.suppression.holds("streetlight.unlit", "L2")
    engine.suppression.at(DAY)
    assert not engine.suppression.holds("streetlight.unlit", "L1")
