"""Backtest: two books over one store, and what is said about the difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from cases.events import CaseEvent
from facility.clock import HOUR, MINUTE
from facility.grid import Cell, Grid, Level
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.readings import ReadingBatch
from facility.store.duckdb import DuckStore
from rules.book.rulebook import Rulebook, parse
from rules.engine import LOOKED_AT
from rules.trials.backtest import LEAD, Backtest, Question, Stopped, slices
from rules.trials.tally import Result, Tally, ringing, streets
from rules.trials.tally_text import page
from tests.rules.evening import END, START, Reading, batches, district, readings, through
from tests.rules.street import ZONE, batch, engine

PLAIN = parse("", "live")
INVENTORY = Inventory.of(district())


def stored(path: Path, sent: list[Reading]) -> DuckStore:
    store = DuckStore(path)
    for one in batches(sent):
        store.write(one)
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    sent = [(ts, table, name, ts, values) for _, table, name, ts, values in readings(7, False)]
    made = stored(tmp_path_factory.mktemp("store") / "r.duckdb", sent)
    yield made
    made.close()


def run(store: DuckStore, draft: Rulebook, start: int = START + LEAD) -> Result:
    tally = Tally(start, END, ZONE, streets(INVENTORY, Grid()))
    test = Backtest(store, INVENTORY, load_plans(), ZONE, Question(PLAIN, draft, start, END))
    test.run(tally.hear)
    return tally.result((PLAIN.version, draft.version), test.readings, 1)


def test_the_same_book_gains_and_loses_nothing(store: DuckStore) -> None:
    result = run(store, PLAIN)
    assert result.live == result.draft
    assert result.live.total.opened > 5
    assert (result.gained, result.lost) == (0, 0)


def test_the_live_side_is_what_the_rules_would_have_said(store: DuckStore) -> None:
    heard: list[CaseEvent] = []
    question = Question(PLAIN, PLAIN, START + LEAD, END)
    test = Backtest(store, INVENTORY, load_plans(), ZONE, question)
    test.run(lambda number, event: heard.append(event) if number == 0 else None)
    sent = [(ts, table, name, ts, values) for _, table, name, ts, values in readings(7, False)]
    live = through(engine(district()), sorted(sent, key=lambda one: one[:4]), START, END)
    assert [(e.at, e.event, e.subject) for e in heard] == [(e.at, e.event, e.subject) for e in live]


def test_a_draft_with_a_rule_off_loses_its_cases(store: DuckStore) -> None:
    result = run(store, parse('[[off]]\ntype = ["device.silent", "cover.flooding"]', "draft"))
    lost = {case.type for case in result.lost_cases}
    assert lost <= {"device.silent", "cover.flooding"}
    assert result.lost == result.live.total.opened - result.draft.total.opened > 0
    assert result.gained == 0


def test_what_stood_before_the_span_is_no_news(store: DuckStore) -> None:
    whole, late = run(store, PLAIN), run(store, PLAIN, END - HOUR)
    assert late.live.total.opened < whole.live.total.opened
    assert sum(late.live.by_day.values()) == late.live.total.opened + late.live.total.relapsed


def test_it_stops_when_it_is_no_longer_wanted(store: DuckStore) -> None:
    test = Backtest(store, INVENTORY, load_plans(), ZONE, Question(PLAIN, PLAIN, START + LEAD, END))
    with pytest.raises(Stopped):
        test.run(is_wanted=lambda: False)


def test_slices_are_in_order_of_time_and_hold_every_reading_once(
    store: DuckStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facility.store.duckdb.SCAN_ROWS", 50)
    before, count = 0, 0
    for until, found in slices(store, START, END):
        assert all(before <= one.ts.min() and one.ts.max() <= until for one in found)
        assert sum(map(len, found)) < 1_000
        before, count = until, count + sum(map(len, found))
    assert count == sum(len(one) for table in LOOKED_AT for one in store.scan(table, START, END))


def test_every_field_that_a_detector_looks_at_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[str, str]] = set()
    column = ReadingBatch.column

    def noted(self: ReadingBatch, name: str) -> np.ndarray:
        asked.add((self.table, name))
        return column(self, name)

    monkeypatch.setattr(ReadingBatch, "column", noted)
    one = engine(district())
    through(one, readings(3), START, END)
    one.take([batch("status", [("A1", END, {"state": 1.0, "reason": 0.0})])])
    one.take([batch("streetlight", [("A1", END, {"current_a": 0.2, "voltage_v": 230.0})])])
    assert asked <= {(table, name) for table, names in LOOKED_AT.items() for name in names}


def event(name: str, at: int, case: str, members: tuple[str, ...], cause: str = "") -> CaseEvent:
    return CaseEvent(at, name, case, "streetlight.unlit", f"streetlight:{case}", members, cause)  # type: ignore[arg-type]


def test_the_tally_counts_what_opened_ended_and_merged() -> None:
    shape = shapely.box(113, 34, 114, 35)
    grid = Grid([Cell("S", "花园路", Level.STREET, None, None, shape)])
    lamps = [replace(one, grid="S") for one in district()[:3]]
    tally = Tally(0, HOUR, ZONE, streets(Inventory.of(lamps), grid))
    told = [
        event("opened", 1, "A0", ("A0",)),
        event("opened", 2, "A1", ("A1",)),
        event("left", 3, "A1", ("A1",), "merged"),
        event("recovered", 4, "A0", ("A0",)),
        event("relapsed", 5, "A0", ("A0",)),
        event("opened", 6, "B0", ("B0",)),
    ]
    for one in told:
        tally.hear(0, one)
    tally.hear(1, event("opened", HOUR - 1, "A0", ("A0",)))
    tally.hear(1, event("opened", HOUR - 1, "A1", ("A1",)))
    result = tally.result(("a", "b"), 10, 2)
    counts = result.live.by_type["streetlight.unlit"]
    assert (counts.opened, counts.relapsed, counts.recovered, counts.merged) == (3, 1, 1, 1)
    assert counts.standing == 2
    assert result.live.by_street == {"花园路": 3, "": 1}
    assert result.live.by_day == {"1970-01-01": 4}
    assert result.live.ringing.per_operator_hour == 2.0
    assert [case.subject for case in result.gained_cases] == ["streetlight:A1"]
    assert {case.subject for case in result.lost_cases} == {"streetlight:A1", "streetlight:B0"}
    assert "gained: cases that only the draft has: 1" in page(result)


def test_it_rings_by_the_hour_and_in_floods() -> None:
    told = ringing([*range(11), HOUR + MINUTE, HOUR + 2 * MINUTE], 0, 2 * HOUR, 1)
    assert (told.per_operator_hour, told.worst_hour, told.flood_minutes) == (6.5, 11, 10)
    assert told.worst_hour_at == "1970-01-01T00:00:00Z"
    assert ringing([], 0, HOUR, 1).worst_hour_at is None
