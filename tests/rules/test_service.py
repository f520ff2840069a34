"""The service over real databases: a crash at any point loses no case event and repeats none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cases.database import upgrade
from cases.desk import Desk
from cases.tallies import NUMBERS, Tallies, Total
from facility.bus import LocalBus
from facility.clock import HOUR, MINUTE, SECOND
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.measurements import Kind
from facility.store.duckdb import DuckStore
from rules import service as module
from rules.service import RulesService, RulesSettings
from tests.cases.made import close
from tests.rules.evening import START, Reading, batches, district, readings
from tests.rules.street import ZONE, cover

SEED = 7
END = START + 4 * HOUR


class Crash(BaseException):
    """The process is gone."""


class SetClock:
    """A clock that is set by hand."""

    speed = 1.0

    def __init__(self) -> None:
        self.ms = START

    def now_ms(self) -> int:
        return self.ms


class House:
    """One data directory and the rules that run on it, started anew as often as they crash."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/cases.db"
        upgrade(self.url)
        self.store = DuckStore(folder / "readings.duckdb")
        self.desk = Desk(self.url)
        self.tallies = Tallies(self.url)
        self.clock = SetClock()
        self.file = folder / "rules.state"
        self.inventory = Inventory.of(district())
        self.start()

    def start(self) -> None:
        self.bus = LocalBus()
        self.rules = RulesService(
            RulesSettings(), lambda: self.inventory, load_plans(), ZONE,
            self.store, self.desk, self.bus, self.clock, self.file, tallies=self.tallies,
        )  # fmt: skip
        self.rules.prepare()

    def live(self, sent: list[Reading], start: int, end: int, stored_only: bool = False) -> None:
        """Lives from ``start`` to ``end``; what is ``stored_only`` finds no rules running."""
        for minute in range(start, end, MINUTE):
            for batch in batches([one for one in sent if minute <= one[0] < minute + MINUTE]):
                self.store.write(batch)
                if not stored_only:
                    self.bus.publish(batch)
            self.clock.ms = minute + MINUTE + 2 * SECOND
            if not stored_only:
                self.rules.work()

    def events(self) -> list[tuple[Any, ...]]:
        self.rules.work()
        kept = [stored.event for stored in self.desk.events_after(0, 10_000)]
        return [(e.at, e.event, e.case, e.type, e.subject, e.members) for e in kept]

    def totals(self) -> list[Total]:
        day = date(2026, 6, 21)
        return [
            total
            for measure in NUMBERS
            for total in self.tallies.totals(measure, day, day, ["kind", "place"])
        ]

    def close(self) -> None:
        self.desk.close()
        self.tallies.close()
        self.store.close()


@pytest.fixture
def open_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], House]]:
    monkeypatch.setattr(module, "_SAVE_APART_S", 0.0)
    houses: list[House] = []

    def open_one() -> House:
        folder = tmp_path / str(len(houses))
        folder.mkdir()
        houses.append(House(folder))
        return houses[-1]

    yield open_one
    for house in houses:
        house.close()


def evening() -> list[Reading]:
    """What a district sends, each reading arriving as it is measured: as a store gives it back."""
    sent = [(ts, table, name, ts, values) for _, table, name, ts, values in readings(SEED, False)]
    return sorted(sent, key=lambda one: one[:4])


def break_at(house: House, point: str) -> None:
    """Makes the next write of a state with events, or its recording, the last thing that runs."""
    write, record = house.rules._file.write, house.desk.record  # type: ignore[union-attr]

    def dying_write(saved: Any) -> None:
        if saved.events and point == "before the state is saved":
            raise Crash
        write(saved)

    def dying_record(events: Any) -> int:
        if events and point == "before the events are recorded":
            raise Crash
        count = record(events)
        if events and point == "after the events are recorded":
            raise Crash
        return count

    house.rules._file.write = dying_write  # type: ignore[union-attr,method-assign]
    house.desk.record = dying_record  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "point",
    [
        "before the state is saved",
        "before the events are recorded",
        "after the events are recorded",
    ],
)
def test_a_crash_loses_and_repeats_no_event(open_house: Callable[[], House], point: str) -> None:
    sent = evening()
    whole = open_house()
    whole.live(sent, START, END)
    assert len(whole.events()) > 10

    house, crashes = open_house(), 0
    record = house.desk.record
    for minute in range(START, END, MINUTE):
        if (minute - START) // MINUTE % 20 == 19:
            break_at(house, point)
        try:
            house.live(sent, minute, minute + MINUTE)
        except Crash:
            crashes += 1
            house.desk.record = record  # type: ignore[method-assign]
            house.start()
    house.desk.record = record  # type: ignore[method-assign]
    assert crashes >= 3
    assert house.events() == whole.events()
    assert house.totals() == whole.totals()


def test_a_stop_of_an_hour_is_caught_up_from_the_store(open_house: Callable[[], House]) -> None:
    sent = evening()
    whole = open_house()
    whole.live(sent, START, END)
    house = open_house()
    house.live(sent, START, START + 2 * HOUR)
    house.rules.stop()
    house.live(sent, START + 2 * HOUR, START + 3 * HOUR, stored_only=True)
    house.start()
    house.live(sent, START + 3 * HOUR, END)
    assert house.events() == whole.events()
    assert house.totals() == whole.totals()
    assert {total.of["kind"] for total in house.totals()} == set(Kind)


def test_a_state_that_is_damaged_is_started_without(open_house: Callable[[], House]) -> None:
    sent = evening()
    house = open_house()
    house.live(sent, START, START + 2 * HOUR)
    before = house.events()
    house.file.write_bytes(house.file.read_bytes()[:-40])
    house.start()
    assert house.events() == before


def test_a_case_closed_while_the_rules_were_down_stays_closed(
    open_house: Callable[[], House],
) -> None:
    sent = evening()
    house = open_house()
    house.live(sent, START, START + 3 * HOUR)
    house.rules.stop()
    case = next(case for case in house.desk.unclosed() if case.state == "open")
    close(house.desk, case.id, START + 3 * HOUR)
    house.start()
    house.live(sent, START + 3 * HOUR, START + 3 * HOUR + 20 * MINUTE)
    kept = house.desk.get(case.id)
    assert kept is not None
    assert kept.state == "closed"
    again = [c for c in house.desk.unclosed() if (c.type, c.subject) == (case.type, case.subject)]
    assert again == []


def test_without_its_state_it_goes_on_from_the_tallies_of_the_night(
    open_house: Callable[[], House],
) -> None:
    sent, half = evening(), START + 160 * MINUTE

    def night(state_is_lost: bool) -> dict[str, float]:
        house = open_house()
        house.live(sent, START, half)
        if state_is_lost:
            house.file.unlink()
            house.start()
        house.live(sent, half, END)
        (total,) = house.tallies.totals("lighting", date(2026, 6, 21), date(2026, 6, 21))
        return total.numbers

    whole, again = night(False), night(True)
    assert whole["lit_min"] > 1000
    for name in ("lit_min", "dark_min", "unknown_min"):
        assert again[name] == pytest.approx(whole[name], rel=0.03, abs=30), name


def test_an_asset_installed_while_it_runs_is_judged_from_then_on(
    open_house: Callable[[], House],
) -> None:
    house = open_house()
    house.inventory = Inventory.of([])
    house.start()

    def tilted(minutes: int) -> Reading:
        at = START + minutes * MINUTE
        return at, "cover", "M-NEW", at, {"tilt_deg": 100.0}

    house.live([tilted(1)], START, START + 5 * MINUTE)
    assert house.events() == []
    house.inventory = Inventory.of([cover("M-NEW")])
    house.live([tilted(6)], START + 5 * MINUTE, START + 10 * MINUTE)
    assert [event[3:5] for event in house.events()] == [("cover.displaced", "cover:M-NEW")]
