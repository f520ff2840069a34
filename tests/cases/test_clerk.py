"""The clerk: time passes over the cases, on every database, and it says how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from cases import database
from cases.actions import Given
from cases.clerk import Clerk
from cases.desk import Desk
from cases.notices.contacts import Contact, Recipient
from cases.notices.courier import Courier, routes
from cases.notices.notify import NotifySettings
from cases.notices.telling import Telling
from cases.notices.units import Unit, Units
from cases.people.audit import Trail
from cases.periodic import schedules
from cases.periodic.occurrences import Rounds
from cases.supervision import grounds
from cases.supervision.overseer import Overseer
from cases.supervision.supervised import Ledger
from facility.bus import Health, LocalBus, Message
from facility.clock import DAY, HOUR, SECOND
from facility.grid import Grid
from tests.cases.filings import FILING, SHANGHAI
from tests.cases.made import LI
from tests.cases.sinks import HttpSink, http_sink
from tests.cases.test_courier import SECRET, Clock
from tests.cases.test_periodic import INVENTORY, plan
from tests.cases.test_supervision import MONDAY
from tests.cases.test_telling import BOOK, displaced, rattle
from tests.servers import free_port


@dataclass
class Staffed:
    """A desk with a clerk, whose head is reached at the sink."""

    desk: Desk
    engine: Engine
    clock: Clock
    courier: Courier
    clerk: Clerk
    heard: list[Health]

    def problems(self) -> list[str]:
        self.clerk.report()
        return [code for code, _, _ in self.heard[-1].problems]

    @property
    def counters(self) -> Any:
        self.clerk.report()
        return self.heard[-1].counters


def staffed(url: str, sink: HttpSink) -> Staffed:
    engine, clock = database.connect(url), Clock(MONDAY)
    contact = Contact("hook", sink.url, SECRET)
    head = Unit("head", "head", None, (), Recipient("unit:head", (contact,)))
    units = Units([head])
    telling = Telling(units, (), BOOK, FILING, window_s=0)
    desk = Desk(url, FILING, [telling.hook, Ledger(units).hook])
    settings = NotifySettings(window_s=0, attempts=2, retry_s=10)
    courier = Courier(engine, routes(telling.recipients(), {}), BOOK, settings, clock)
    bus = LocalBus()
    heard: list[Health] = []

    def hear(message: Message) -> None:
        if isinstance(message, Health):
            heard.append(message)

    bus.listen(hear)
    clerk = Clerk(
        desk,
        Overseer(desk, engine, grounds.load(), telling),
        Rounds(desk, engine, lambda: INVENTORY, Grid, SHANGHAI.timezone),
        courier,
        Trail(engine, 365, clock),
        bus,
        clock,
    )
    return Staffed(desk, engine, clock, courier, clerk, heard)


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def start(url: str, sink: HttpSink) -> Iterator[Callable[[], Staffed]]:
    """``start()``: a clerk that has just come, on the same database."""
    made: list[Staffed] = []

    def one() -> Staffed:
        made.append(staffed(url, sink))
        return made[-1]

    yield one
    for each in made:
        each.desk.close()
        each.engine.dispose()


def test_time_does_all_that_it_does_and_is_told(
    start: Callable[[], Staffed], sink: HttpSink
) -> None:
    one = start()
    one.desk.record([displaced(), rattle("c2")])
    one.desk.act("c2", "suspend", LI, MONDAY, Given(reason="等料", until=MONDAY + HOUR))
    with database.writing(one.engine) as connection:
        schedules.create(connection, plan(per="all"), MONDAY - 1, "Li", SHANGHAI.timezone)
    one.clock.ms = MONDAY + HOUR
    one.clerk.work()
    assert (one.counters["resumed"], one.counters["opened"]) == (1, 1)
    events = [stored.event.event for stored in one.desk.events_of("c1")]
    assert events == ["opened", "supervised"]
    assert one.courier.work() == 1
    assert sink.requests[0].json["notices"][0]["event"] == "supervised"

    again = start()
    again.clock.ms = MONDAY + HOUR
    again.clerk.work()
    assert (again.counters["resumed"], again.counters["opened"]) == (0, 0)
    assert again.courier.work() == 0
    assert again.counters["outbox"]["sent"] == 1
    assert again.problems() == []


def test_what_cannot_be_sent_is_a_problem_until_it_can(
    start: Callable[[], Staffed], sink: HttpSink
) -> None:
    one = start()
    one.desk.record([displaced()])
    one.clerk.work()
    sink.answers = [(503, b"")]
    one.courier.work()
    assert_problems(one, ["outbox"])
    one.clock.ms += 10 * SECOND
    one.courier.work()
    assert_problems(one, [])
    one.desk.act("c1", "supervise", LI, one.clock.ms, Given(level=3, reason="x"))
    sink.answers = [(410, b"")]
    one.courier.work()
    assert_problems(one, ["given_up"])
    one.clock.ms += DAY + 1
    assert_problems(one, [])


def assert_problems(one: Staffed, wanted: list[str]) -> None:
    """What a clerk finds that has just come."""
    fresh = Clerk(
        one.desk,
        Overseer(one.desk, one.engine, grounds.load(), Telling(Units(), (), BOOK)),
        Rounds(one.desk, one.engine, lambda: INVENTORY, Grid, SHANGHAI.timezone),
        one.courier,
        Trail(one.engine, 365, one.clock),
        LocalBus(),
        one.clock,
    )
    fresh.work()
    assert [code for code, _, _ in fresh._problems()] == wanted


def test_a_database_that_is_away_is_a_problem_and_no_end(tmp_path: Path, sink: HttpSink) -> None:
    one = staffed(f"postgresql://xiuhua@127.0.0.1:{free_port()}/cases", sink)
    one.clerk.start()
    while not any(health.problems for health in one.heard):
        one.clerk.loop.wait(0.01)
    one.clerk.stop()
    assert {code for health in one.heard for code, _, _ in health.problems} >= {"clerk"}
    one.desk.close()
    one.engine.dispose()
