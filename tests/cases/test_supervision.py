"""Supervision: what is found by time and by what happened, told once, and ended when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from cases import database
from cases.actions import Given
from cases.case import Case
from cases.desk import Desk
from cases.filing.calendar import Span
from cases.notices import outbox
from cases.notices.telling import Telling
from cases.notices.units import Units
from cases.supervision import grounds, supervised
from cases.supervision.grounds import judge, level, moments
from cases.supervision.overseer import Overseer
from cases.supervision.supervised import Entry, Ledger
from facility.clock import DAY, HOUR, MINUTE
from facility.errors import UsageError
from tests.cases.filings import FILING, SHANGHAI, local
from tests.cases.made import LI, event
from tests.cases.test_telling import BOOK, CASE, CREW, UNITS, displaced, rattle

FIGURES = grounds.load()
MONDAY = local("2026-06-22 08:00")
"""A rattle of then is due on Wednesday at 08:00: two working days of eight hours."""


def causes(case: Case, now: int, *, urgent: bool = False) -> dict[str, int]:
    at = moments(case, urgent=urgent, figures=FIGURES, calendar=SHANGHAI)
    found = judge(case, at, now, urgent=urgent, figures=FIGURES)
    return {one.cause: one.level for one in found}


def handed_over(**more: Any) -> Case:
    filed = FILING.filed(rattle(at=MONDAY))
    values: dict[str, Any] = {
        "opened_at": MONDAY,
        "filed": filed,
        "stage": "handling",
        "dispatched_at": MONDAY,
    }
    return replace(CASE, **{**values, **more})


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2026-06-23 14:48", {}),
        ("2026-06-23 14:49", {"due_soon": 0}),
        ("2026-06-23 18:00", {"due_soon": 0}),
        ("2026-06-23 18:01", {"due_soon": 0, "late": 1}),
        ("2026-06-25 18:00", {"due_soon": 0, "late": 1}),
        ("2026-06-25 18:01", {"due_soon": 0, "late": 1, "late_twice": 2}),
    ],
)
def test_what_time_alone_finds(at: str, found: dict[str, int]) -> None:
    assert causes(handed_over(), local(at)) == found


def test_a_case_nobody_has_is_found_by_working_hours_or_minutes() -> None:
    filed = handed_over(stage="filed", dispatched_at=None)
    assert "undispatched" not in causes(filed, MONDAY + 4 * HOUR)
    assert causes(filed, MONDAY + 4 * HOUR + 1) == {"undispatched": 1}
    assert "undispatched" not in causes(filed, MONDAY + 30 * MINUTE, urgent=True)
    assert "undispatched" in causes(filed, MONDAY + 30 * MINUTE + 1, urgent=True)


def test_a_dangerous_case_is_found_at_once_and_until_it_is_handled() -> None:
    assert causes(handed_over(), MONDAY, urgent=True) == {"dangerous": 1}
    handled = handed_over(handled_at=MONDAY + 1, stage="verifying")
    assert causes(handled, MONDAY + 2, urgent=True) == {}


def test_a_second_rework_is_found() -> None:
    assert causes(handed_over(reworks=1), MONDAY) == {}
    assert causes(handed_over(reworks=2), MONDAY) == {"rework": 1}


def test_a_schedules_case_that_is_late_was_missed() -> None:
    late = local("2026-06-24 09:00")
    assert causes(handed_over(source="schedule"), late) == {"due_soon": 0, "missed": 1}


def test_a_pause_and_an_extension_move_what_time_finds() -> None:
    late = local("2026-06-24 09:00")
    paused = Span(MONDAY, local("2026-06-23 08:00"))
    assert causes(handed_over(extensions=1, filed=None), late) == {}
    longer = handed_over(extensions=1)
    moved = replace(longer, filed=replace(longer.filed, deadline=local("2026-06-25 18:00")))  # type: ignore[type-var]
    assert causes(moved, late) == {}
    assert "due_soon" not in causes(handed_over(pauses=(paused,)), local("2026-06-23 17:59"))
    returned = handed_over(paused_since=MONDAY + 1, stage="filed")
    assert causes(returned, MONDAY + HOUR) == {}


def test_what_was_late_when_it_was_handled_stays_so_and_grows_no_worse() -> None:
    handled = handed_over(handled_at=local("2026-06-24 10:00"), stage="verifying")
    assert causes(handled, local("2026-07-24 10:00")) == {"late": 1}
    assert causes(replace(handled, state="closed"), local("2026-07-24 10:00")) == {}


stopped = st.none() | st.integers(0, 20 * DAY).map(lambda after: MONDAY + after)
cases = st.builds(
    lambda stage, reworks, extensions, handled, recovered, source: handed_over(
        stage=stage,
        dispatched_at=None if stage == "filed" else MONDAY,
        reworks=reworks,
        extensions=extensions,
        handled_at=handled,
        recovered_at=recovered,
        source=source,
    ),
    st.sampled_from(["filed", "dispatched", "handling"]),
    st.integers(0, 3),
    st.integers(0, 2),
    stopped,
    stopped,
    st.sampled_from(["sensor", "resident", "schedule"]),
)


@given(cases, st.booleans(), st.integers(0, 30 * DAY), st.integers(0, 30 * DAY))
def test_a_level_never_falls_while_nothing_happens(
    case: Case, urgent: bool, one: int, two: int
) -> None:
    """Of a case that stands as it does more time finds more: but for a notice, never less."""
    at = moments(case, urgent=urgent, figures=FIGURES, calendar=SHANGHAI)
    early, late = (MONDAY + passed for passed in sorted((one, two)))
    before = judge(case, at, early, urgent=urgent, figures=FIGURES)
    after = judge(case, at, late, urgent=urgent, figures=FIGURES)
    assert {found.cause for found in before} <= {found.cause for found in after}
    assert level(before) <= level(after)


def test_figures_are_data_and_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "supervision.toml"
    path.write_text(grounds.SHIPPED.read_text("utf-8").replace("level = 2", "level = 4"))
    with pytest.raises(UsageError, match=r"supervision\.toml.*late_twice"):
        grounds.load(path)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = database.connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def watched(url: str, engine: Engine) -> Iterator[Callable[[], Overseer]]:
    """``watched()``: an overseer that has just started, on the same database."""
    telling = Telling(UNITS, (), BOOK, FILING)
    desks: list[Desk] = []

    def start() -> Overseer:
        desks.append(Desk(url, FILING, [telling.hook, Ledger(UNITS).hook]))
        return Overseer(desks[-1], engine, FIGURES, telling)

    yield start
    for desk in desks:
        desk.close()


def entries(engine: Engine, case: str = "c1") -> dict[str, Entry]:
    with database.reading(engine) as connection:
        found = supervised.of_cases(connection, [case])
    return {entry.cause: entry for entry in found.get(case, [])}


def notices(engine: Engine) -> list[tuple[str, str]]:
    found = []
    with database.writing(engine) as connection:
        while parcel := outbox.take(connection, 2**60, 1, lambda _: False):
            outbox.sent(connection, parcel, 2**60)
            found += [(parcel.recipient, str(facts["event"])) for facts in parcel.facts]
    return found


def test_a_case_climbs_and_each_level_tells_the_next_person_once(
    watched: Callable[[], Overseer], engine: Engine
) -> None:
    overseer = watched()
    desk = overseer.desk
    desk.record([rattle(at=MONDAY)])
    desk.act("c1", "dispatch", LI, MONDAY, Given(unit=CREW))
    assert overseer.look(MONDAY) == 0
    notices(engine)

    steps = {
        "2026-06-23 16:00": [(f"unit:{CREW}", "due_soon")],
        "2026-06-24 08:01": [
            (f"unit:{CREW}", "supervised"),
            ("unit:花园路街道办事处", "supervised"),
        ],
        "2026-06-26 08:01": [
            (f"unit:{CREW}", "supervised"),
            ("unit:金水区城市管理局", "supervised"),
        ],
    }
    for at, told in steps.items():
        assert watched().look(local(at)) == 1, "it may have just started"
        assert watched().look(local(at) + 1) == 0
        assert sorted(notices(engine)) == sorted(told)
    case = desk.get("c1")
    assert case is not None
    assert case.supervision == 2
    found = entries(engine)
    assert {cause: (one.level, one.told) for cause, one in found.items()} == {
        "due_soon": (0, CREW),
        "late": (1, "花园路街道办事处"),
        "late_twice": (2, "金水区城市管理局"),
    }
    assert found["late"].since == local("2026-06-24 08:01")
    last = desk.events_of("c1")[-1].event
    assert last.author == "clock"
    assert last.evidence == {
        "level": 2,
        "causes": ["late_twice"],
        "levels": [2],
        "figures": FIGURES.version,
    }


def test_after_a_break_the_person_of_each_level_is_told(
    watched: Callable[[], Overseer], engine: Engine
) -> None:
    overseer = watched()
    overseer.desk.record([rattle(at=MONDAY)])
    overseer.desk.act("c1", "dispatch", LI, MONDAY, Given(unit=CREW))
    notices(engine)
    overseer.look(local("2026-06-26 08:01"))
    assert {who for who, event in notices(engine) if event == "supervised"} == {
        f"unit:{CREW}",
        "unit:花园路街道办事处",
        "unit:金水区城市管理局",
    }
    found = {cause: (one.level, one.told) for cause, one in entries(engine).items()}
    assert found["late"] == (1, "花园路街道办事处")
    assert found["late_twice"] == (2, "金水区城市管理局")


def test_what_is_over_ends_by_itself(watched: Callable[[], Overseer], engine: Engine) -> None:
    overseer = watched()
    overseer.desk.record([rattle(at=MONDAY)])
    later = local("2026-06-22 15:00")
    assert overseer.look(later) == 1
    assert list(entries(engine)) == ["undispatched"]
    overseer.desk.act("c1", "dispatch", LI, later + 1, Given(unit=CREW))
    overseer.look(later + 2)
    assert entries(engine) == {}
    case = overseer.desk.get("c1")
    assert case is not None
    assert case.supervision == 0
    overseer.desk.act("c1", "accept", LI, later + 3)
    overseer.desk.act("c1", "return", LI, later + 4, Given(reason="不是我们的"))
    overseer.look(later + 5)
    assert entries(engine) == {}, "its clock stands still"


def test_a_person_supervises_with_a_term_and_lifts_it(
    watched: Callable[[], Overseer], engine: Engine
) -> None:
    overseer = watched()
    desk = overseer.desk
    desk.record([rattle(at=MONDAY)])
    desk.act("c1", "dispatch", LI, MONDAY, Given(unit=CREW))
    term = MONDAY + DAY
    desk.act("c1", "supervise", LI, MONDAY + 1, Given(level=3, reason="催办", term=term))
    overseer.look(MONDAY + 2)
    (entry,) = entries(engine).values()
    assert entry == Entry("c1", "by_hand", 3, MONDAY + 1, term, "分管副区长", "Li")

    late = local("2026-06-24 08:01")
    overseer.look(late)
    assert set(entries(engine)) == {"by_hand", "due_soon", "late"}
    desk.act("c1", "unsupervise", LI, late + 1, Given(reason="已协调"))
    assert entries(engine) == {}
    assert overseer.look(late + 2) == 0, "what a person lifted is not found again"
    assert overseer.look(local("2026-06-26 08:01")) == 1, "but what is worse is"
    assert set(entries(engine)) == {"late_twice"}


def test_a_closed_case_is_supervised_no_more(
    watched: Callable[[], Overseer], engine: Engine
) -> None:
    overseer = watched()
    overseer.desk.record([displaced(at=MONDAY)])
    overseer.look(MONDAY + 1)
    assert set(entries(engine)) == {"dangerous"}
    overseer.desk.act("c1", "override", LI, MONDAY + 2, Given(reason="已复位"))
    assert entries(engine) == {}
    assert overseer.look(MONDAY + DAY) == 0


def test_a_fault_that_recovers_is_dangerous_no_more_and_again_when_it_relapses(
    watched: Callable[[], Overseer], engine: Engine
) -> None:
    overseer = watched()
    desk = overseer.desk
    desk.record([displaced(at=MONDAY)])
    overseer.look(MONDAY + 1)
    same = {"type": "cover.displaced", "subject": "cover:M-storm"}
    desk.record([event(MONDAY + 2, "recovered", "M-storm", **same)])
    overseer.look(MONDAY + 3)
    assert entries(engine) == {}
    desk.record([event(MONDAY + 4, "relapsed", "M-storm", **same)])
    overseer.look(MONDAY + 5)
    assert set(entries(engine)) == {"dangerous"}
    names = [stored.event.event for stored in desk.events_of("c1")]
    assert names == ["opened", "supervised", "recovered", "unsupervised", "relapsed", "supervised"]


def test_without_units_the_list_is_kept_and_nobody_is_told(url: str, engine: Engine) -> None:
    telling = Telling(Units(), (), BOOK, FILING)
    desk = Desk(url, FILING, [telling.hook, Ledger(Units()).hook])
    desk.record([displaced(at=MONDAY)])
    Overseer(desk, engine, FIGURES, telling).look(MONDAY + 1)
    assert [entry.told for entry in entries(engine).values()] == [None]
    assert notices(engine) == []
    desk.close()
