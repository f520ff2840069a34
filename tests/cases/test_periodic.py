"""Schedules and their cases, on every database: each occurrence once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from shapely.geometry import box
from sqlalchemy import Connection, Engine

from cases import database
from cases.actions import Given, WrongField
from cases.case import Case
from cases.desk import Desk
from cases.events import CaseEvent
from cases.filing.standard import Text
from cases.listing import CaseFilter
from cases.periodic import schedules
from cases.periodic.form import Field, WrongAnswer, check_answers, check_form
from cases.periodic.occurrences import Rounds, grouped
from cases.periodic.schedules import (
    NoSuchSchedule,
    Occurrence,
    Plan,
    Schedule,
    ScheduleChanged,
    Selection,
)
from facility.assets import Asset, Cover, Station
from facility.clock import DAY, HOUR
from facility.errors import UsageError
from facility.grid import Cell, Grid, Level
from facility.inventory import Inventory
from facility.measurements import Kind
from tests.cases.filings import FILING, SHANGHAI, local
from tests.cases.made import LI

ZONE = SHANGHAI.timezone
MONDAY = local("2026-06-22 08:00")
NAME = Text("名称", "name")
FORM = (
    Field("depth", NAME, "number", unit="cm", least=0, most=300),
    Field("state", NAME, "choice", choices=("好", "坏")),
    Field("words", NAME, "text", required=False),
    Field("photo", NAME, "photo", required=False),
)


def cell(code: str, level: Level, parent: str | None, west: float) -> Cell:
    return Cell(code, code, level, parent, None, box(west, 34, west + 1, 35))


GRID = Grid(
    [
        cell("D", Level.DISTRICT, None, 113),
        cell("A", Level.STREET, "D", 113),
        cell("B", Level.STREET, "D", 114),
        cell("A1", Level.GRID, "A", 113),
    ]
)


def cover(id_: str, road: str | None, grid: str | None, owner: str | None = "市政") -> Asset:
    place: dict[str, Any] = {"area": "410105", "name": id_, "lon": 113.7, "lat": 34.8}
    return Cover(id=id_, road=road, grid=grid, owner=owner, **place)


INVENTORY = Inventory.of(
    [
        cover("M1", "花园路", "A1"),
        cover("M2", "花园路", "B", owner="自来水"),
        cover("M3", "文化路", "A1"),
        cover("M4", None, None),
        Station(id="T1", area="410105", name="站", lon=113.7, lat=34.8, grid="A1", owner="环卫"),
    ]
)


def plan(**more: Any) -> Plan:
    values: dict[str, Any] = {
        "name": "井盖巡查",
        "purpose": "inspection",
        "rule": "FREQ=DAILY",
        "start": "2026-06-22T08:00",
        "assets": Selection(kind=Kind.COVER),
        "per": "road",
        "code": "0103",
        "condition": "sunk",
    }
    return Plan(**{**values, **more})


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = database.connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def rounds(url: str, engine: Engine) -> Iterator[Callable[[], Rounds]]:
    """``rounds()``: what opens cases, as it has just started."""
    desks: list[Desk] = []

    def start() -> Rounds:
        desks.append(Desk(url, FILING))
        return Rounds(desks[-1], engine, lambda: INVENTORY, lambda: GRID, ZONE)

    yield start
    for desk in desks:
        desk.close()


def created(engine: Engine, made: Plan, now: int = MONDAY - HOUR) -> Schedule:
    with database.writing(engine) as connection:
        return schedules.create(connection, made, now, "Li", ZONE)


def held(engine: Engine, id_: str) -> Schedule:
    with database.reading(engine) as connection:
        return schedules.get(connection, id_)


def occurrences(engine: Engine, id_: str) -> list[Occurrence]:
    with database.reading(engine) as connection:
        return list(schedules.occurrences_of(connection, id_, 100))


def opened(rounds: Rounds) -> list[Case]:
    return sorted(rounds.desk.listing(CaseFilter(), 100).items, key=lambda case: case.subject)


def test_an_occurrence_opens_one_case_a_group_once(
    rounds: Callable[[], Rounds], engine: Engine
) -> None:
    schedule = created(engine, plan(form=FORM))
    assert rounds().open_due(MONDAY - 1) == 0
    assert rounds().open_due(MONDAY) == 3
    assert rounds().open_due(MONDAY) == 0
    assert rounds().open_due(MONDAY + DAY - 1) == 0
    nowhere, culture, garden = opened(rounds())
    subjects = [case.subject for case in (nowhere, culture, garden)]
    assert subjects == [f"schedule:{schedule.id}/{road}" for road in ("-", "文化路", "花园路")]
    assert (garden.type, garden.source, garden.members) == ("periodic", "schedule", ("M1", "M2"))
    assert (garden.stage, garden.unit) == ("filed", None), "two owners: nobody is it by himself"
    assert (culture.stage, culture.unit, culture.street) == ("dispatched", "市政", "A")
    assert culture.opened_at == MONDAY
    assert culture.filed is not None
    assert culture.filed.deadline == local("2026-06-26 18:00")
    assert culture.evidence["occurrence"] == "2026-06-22T00:00:00Z"
    assert len(culture.evidence["form"]) == 4
    assert {one.case for one in occurrences(engine, schedule.id)} == {
        case.id for case in (nowhere, culture, garden)
    }
    assert held(engine, schedule.id).next_at == MONDAY + DAY


def test_after_a_long_break_the_latest_opens_and_the_others_were_missed(
    rounds: Callable[[], Rounds], engine: Engine
) -> None:
    schedule = created(engine, plan(per="all"))
    assert rounds().open_due(MONDAY + 3 * DAY + HOUR) == 1
    (case,) = opened(rounds())
    assert case.opened_at == MONDAY + 3 * DAY
    assert [(one.at, one.case) for one in occurrences(engine, schedule.id)] == [
        (MONDAY + 3 * DAY, case.id),
        *((MONDAY + days * DAY, None) for days in (2, 1, 0)),
    ]


def test_dying_between_two_groups_loses_and_repeats_nothing(url: str, engine: Engine) -> None:
    class Died(Exception):
        pass

    calls = []

    def dies(_: Connection, __: Case | None, ___: Case, event: CaseEvent) -> None:
        calls.append(event)
        if len(calls) == 3:
            raise Died

    schedule = created(engine, plan(unit="一队"))
    desk = Desk(url, FILING, [dies])
    rounds = Rounds(desk, engine, lambda: INVENTORY, lambda: GRID, ZONE)
    with pytest.raises(Died):
        rounds.open_due(MONDAY)
    assert len(opened(rounds)) == 1
    assert held(engine, schedule.id).next_at == MONDAY
    assert rounds.open_due(MONDAY + HOUR) == 2
    assert len(opened(rounds)) == 3
    assert len(occurrences(engine, schedule.id)) == 3
    desk.close()


def test_a_row_that_is_not_there_is_a_missed_occurrence(
    rounds: Callable[[], Rounds], engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    schedule = created(engine, plan(code="9999", per="all"))
    assert rounds().open_due(MONDAY) == 0
    assert occurrences(engine, schedule.id) == [Occurrence(schedule.id, MONDAY, "all", None)]
    assert "9999" in caplog.text


def test_a_schedule_is_changed_switched_off_and_removed(
    rounds: Callable[[], Rounds], engine: Engine
) -> None:
    schedule = created(engine, plan())
    with database.writing(engine) as connection:
        changed = schedules.change(
            connection, schedule.id, plan(start="2026-06-22T09:00"), MONDAY, "Wang", ZONE, 1
        )
        assert (changed.next_at, changed.version, changed.changed_by) == (MONDAY + HOUR, 2, "Wang")
    assert held(engine, schedule.id) == changed
    with database.writing(engine) as connection, pytest.raises(ScheduleChanged):
        schedules.change(connection, schedule.id, plan(), MONDAY, "Li", ZONE, 1)
    with database.writing(engine) as connection:
        off = schedules.change(connection, schedule.id, plan(active=False), MONDAY, "Li", ZONE)
        assert off.next_at is None
    assert rounds().open_due(MONDAY + 9 * DAY) == 0
    with database.writing(engine) as connection:
        assert schedules.every(connection) == (off,)
        schedules.remove(connection, schedule.id)
        assert schedules.every(connection) == ()
    with database.reading(engine) as connection, pytest.raises(NoSuchSchedule):
        schedules.get(connection, schedule.id)


def test_a_schedule_that_was_changed_meanwhile_keeps_its_new_time(engine: Engine) -> None:
    schedule = created(engine, plan())
    with database.writing(engine) as connection:
        schedules.change(connection, schedule.id, plan(active=False), MONDAY, "Li", ZONE)
        schedules.advance(connection, schedule, MONDAY + DAY)
    assert held(engine, schedule.id).next_at is None


@pytest.mark.parametrize(
    ("selection", "per", "groups"),
    [
        (Selection(kind=Kind.COVER), "all", {"all": 4}),
        (Selection(kind=Kind.COVER), "street", {"A": 2, "B": 1, "-": 1}),
        (Selection(streets=("A",)), "asset", {"M1": 1, "M3": 1, "T1": 1}),
        (Selection(roads=("花园路",), streets=("A",)), "road", {"花园路": 1}),
        (Selection(ids=("T1", "M4", "gone")), "all", {"all": 2}),
        (Selection(area="410105", kind=Kind.STATION), "road", {"-": 1}),
        (Selection(area="410199"), "all", {}),
    ],
)
def test_assets_are_selected_and_grouped(
    selection: Selection, per: Any, groups: dict[str, int]
) -> None:
    found = grouped(selection, per, INVENTORY, GRID)
    assert {name: len(assets) for name, assets in found.items()} == groups


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rule": "FREQ=SECONDLY"}, "rule"),
        ({"start": "tomorrow"}, "start"),
        ({"assets": Selection()}, "assets"),
        ({"form": (FORM[0], FORM[0])}, "form.depth"),
    ],
)
def test_a_wrong_plan_is_refused(engine: Engine, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        created(engine, plan(**wrong))


def test_a_plan_survives_its_row(engine: Engine) -> None:
    made = plan(form=FORM, assets=Selection(kind=Kind.COVER, roads=("花园路",)), unit="一队")
    assert held(engine, created(engine, made).id).plan == made


def test_summer_time_moves_no_hands(url: str, engine: Engine) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with database.writing(engine) as connection:
        made = plan(start="2026-03-28T08:00", per="all")
        schedule = schedules.create(connection, made, 0, "Li", berlin)
    desk = Desk(url, FILING)
    rounds = Rounds(desk, engine, lambda: INVENTORY, lambda: GRID, berlin)
    before = schedule.next_at
    assert before is not None
    assert rounds.open_due(before) == 1
    assert held(engine, schedule.id).next_at == before + 23 * HOUR
    desk.close()


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Field("a", NAME, "choice"), "choices"),
        (Field("a", NAME, "text", choices=("x",)), "choices"),
        (Field("a", NAME, "choice", choices=("x", "x")), "twice"),
        (Field("a", NAME, "text", unit="cm"), "number"),
        (Field("a", NAME, "number", least=2, most=1), "above"),
    ],
)
def test_a_form_fits_together(field: Field, words: str) -> None:
    check_form(FORM)
    with pytest.raises(WrongAnswer, match=words):
        check_form([field])


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"depth": None}, "depth"),
        ({"depth": "3"}, "depth"),
        ({"depth": True}, "depth"),
        ({"depth": float("nan")}, "depth"),
        ({"depth": 300.5}, "depth"),
        ({"state": ""}, "state"),
        ({"state": "中"}, "state"),
        ({"words": 3}, "words"),
        ({"words": "x" * 2_001}, "words"),
        ({"photo": "../x"}, "photo"),
        ({"more": "x"}, "more"),
    ],
)
def test_an_answer_that_is_not_right_names_its_field(changed: dict[str, Any], field: str) -> None:
    good = {"state": "好", "depth": 3, "photo": "0" * 32}
    assert list(check_answers(FORM, good)) == ["depth", "state", "photo"]
    with pytest.raises(WrongAnswer) as caught:
        check_answers(FORM, good | changed)
    assert caught.value.field == f"form.{field}"


def test_a_periodic_case_is_fed_back_with_its_form(
    rounds: Callable[[], Rounds], engine: Engine
) -> None:
    created(engine, plan(form=FORM, per="all", unit="一队"))
    started = rounds()
    started.open_due(MONDAY)
    (case,) = opened(started)
    desk = started.desk
    desk.act(case.id, "accept", LI, MONDAY + 1)
    with pytest.raises(WrongField, match=r"form\.depth"):
        desk.act(case.id, "handle", LI, MONDAY + 2, Given(result="好了"))
    answers = {"depth": 12.5, "state": "好"}
    desk.act(case.id, "handle", LI, MONDAY + 2, Given(result="好了", form=answers))
    assert desk.events_of(case.id)[-1].event.evidence == {"result": "好了", "form": answers}
    with pytest.raises(WrongField, match="form"):
        desk.act(case.id, "note", LI, MONDAY + 3, Given(reason="x", form=answers))
    done = desk.act(case.id, "check", LI, MONDAY + 4)
    assert done.stage == "verifying"
    assert desk.act(case.id, "confirm", LI, MONDAY + 5).how == "confirmed"


def test_a_form_survives_what_the_schedule_becomes(
    rounds: Callable[[], Rounds], engine: Engine
) -> None:
    schedule = created(engine, plan(form=FORM, per="all", unit="一队"))
    started = rounds()
    started.open_due(MONDAY)
    with database.writing(engine) as connection:
        schedules.remove(connection, schedule.id)
    (case,) = opened(started)
    assert msgspec.convert(case.evidence["form"], tuple[Field, ...]) == FORM
