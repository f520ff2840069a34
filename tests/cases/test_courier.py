"""The courier, on every database: what is in the outbox is sent once, or given up visibly."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from cases import database
from cases.actions import Given
from cases.desk import Desk
from cases.notices import outbox, wording
from cases.notices.contacts import Contact, Quiet, Recipient
from cases.notices.courier import LEASE_S, Courier, Route, routes
from cases.notices.message import Message
from cases.notices.notify import NotifySettings
from cases.notices.outbox import Entry
from cases.notices.telling import Telling
from cases.notices.units import Unit, Units
from facility.clock import DAY, HOUR, SECOND
from facility.errors import UsageError
from tests.cases.filings import SHANGHAI, local
from tests.cases.made import LI, event, opened
from tests.cases.sinks import HttpSink, http_sink
from tests.cases.test_telling import CASE, rattle, told
from tests.servers import free_port

BOOK = wording.load(SHANGHAI.timezone)
SECRET = "a secret of many characters"
NOON = local("2026-06-22 12:00")
NIGHT = local("2026-06-22 23:00")
SETTINGS = NotifySettings(window_s=60, attempts=3, retry_s=10, retry_max_s=15)


@dataclass
class Clock:
    ms: int = NOON
    speed: float = 1.0

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def engine(url: str, desk: Desk) -> Iterator[Engine]:
    desk.record([opened(0, "c1")])
    engine = database.connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def office(sink: HttpSink, **more: Any) -> Recipient:
    return Recipient("unit:office", (Contact("hook", f"{sink.url}/hush", SECRET),), **more)


@pytest.fixture
def courier(engine: Engine, sink: HttpSink, clock: Clock) -> Callable[..., Courier]:
    def make(settings: NotifySettings = SETTINGS, **more: Any) -> Courier:
        ways = routes([office(sink, **more)], {})
        return Courier(engine, ways, BOOK, settings, clock)

    return make


def told_facts() -> dict[str, Any]:
    return told(CASE, replace(rattle(), event="dispatched"))


def put(engine: Engine, at: int, *cases: str, urgent: bool = False) -> None:
    facts = told_facts()
    with database.writing(engine) as connection:
        outbox.put(
            connection,
            [
                Entry("unit:office", "hook", "c1", at, urgent, facts | {"case": case})
                for case in cases
            ],
            60 * SECOND,
        )


def cases_of(sink: HttpSink) -> list[list[str]]:
    return [[one["case"] for one in request.json["notices"]] for request in sink.requests]


def test_a_burst_arrives_once_as_one_message(
    engine: Engine, sink: HttpSink, clock: Clock, courier: Callable[..., Courier]
) -> None:
    put(engine, NOON, "c1", "c2")
    sender = courier()
    assert sender.work() == 0
    clock.ms += 60 * SECOND
    assert sender.work() == 1
    assert sender.work() == 0
    assert cases_of(sink) == [["c1", "c2"]]
    assert sender.standing().counts["sent"] == 2


def test_a_gateway_that_is_away_is_tried_less_and_less_and_then_given_up(
    engine: Engine,
    sink: HttpSink,
    clock: Clock,
    courier: Callable[..., Courier],
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(engine, NOON, "c1", urgent=True)
    sink.answers = [(503, b"")] * 3
    sender = courier()
    tried = []
    for passed in range(40):
        clock.ms = NOON + passed * SECOND
        if sender.work():
            tried.append(passed)
            failing = sender.standing().failing
            assert failing == (
                (("unit:office", "hook", "127.0.0.1 answered 503"),) if len(tried) < 3 else ()
            )
    assert tried == [0, 10, 25]
    assert len({request.headers["webhook-id"] for request in sink.requests}) == 1
    assert sender.standing().counts["given_up"] == 1
    assert "given up after 3 attempts: unit:office by hook" in caplog.text
    assert "hush" not in caplog.text
    assert SECRET not in caplog.text


def test_a_refusal_is_given_up_at_once(
    engine: Engine, sink: HttpSink, courier: Callable[..., Courier]
) -> None:
    put(engine, NOON, "c1", urgent=True)
    sink.answers = [(410, b"")]
    sender = courier()
    assert sender.work() == 1
    assert sender.standing().counts["given_up"] == 1


def test_quiet_hours_end_and_urgent_passes_them(
    engine: Engine, sink: HttpSink, clock: Clock, courier: Callable[..., Courier]
) -> None:
    sender = courier(quiet=Quiet(22 * HOUR, 7 * HOUR))
    put(engine, NIGHT, "c1")
    put(engine, NIGHT, "c2", urgent=True)
    clock.ms = NIGHT + HOUR
    sender.work()
    assert cases_of(sink) == [["c2"]]
    clock.ms = local("2026-06-23 06:59")
    sender.work()
    assert len(sink.requests) == 1
    clock.ms = local("2026-06-23 07:00")
    sender.work()
    assert cases_of(sink) == [["c2"], ["c1"]]


def test_who_is_not_there_any_more_is_given_up(engine: Engine, clock: Clock) -> None:
    put(engine, NOON, "c1", urgent=True)
    sender = Courier(engine, {}, BOOK, SETTINGS, clock)
    assert sender.work() == 1
    assert sender.standing().counts["given_up"] == 1


def test_a_dry_run_sends_nothing_and_keeps_nothing_back(
    engine: Engine,
    sink: HttpSink,
    courier: Callable[..., Courier],
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(engine, NOON, "c1", urgent=True)
    with caplog.at_level(logging.INFO):
        courier(SETTINGS.model_copy(update={"dry_run": True})).work()
    assert "dry run: unit:office by hook" in caplog.text
    courier().work()
    assert sink.requests == []


def test_a_demos_clock_does_not_hurry_a_gateway(
    engine: Engine, sink: HttpSink, clock: Clock, courier: Callable[..., Courier]
) -> None:
    clock.speed = 60.0
    put(engine, NOON, "c1", urgent=True)
    sink.answers = [(503, b"")]
    sender = courier()
    sender.work()
    clock.ms += 599 * SECOND
    assert sender.work() == 0
    clock.ms += SECOND
    assert sender.work() == 1


def test_what_was_sent_long_ago_is_forgotten(
    engine: Engine, clock: Clock, courier: Callable[..., Courier]
) -> None:
    put(engine, NOON, "c1", urgent=True)
    sender = courier()
    sender.work()
    clock.ms += 90 * DAY
    assert sender.tidy() == 0
    clock.ms += 1
    assert sender.tidy() == 1


_DIES = """
import os, sys
from cases import database
from cases.notices import courier, wording
from cases.notices.contacts import Contact, Recipient
from cases.notices.notify import NotifySettings
from cases.notices.webhook import Webhook
from tests.cases.filings import SHANGHAI
from tests.cases.test_courier import Clock, SECRET

url, to, ms, dies = sys.argv[1:]
send = Webhook.send

def then_die(self, message):
    if dies == "after":
        send(self, message)
    os._exit(9)

Webhook.send = then_die
office = Recipient("unit:office", (Contact("hook", to, SECRET),))
ways = courier.routes([office], {})
book = wording.load(SHANGHAI.timezone)
courier.Courier(database.connect(url), ways, book, NotifySettings(), Clock(int(ms))).work()
"""


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_sender_that_is_killed_loses_nothing(
    dies: str,
    url: str,
    engine: Engine,
    sink: HttpSink,
    clock: Clock,
    courier: Callable[..., Courier],
) -> None:
    """Killed before it sends, the message comes once; after, twice under one id: the one window."""
    put(engine, NOON, "c1", urgent=True)
    killed = subprocess.run(
        [sys.executable, "-c", _DIES, url, f"{sink.url}/hush", str(NOON), dies],
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert killed.returncode == 9
    sender = courier()
    assert sender.work() == 0, "the dead one's lease still holds"
    clock.ms += LEASE_S * SECOND
    assert sender.work() == 1
    assert cases_of(sink) == [["c1"]] * (2 if dies == "after" else 1)
    assert len({request.headers["idempotency-key"] for request in sink.requests}) == 1
    clock.ms += LEASE_S * SECOND
    assert sender.work() == 0


def test_a_message_that_kills_its_sender_is_given_up(
    engine: Engine, clock: Clock, courier: Callable[..., Courier]
) -> None:
    put(engine, NOON, "c1", urgent=True)
    for _ in range(SETTINGS.attempts):
        with database.writing(engine) as connection:
            assert outbox.take(connection, clock.ms, 1, lambda _: False)
        clock.ms += 1
    sender = courier()
    assert sender.work() == 1
    assert sender.standing().counts["given_up"] == 1


def test_a_gateway_that_is_slow_holds_nobody_else_up(engine: Engine, clock: Clock) -> None:
    """The second channel lets the first go: one after another they would wait for ever."""
    reached = threading.Event()

    class Slow:
        host = None

        def send(self, message: Message) -> None:
            assert reached.wait(60), message.id

    class Quick:
        host = None

        def send(self, message: Message) -> None:
            reached.set()

    ways = {
        (f"unit:{name}", "hook"): Route(Recipient(f"unit:{name}", ()), way)
        for name, way in (("slow", Slow()), ("quick", Quick()))
    }
    facts = told_facts()
    with database.writing(engine) as connection:
        entries = [Entry(who, by, "c1", NOON, True, facts) for who, by in ways]
        outbox.put(connection, entries, 0)
    sender = Courier(engine, ways, BOOK, SETTINGS, clock)
    assert sender.work() == 2
    assert sender.standing().counts["sent"] == 2


def test_addresses_are_looked_at_before_anything_is_sent() -> None:
    wrong = Recipient("unit:x", (Contact("mail", "nonsense"),))
    with pytest.raises(UsageError, match="unit:x: `contacts"):
        routes([wrong], {})


def test_a_database_that_is_away_is_said_and_tried_again(tmp_path: Path, clock: Clock) -> None:
    engine = database.connect(f"postgresql://xiuhua@127.0.0.1:{free_port()}/cases")
    sender = Courier(engine, {}, BOOK, SETTINGS, clock)
    sender.loop.start()
    while not sender.problem:
        sender.loop.wait(0.01)
    sender.loop.stop()
    assert "is away" in sender.problem
    engine.dispose()


def test_an_event_of_the_desk_reaches_its_unit(
    url: str, sink: HttpSink, clock: Clock, engine: Engine
) -> None:
    """The whole way: an event, the hook, the outbox, the courier, the server."""
    unit = Unit("office", "head", None, (), office(sink))
    telling = Telling(Units([unit]), (), BOOK, None, window_s=0)
    desk = Desk(url, None, [telling.hook])
    desk.record([event(NOON, "opened", "L1", case="c7")])
    desk.act("c7", "dispatch", LI, NOON, Given(unit="office"))
    Courier(engine, routes([unit.recipient], {}), BOOK, SETTINGS, clock).work()
    assert cases_of(sink) == [["c7"]]
    desk.close()
