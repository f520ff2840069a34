"""Cases are filed as they open: which row, which deadline, and that both stay."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cases.case import Case, is_overdue
from cases.database import connect, upgrade, writing
from cases.desk import Desk
from cases.events import CaseEvent, EventName
from cases.filing.filed import Filed
from cases.lifecycle import fold
from cases.listing import CaseFilter, Sort
from cases.sensed import CASE_TYPES
from facility.clock import DAY, HOUR
from facility.errors import UsageError
from tests.cases.databases import go_back
from tests.cases.filings import ASSETS, FILING, local
from tests.cases.made import close, event, opened

START = local("2026-06-22 09:00")  # a Monday


@pytest.fixture
def filing_desk(url: str) -> Iterator[Desk]:
    with closing(Desk(url, FILING)) as desk:
        yield desk


def filed(case_type: str, subject: str, *members: str, at: int = START) -> Filed | None:
    return FILING.filed(event(at, "opened", *members, type=case_type, subject=subject))


@pytest.mark.parametrize(
    ("case_type", "subject", "members", "row", "due"),
    [
        ("cover.displaced", "cover:M-water", ["M-water"], "0101 dangerous", "2026-06-22 11:00"),
        ("cover.displaced", "cover:M-gas", [], "0111 dangerous", "2026-06-22 11:00"),
        ("cover.displaced", "cover:gone", ["gone"], "0123 dangerous", "2026-06-22 11:00"),
        ("cover.rattle", "cover:M-storm", ["M-storm"], "0103 rattle", "2026-06-24 09:00"),
        ("cover.rattle", "cover:M-power", ["M-power"], "L101 rattle", "2026-06-24 09:00"),
        ("streetlight.unlit", "streetlight:L1", ["L1"], "0137 out", "2026-06-24 09:00"),
        ("streetlight.segment_unlit", "segment:S1", ["x", "L1"], "0137 out", "2026-06-24 09:00"),
        ("streetlight.segment_unlit", "circuit:CAB/C1", [], "0137 out", "2026-06-24 09:00"),
        ("streetlight.day_burning", "segment:S1", [], "0137 not_switched", "2026-06-22 11:00"),
        ("cabinet.lamps_lost", "circuit:CAB/C1", ["L1"], "L137 lamps_lost", "2026-06-24 09:00"),
        ("station.backlog", "station:T1", ["T1"], "0304 not_cleared", "2026-06-22 15:00"),
        ("station.gas_hazard", "station:T1", ["T1"], "0304 gas", "2026-06-22 11:00"),
        ("device.silent", "streetlight:L1", ["L1"], "0137 silent", "2026-06-29 09:00"),
        ("device.silent", "cover:M-heat", ["M-heat"], "0110 silent", "2026-06-29 09:00"),
        ("device.silent", "cabinet:gone", ["gone"], "L137 silent", "2026-06-24 09:00"),
        ("device.silent", "gateway:G1", ["gone", "T1"], "0304 silent", "2026-06-24 09:00"),
    ],
)
def test_the_row_follows_from_the_type_and_the_asset(
    case_type: str, subject: str, members: list[str], row: str, due: str
) -> None:
    found = filed(case_type, subject, *members)
    assert found is not None
    assert (f"{found.code} {found.condition}", found.deadline) == (row, local(due))
    assert (found.standard, found.version) == ("yuncheng", "2024-01-01")


@pytest.mark.parametrize(
    ("case_type", "subject", "cause", "row", "due"),
    [
        ("streetlight.segment_unlit", "segment:S1", "not_switched", "0137 not_switched", "11:00"),
        ("streetlight.segment_unlit", "segment:S1", "supply", "0137 out", ""),
        ("streetlight.unlit", "streetlight:L1", "not_switched", "0137 out", ""),
        ("cabinet.lamps_lost", "cabinet:CAB", "not_switched", "L137 not_switched", "11:00"),
        ("cabinet.lamps_lost", "cabinet:CAB", "outage", "L137 lamps_lost", ""),
    ],
)
def test_a_row_may_be_for_some_causes_alone(
    case_type: str, subject: str, cause: str, row: str, due: str
) -> None:
    found = FILING.filed(event(START, "opened", "L1", type=case_type, subject=subject, cause=cause))
    assert found is not None
    assert f"{found.code} {found.condition}" == row
    assert found.deadline == local(f"2026-06-22 {due}" if due else "2026-06-24 09:00")


@pytest.mark.parametrize(
    ("case_type", "subject", "at"),
    [
        ("device.silent", "gateway:G1", START),
        ("person.report", "place:1", START),
        ("cover.rattle", "cover:M-gas", local("2023-12-31 23:59")),
    ],
)
def test_what_no_row_is_for_is_not_filed(case_type: str, subject: str, at: int) -> None:
    assert filed(case_type, subject, at=at) is None


@given(
    case_type=st.sampled_from(sorted(CASE_TYPES)),
    asset=st.sampled_from(sorted(ASSETS)),
    at=st.integers(START, START + 400 * DAY),
)
def test_every_sensor_case_gets_a_row_and_a_deadline_after_it_opened(
    case_type: str, asset: str, at: int
) -> None:
    found = filed(case_type, f"{ASSETS[asset].kind}:{asset}", asset, at=at)
    assert found is not None
    assert found.deadline > at


def test_the_desk_files_a_case_as_it_opens_and_never_again(filing_desk: Desk) -> None:
    filing_desk.record([opened(START, "c1")])
    first = filing_desk.get("c1")
    assert first is not None
    assert first.filed == Filed(
        "yuncheng", "2024-01-01", "0137", "out", 2, "working_day", local("2026-06-24 09:00")
    )
    filing_desk.record(
        [
            event(START + DAY, "recovered", "L1"),
            event(START + 2 * DAY, "relapsed", "L1"),
        ]
    )
    close(filing_desk, "c1", START + 3 * DAY)
    case = filing_desk.get("c1")
    assert case is not None
    assert case.filed == first.filed
    events = [stored.event for stored in filing_desk.events_of("c1")]
    assert [one.filed for one in events] == [first.filed, None, None, None, None]
    assert case == fold(events)


def test_recording_again_files_nothing_anew(filing_desk: Desk) -> None:
    assert filing_desk.record([opened(START, "c1"), opened(START, "c1")]) == 1
    assert filing_desk.record([opened(START, "c1")]) == 0
    assert filing_desk.last_seq() == 1


def test_a_desk_without_filing_reads_what_another_filed(filing_desk: Desk, url: str) -> None:
    filing_desk.record([opened(START, "c1")])
    with closing(Desk(url)) as plain:
        plain.record([opened(START + 1, "c2"), event(START + 2, "recovered", "L1", case="c1")])
        cases = [plain.get(name) for name in ("c1", "c2")]
    assert [case is not None and case.filed is not None for case in cases] == [True, False]
    assert filing_desk.get("c2") == cases[1], "a case of before is not filed later"


_example = itertools.count()
NAMES: list[EventName] = ["opened", "joined", "left", "recovered", "relapsed", "closed"]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(NAMES), st.sampled_from("ab")), max_size=10
    )
)
def test_a_filed_case_is_the_fold_of_its_events(
    filing_desk: Desk, steps: list[tuple[int, EventName, str]]
) -> None:
    number = next(_example)
    filing_desk.record(
        [event(START + at * HOUR, name, "L1", case=f"{number}{which}") for at, name, which in steps]
    )
    for which in "ab":
        case = filing_desk.get(f"{number}{which}")
        assert case == fold(one.event for one in filing_desk.events_of(f"{number}{which}"))
        assert case is None or case.filed is not None


def test_cases_from_before_the_columns_have_none(url: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        go_back(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO cases VALUES ('c0', 'streetlight.unlit', 'streetlight:L1', 'open', 1,"
                " NULL, NULL, '[\"L1\"]', '', '{}', '', '', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO case_events VALUES (1, 'x', 'c0', 1, 'opened', '[\"L1\"]', '', '{}',"
                " '', '', 'rules')"
            )
        )
    engine.dispose()
    upgrade(url)
    with closing(Desk(url, FILING)) as desk:
        case = desk.get("c0")
        bare = Case("c0", "streetlight.unlit", "streetlight:L1", "open", 1, ("L1",))
        # The sensors file a case as they open it.
        assert case == replace(bare, changed_at=1, filed_at=1)
        assert case == fold(stored.event for stored in desk.events_of("c0"))
        for word in ("c0", "streetlight:L1", "L1"):
            assert desk.listing(CaseFilter(words=word), 1).items == (case,)


def due(case: str, deadline: int | None, at: int = 0) -> CaseEvent:
    """A case opened with this deadline."""
    one = None
    if deadline is not None:
        one = Filed("s", "v", "0137", "out", 1, "natural_day", deadline)
    return replace(opened(at, case), filed=one)


def pages(desk: Desk, filters: CaseFilter, limit: int, sort: Sort) -> list[str]:
    seen: list[str] = []
    cursor = None
    while True:
        page = desk.listing(filters, limit, cursor, sort)
        seen += [case.id for case in page.items]
        desk.record([due(f"z{len(seen)}", -1, at=99)])  # comes first: never seen by later pages
        if (cursor := page.next) is None:
            return seen


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_by_deadline_are_soonest_first_and_unfiled_last(desk: Desk, limit: int) -> None:
    desk.record(
        [due("a", 30), due("b", 10), due("c", None), due("d", 20), due("e", 10), due("f", None)]
    )
    assert pages(desk, CaseFilter(), limit, "deadline") == ["b", "e", "d", "a", "c", "f"]


def test_a_cursor_of_the_other_order_is_refused(desk: Desk) -> None:
    desk.record([due("a", 10), due("b", 20), due("c", None)])
    orders: list[tuple[Sort, Sort]] = [("opened_at", "deadline"), ("deadline", "opened_at")]
    for sort, other in orders:
        cursor = desk.listing(CaseFilter(), 1, None, sort).next
        with pytest.raises(UsageError, match="cursor"):
            desk.listing(CaseFilter(), 1, cursor, other)


def test_overdue_is_past_the_deadline_by_the_end_or_by_now(desk: Desk) -> None:
    desk.record([due(name, 50) for name in ("open", "late", "punctual", "relapsed")])
    desk.record([due("unfiled", None), due("soon", 70)])
    desk.record([event(60, "recovered", "L1", case="late")])
    desk.record([event(50, "recovered", "L1", case="punctual")])
    desk.record([event(40, "recovered", "L1", case="relapsed")])
    desk.record([event(45, "relapsed", "L1", case="relapsed")])
    close(desk, "late", 90)
    close(desk, "punctual", 90)
    for now, expected in (
        (50, ["late"]),
        (51, ["late", "open", "relapsed"]),
        (80, ["late", "open", "relapsed", "soon"]),
    ):
        found = desk.listing(CaseFilter(overdue_at=now), 10, sort="deadline").items
        assert [case.id for case in found] == expected
        everything = desk.listing(CaseFilter(), 10, sort="deadline").items
        assert [case.id for case in everything if is_overdue(case, now)] == expected
    open_ones = desk.listing(CaseFilter(states=("open",), overdue_at=80), 10, sort="deadline")
    assert [case.id for case in open_ones.items] == ["open", "relapsed", "soon"]
