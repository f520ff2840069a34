"""The rulebook of a running service: edited while it runs, each version kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.database import upgrade
from cases.desk import Desk
from cases.shelvings import Shelvings
from facility.bus import Health, LocalBus, Message
from facility.clock import HOUR, MINUTE, SECOND
from facility.errors import UsageError
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.store.duckdb import DuckStore
from rules.book import live_book, live_shelvings
from rules.book.rulebook import parse
from rules.book.versions import dump, keep, text_of, versions
from rules.service import RulesService, RulesSettings
from tests.rules.street import DUSK, ZONE, batch, lamp
from tests.rules.test_service import SetClock

FULL = """
[lamps]
unlit_hold = "20min"
[[override]]
where = { street = "花园路", road_class = ["main", "branch"] }
displaced.tilt_deg = 12
[[off]]
type = "cover.rattle"
[[window]]
reason = 'says "so"'
from = 2026-06-21
to = 2026-06-21T22:00:00+08:00
weekdays = ["mon"]
"""


def test_a_version_that_was_kept_says_the_same(tmp_path: Path) -> None:
    book = parse(FULL, "b")
    keep(tmp_path, book)
    keep(tmp_path, book)
    assert [one.name for one in versions(tmp_path)] == [book.version]
    again = parse(text_of(tmp_path, book.version[:6]), "again")
    assert again.version == book.version
    assert dump(again.content) == dump(book.content)
    with pytest.raises(UsageError, match="0 rulebooks"):
        text_of(tmp_path, "x")


class House:
    """A service over a street of lamps, with a rulebook that somebody edits."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/cases.db"
        upgrade(url)
        self.folder, self.file = folder, folder / "book.toml"
        self.file.write_text("")
        self.store, self.desk = DuckStore(folder / "r.duckdb"), Desk(url)
        self.clock, self.bus = SetClock(), LocalBus()
        self.shelvings = Shelvings(url)
        self.clock.ms = self.at = DUSK + HOUR
        self.health: list[Health] = []
        self.bus.listen(self._hear)
        self.street = [lamp(f"L{i}", seq=i) for i in range(12)]
        inventory = Inventory.of(self.street)
        self.rules = RulesService(
            RulesSettings(rulebook=self.file), lambda: inventory, load_plans(), ZONE,
            self.store, self.desk, self.bus, self.clock, folder / "rules.state",
            shelvings=self.shelvings,
        )  # fmt: skip
        self.rules.prepare()

    def _hear(self, message: Message) -> None:
        if isinstance(message, Health):
            self.health.append(message)

    def live(self, minutes: int) -> None:
        """L3 is dark, the others are lit."""
        for _ in range(minutes):
            rows = [
                (one.id, self.at + SECOND, {"power_w": 0.4 if one.id == "L3" else 58.0})
                for one in self.street
            ]
            self.bus.publish(batch("streetlight", rows))
            self.at += MINUTE
            self.clock.ms = self.at + 2 * SECOND
            self.rules.work()
        self.rules._report()

    def events(self) -> list[tuple[str, int, str]]:
        kept = [stored.event for stored in self.desk.events_after(0, 100)]
        minutes = [(one.at - DUSK - HOUR) // MINUTE for one in kept]
        return [(e.event, at, e.rule_version) for e, at in zip(kept, minutes, strict=True)]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(live_book, "_LOOK_EVERY_S", 0.0)
    made = House(tmp_path)
    yield made
    made.desk.close()
    made.shelvings.close()
    made.store.close()


def test_an_edit_holds_from_then_on_and_loses_no_hold(house: House) -> None:
    house.live(7)
    house.file.write_text('[lamps]\nunlit_hold = "20min"\n')
    house.live(20)
    house.rules.stop()
    version = parse(house.file.read_text(), "b").version
    # The seven minutes that had run count.
    assert house.events() == [("opened", 21, version)]
    assert house.health[-1].counters["rulebook"] == version
    kept = {one.name for one in versions(house.folder / "rulebooks")}
    assert kept == {version, parse("", "b").version}


def test_a_bad_edit_changes_nothing_and_is_told(house: House) -> None:
    house.live(2)
    house.file.write_text("[lamps]\nunlit_holt = 3\n")
    house.live(2)
    told = house.health[-1]
    assert told.counters["rulebook"] == parse("", "b").version
    assert [code for code, _, _ in told.problems] == ["rulebook"]
    assert "book.toml:2: [lamps] has no figure unlit_holt" in told.problems[0][2]
    house.file.write_text('[lamps]\nunlit_hold = "15min"\n')
    house.live(1)
    assert house.health[-1].problems == ()
    assert house.health[-1].counters["rulebook"] != told.counters["rulebook"]


def test_a_book_that_is_taken_away_changes_nothing(house: House) -> None:
    house.file.unlink()
    house.live(1)
    assert "cannot read" in house.health[-1].problems[0][2]


def test_what_people_shelve_opens_when_it_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_shelvings, "_LOOK_EVERY_S", 0.0)
    now = house.clock.ms
    house.shelvings.shelve([], {"segment": "S1"}, "works", "Li", now, now + HOUR)
    other = house.shelvings.shelve([], {"id": "L3"}, "works", "Li", now, now + 2 * HOUR)
    house.live(70)
    house.shelvings.end(other.id, "Li", house.clock.ms)
    house.live(3)
    house.rules.stop()
    assert [(name, at) for name, at, _ in house.events()] == [("opened", 71)]


def test_rules_that_fall_behind_say_so(house: House) -> None:
    house.live(1)
    assert house.health[-1].problems == ()
    house.clock.ms += 10 * MINUTE
    house.rules._report()
    told = house.health[-1]
    assert told.counters["watermark_age_s"] >= 600
    assert [code for code, _, _ in told.problems] == ["behind"]
