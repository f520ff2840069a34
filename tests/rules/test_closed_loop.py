"""The loop that telemetry closes: handled while still dark, sent back, repaired, verified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.actions import ActionName, Given
from cases.case import Case
from cases.database import upgrade
from cases.desk import Desk
from cases.tallies import Tallies
from facility.bus import LocalBus
from facility.clock import DAY, HOUR, MINUTE, SECOND
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.store.duckdb import DuckStore
from rules import service as module
from rules.service import RulesService, RulesSettings
from tests.cases.made import DISPATCHER, HANDLER, UNIT
from tests.rules.street import DUSK, ZONE, batch
from tests.rules.test_service import SetClock
from tests.rules.test_verification import DAWN, OUT, STREET, street

EVERY = 5 * MINUTE
NOON = DAWN + 7 * HOUR


class House:
    """A street of lamps that are out until they are repaired, its rules and its desk."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/cases.db"
        upgrade(url)
        self.store = DuckStore(folder / "readings.duckdb")
        self.desk, self.tallies = Desk(url), Tallies(url)
        self.clock, self.file = SetClock(), folder / "rules.state"
        self.repaired = 1 << 60
        self.begin = DUSK - HOUR
        self.clock.ms = self.begin
        self.start()

    def start(self) -> None:
        self.bus = LocalBus()
        self.rules = RulesService(
            RulesSettings(), lambda: Inventory.of(STREET), load_plans(), ZONE,
            self.store, self.desk, self.bus, self.clock, self.file, tallies=self.tallies,
        )  # fmt: skip
        self.rules.prepare()

    def live(self, end: int) -> None:
        shown = street(lambda ts: OUT <= ts < self.repaired)
        for begin in range(self.begin, end, EVERY):
            readings = []
            for number, lamp in enumerate(STREET):
                at = begin + number * 7 * SECOND
                values = shown(lamp.id, at)
                assert values is not None
                readings.append((lamp.id, at, values))
            told = batch("streetlight", readings)
            self.bus.publish(told)
            self.clock.ms = begin + EVERY + 2 * SECOND
            self.rules.work()
        self.begin = end

    def act(self, action: ActionName, given: Given) -> None:
        who = DISPATCHER if action == "dispatch" else HANDLER
        self.desk.act(self.case.id, action, who, self.clock.ms, given)

    @property
    def case(self) -> Case:
        (event, *_) = self.desk.events_after(0, 1)
        case = self.desk.get(event.event.case)
        assert case is not None
        return case

    def told(self) -> list[str]:
        events = [stored.event.event for stored in self.desk.events_of(self.case.id)]
        return [event for event in events if event not in ("joined", "left")]

    def close(self) -> None:
        self.desk.close()
        self.tallies.close()
        self.store.close()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(module, "_SAVE_APART_S", 0.0)
    opened = House(tmp_path)
    yield opened
    opened.close()


def test_lamps_send_a_repair_back_and_close_the_case_after_a_night(house: House) -> None:
    house.live(NOON)
    assert house.told() == ["opened"]
    house.act("dispatch", Given(unit=UNIT))
    house.act("accept", Given())
    house.act("handle", Given(result="fuse replaced"))
    assert house.case.stage == "verifying"

    house.live(DUSK + DAY + HOUR)
    assert house.told()[4:] == ["persisted", "reworked"]
    assert (house.case.stage, house.case.reworks) == ("handling", 1)

    house.rules.stop()
    house.start()
    house.repaired = DUSK + DAY + 2 * HOUR
    house.live(DUSK + DAY + 3 * HOUR)
    house.act("handle", Given(result="cable replaced"))
    house.live(DAWN + DAY - HOUR)
    assert house.told()[6:] == ["recovered", "handled"]

    house.rules.stop()
    house.start()
    house.live(DAWN + DAY + HOUR)
    assert house.told()[8:] == ["verified", "closed"]
    assert (house.case.state, house.case.how) == ("closed", "verified")

    house.repaired = 1 << 60
    house.live(DUSK + DAY + DAY + HOUR)
    opened = [s.event for s in house.desk.events_after(0, 1000) if s.event.event == "opened"]
    assert len(opened) == 2
    again = house.desk.get(opened[1].case)
    assert again is not None
    assert again.previous == opened[0].case
