"""How cases open at the desk: where they are, whose they are proposed to be, what they recur from;
residents' and schedules' cases; and what others do in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from shapely.geometry import box
from sqlalchemy import Connection

from cases.actions import Given, WrongField
from cases.case import Case
from cases.desk import Desk, Refused
from cases.events import CaseEvent
from cases.filing.basis import Filing
from cases.filing.owners import Owner
from cases.filing.standard import Standard
from cases.lifecycle import fold
from cases.opening import Periodic, Reported
from facility.assets import Asset, Cover, Streetlight
from facility.clock import DAY, HOUR
from facility.grid import Cell, Grid, Level
from facility.measurements import Kind
from tests.cases.filings import FILING, local
from tests.cases.made import LI, close, do, event, join_report, opened, report

START = local("2026-06-22 09:00")  # a Monday
AROUND = box(113.6, 34.7, 113.8, 34.9)
GRID = Grid(
    [
        Cell("410105", "金水区", Level.DISTRICT, None, "区城管局", AROUND),
        Cell("410105001", "经八路", Level.STREET, "410105", "经八路街道办", AROUND),
        Cell("410105001001", "一社区", Level.COMMUNITY, "410105001", None, AROUND),
    ]
)
PLACE = {"area": "410105", "name": "", "lon": 113.7, "lat": 34.8}
ASSETS: dict[str, Asset] = {
    "L1": Streetlight(id="L1", grid="410105001001", owner="照明所", **PLACE),  # type: ignore[arg-type]
    "M1": Cover(id="M1", grid="410105001001", **PLACE),  # type: ignore[arg-type]
    "M2": Cover(id="M2", **PLACE),  # type: ignore[arg-type]
}
EDITION = FILING.standard.editions[0]
HERE = Filing(FILING.standard, FILING.calendar, ASSETS.get, lambda: GRID)


@pytest.fixture
def here(url: str) -> Iterator[Desk]:
    """A desk that files, in a place with a grid."""
    with closing(Desk(url, HERE)) as desk:
        yield desk


def got(desk: Desk, case_id: str) -> Case:
    case = desk.get(case_id)
    assert case is not None
    assert case == fold(stored.event for stored in desk.events_of(case_id))
    return case


@pytest.mark.parametrize(
    ("subject", "cell", "street", "unit"),
    [
        ("streetlight:L1", "410105001001", "410105001", "照明所"),
        ("cover:M1", "410105001001", "410105001", "经八路街道办"),
        ("cover:M2", None, None, "管线权属单位"),
    ],
)
def test_a_sensors_case_is_where_its_asset_is(
    here: Desk, subject: str, cell: str | None, street: str | None, unit: str
) -> None:
    kind, _, name = subject.partition(":")
    type_ = "streetlight.unlit" if kind == "streetlight" else "cover.rattle"
    here.record([event(START, "opened", name, type=type_, subject=subject)])
    case = got(here, "c1")
    assert (case.source, case.stage, case.cell, case.street) == ("sensor", "filed", cell, street)
    assert here.proposed_unit(case) == unit


OWNERS = (
    Owner("经八路照明班", kinds=(Kind.STREETLIGHT,), streets=("410105001",)),
    Owner("照明中心", kinds=(Kind.STREETLIGHT,)),
    Owner("路面养护队", codes=("0123",), conditions=("sunk",)),
    Owner("噪声整治组", conditions=("rattle",), streets=("410105002",)),
)


@pytest.mark.parametrize(
    ("type_", "subject", "row", "street", "unit"),
    [
        ("streetlight.unlit", "streetlight:L1", "0137 out", "410105001", "照明所"),
        ("streetlight.unlit", "streetlight:L2", "0137 out", "410105001", "经八路照明班"),
        ("streetlight.unlit", "streetlight:L2", "0137 out", None, "照明中心"),
        ("streetlight.unlit", "streetlight:gone", "0137 out", None, "照明中心"),
        ("reported", "report:1", "0123 sunk", "410105001", "路面养护队"),
        ("reported", "report:1", "0123 rattle", "410105001", "经八路街道办"),
        ("reported", "report:1", "0123 rattle", "410105002", "噪声整治组"),
        ("reported", "report:1", "0123 rattle", None, "管线权属单位"),
    ],
)
def test_whose_a_case_is_goes_from_the_thing_itself_to_the_row(
    type_: str, subject: str, row: str, street: str | None, unit: str
) -> None:
    code, condition = row.split()
    edition = replace(EDITION, owners=OWNERS)
    lamp = Streetlight(id="L2", grid="410105001001", **PLACE)  # type: ignore[arg-type]
    assets = ASSETS | {"L2": lamp}
    filing = Filing(Standard(edition.id, (edition,)), HERE.calendar, assets.get, lambda: GRID)
    case = Case(
        "c1",
        type_,
        subject,
        "open",
        START,
        (),
        filed=filing.filed_under(code, condition, START),
        street=street,
        cell=street,
    )
    assert filing.proposed_unit(case) == unit


def test_without_a_grid_and_a_row_nobody_is_proposed(desk: Desk) -> None:
    desk.record([opened(1, "c1")])
    assert desk.proposed_unit(got(desk, "c1")) is None


def test_what_comes_back_within_a_week_names_the_case_before(here: Desk) -> None:
    here.record([opened(START, "c1"), opened(START, "other", subject="segment:S2")])
    close(here, "c1", START + HOUR)
    close(here, "other", START + HOUR)
    here.record([opened(START + 7 * DAY, "c2")])
    assert got(here, "c2").previous == "c1"
    close(here, "c2", START + 8 * DAY)
    here.record([opened(START + 15 * DAY, "c3")])
    assert got(here, "c3").previous is None, "it is too long ago"


@pytest.mark.parametrize(("within", "recurs"), [(14 * DAY, True), (0, False)])
def test_how_soon_it_is_a_recurrence_is_set(url: str, within: int, recurs: bool) -> None:
    with closing(Desk(url, HERE, recurs_within=within)) as desk:
        desk.record([opened(START, "c1")])
        close(desk, "c1", START + HOUR)
        desk.record([opened(START + 14 * DAY, "c2")])
        assert got(desk, "c2").previous == ("c1" if recurs else None)


def test_a_case_that_was_none_or_was_merged_does_not_recur(desk: Desk) -> None:
    desk.record([opened(1, "c1"), opened(1, "c2"), event(2, "left", "L1", case="c2")])
    desk.act("c1", "void", LI, 3, Given(reason="a drill"))
    desk.record([opened(4, "c3")])
    assert got(desk, "c3").previous is None


def test_a_case_closed_and_opened_again_in_one_batch_recurs(desk: Desk) -> None:
    desk.record(
        [
            opened(1, "c1"),
            event(2, "recovered", "L1", case="c1"),
            event(3, "verified", case="c1"),
            opened(4, "c2"),
        ]
    )
    assert got(desk, "c2").previous == "c1"


POTHOLE = Reported(
    "R1", "L201", "damaged", 113.7, 34.8, evidence={"text": "坑槽"}, author="resident"
)


def test_a_residents_case_is_verified_then_filed(here: Desk) -> None:
    case = report(here, POTHOLE, START)
    assert case == got(here, case.id)
    assert (case.type, case.subject, case.source) == ("reported", "report:R1", "resident")
    assert (case.stage, case.street, case.cell) == ("reported", "410105001", "410105001001")
    assert (case.lon, case.lat, case.reports) == (113.7, 34.8, 1)
    assert case.filed is not None
    assert case.filed.deadline == local("2026-06-29 09:00"), "five working days, provisionally"
    assert here.proposed_unit(case) == "经八路街道办"
    with pytest.raises(Refused, match="reported"):
        do(here, case.id, START, "dispatch")
    filed = do(here, case.id, START + HOUR, "file")
    assert (filed.stage, filed.filed) == ("filed", case.filed)
    done = do(here, case.id, START + 2 * HOUR, "dispatch", "accept", "handle", "check", "confirm")
    assert (done.stage, done.how) == ("closed", "confirmed")
    events = [stored.event for stored in here.events_of(case.id)]
    assert [one.event for one in events[-2:]] == ["confirmed", "closed"]
    assert events[-1].evidence == {"how": "confirmed"}


def test_whoever_files_a_report_may_choose_its_row(here: Desk) -> None:
    case = report(here, Reported("R2", lon=113.7, lat=34.8), START)
    assert case.filed is None
    with pytest.raises(WrongField, match="code"):
        do(here, case.id, START, "file")
    with pytest.raises(WrongField, match="no row 'L201'"):
        here.act(case.id, "file", LI, START, Given(code="L201", condition="purple"))
    filed = here.act(case.id, "file", LI, START + HOUR, Given(code="L201", condition="collapsed"))
    assert filed.filed is not None
    assert (filed.filed.condition, filed.filed.deadline) == ("collapsed", START + 2 * HOUR)
    again = report(here, Reported("R3", "L201", "damaged"), START)
    other = here.act(again.id, "file", LI, START, Given(code="L202", condition="damaged"))
    assert other.filed is not None
    assert other.filed.code == "L202"
    assert got(here, again.id) == other


def test_a_row_that_is_not_there_opens_nothing(here: Desk) -> None:
    with pytest.raises(WrongField, match="code"):
        here.open_periodic(Periodic("S1", "L201", ""), START)
    assert here.last_seq() == 0


def test_a_report_near_a_case_joins_and_counts(here: Desk) -> None:
    here.record([opened(START, "c1")])
    case = got(here, "c1")
    for number in (1, 2):
        case = join_report(here, case, f"R{number}", START)
    assert case.reports == 2
    assert got(here, "c1") == case
    do(here, "c1", START, "note")
    assert got(here, "c1").reports == 2, "a note is no report"
    close(here, "c1", START + HOUR)
    with pytest.raises(Refused):
        join_report(here, case, "R3", START + 2 * HOUR)


def test_a_schedules_case_goes_to_its_unit_at_once(here: Desk) -> None:
    what = Periodic(
        "S1", "L201", "damaged", ("L1",), "养护队", street="410105001", cell="410105001"
    )
    case = here.open_periodic(what, START)
    assert case == got(here, case.id)
    assert (case.type, case.subject, case.source) == ("periodic", "schedule:S1", "schedule")
    assert (case.stage, case.unit, case.dispatched_at) == ("dispatched", "养护队", START)
    assert (case.street, case.cell, case.members) == ("410105001", "410105001", ("L1",))
    handed = here.events_of(case.id)[-1].event
    assert (handed.author, handed.evidence) == ("clock", {"unit": "养护队"})
    later = here.open_periodic(Periodic("S1", "L201", "damaged"), START + DAY)
    assert (later.stage, later.previous) == ("filed", None)


def test_hooks_see_each_event_in_its_transaction(url: str) -> None:
    told: list[tuple[str, str | None, str]] = []

    def tell(_: Connection, before: Case | None, after: Case, event: CaseEvent) -> None:
        told.append((event.event, before.stage if before else None, after.stage))
        if event.evidence.get("reason") == "fail":
            raise ValueError("the outbox is full")

    with closing(Desk(url, hooks=[tell])) as desk:
        desk.record([opened(1, "c1"), event(2, "recovered", "L1", case="c1")])
        desk.record([event(2, "recovered", "L1", case="c1")])
        do(desk, "c1", 3, "override")
        assert told == [
            ("opened", None, "filed"),
            ("recovered", "filed", "filed"),
            ("overridden", "filed", "filed"),
            ("closed", "filed", "closed"),
        ]
        desk.record([opened(5, "c2")])
        with pytest.raises(ValueError, match="outbox"):
            desk.act("c2", "note", LI, 6, Given(reason="fail"))
        assert got(desk, "c2").version == 1, "nothing is half written"
