"""The outbox, on every database: what is put in comes out once, together, and in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from cases import database
from cases.desk import Desk
from cases.notices import outbox
from cases.notices.outbox import Entry, Parcel, Standing
from facility.clock import MINUTE
from tests.cases.made import opened

LEASE = 2 * MINUTE
WINDOW = MINUTE


@pytest.fixture
def engine(url: str, desk: Desk) -> Iterator[Engine]:
    desk.record([opened(0, "c1")])
    engine = database.connect(url)
    yield engine
    engine.dispose()


def put(engine: Engine, at: int, *numbers: int, to: str = "unit:a", urgent: bool = False) -> None:
    with database.writing(engine) as connection:
        entries = [Entry(to, "group", "c1", at, urgent, {"n": number}) for number in numbers]
        outbox.put(connection, entries, WINDOW)


def take(engine: Engine, now: int, quiet: tuple[str, ...] = ()) -> Parcel | None:
    with database.writing(engine) as connection:
        return outbox.take(connection, now, LEASE, lambda name: name in quiet)


def taken(engine: Engine, now: int, quiet: tuple[str, ...] = ()) -> Parcel:
    parcel = take(engine, now, quiet)
    assert parcel is not None
    return parcel


def numbers(parcel: Parcel) -> list[int]:
    return [one["n"] for one in parcel.facts]


def sent(engine: Engine, parcel: Parcel, now: int) -> None:
    with database.writing(engine) as connection:
        outbox.sent(connection, parcel, now)


def failed(engine: Engine, parcel: Parcel, retry_at: int) -> None:
    with database.writing(engine) as connection:
        outbox.failed(connection, parcel, retry_at, "away")


def standing(engine: Engine) -> Standing:
    with database.reading(engine) as connection:
        return outbox.standing(connection, 0)


def is_due(engine: Engine, now: int) -> bool:
    with database.reading(engine) as connection:
        return outbox.is_due(connection, now)


def test_a_burst_is_one_message_to_each(engine: Engine) -> None:
    put(engine, 0, 1, 2)
    put(engine, WINDOW - 1, 3)
    put(engine, 1, 9, to="unit:b")
    assert not is_due(engine, WINDOW - 1)
    assert take(engine, WINDOW - 1) is None
    assert is_due(engine, WINDOW)
    parcel = taken(engine, WINDOW)
    assert (parcel.recipient, parcel.contact, numbers(parcel)) == ("unit:a", "group", [1, 2, 3])
    assert take(engine, WINDOW) is None, "the other's window is still open"
    assert numbers(taken(engine, WINDOW + 1)) == [9]


def test_what_is_urgent_does_not_wait_and_takes_the_others_with_it(engine: Engine) -> None:
    put(engine, 0, 1)
    put(engine, 5, 2, urgent=True)
    assert numbers(taken(engine, 5)) == [1, 2]


def test_quiet_hours_hold_back_all_but_the_urgent(engine: Engine) -> None:
    put(engine, 0, 1)
    assert take(engine, WINDOW, quiet=("unit:a",)) is None
    put(engine, WINDOW, 2, urgent=True)
    night = taken(engine, WINDOW, quiet=("unit:a",))
    assert numbers(night) == [2]
    sent(engine, night, WINDOW)
    assert numbers(taken(engine, 9 * WINDOW)) == [1]


def test_what_is_sent_is_never_taken_again(engine: Engine) -> None:
    put(engine, 0, 1)
    parcel = taken(engine, WINDOW)
    sent(engine, parcel, WINDOW)
    assert take(engine, 1_000 * WINDOW) is None
    assert standing(engine) == Standing(
        {"waiting": 0, "sending": 0, "sent": 1, "given_up": 0, "dry_run": 0}, 0, ()
    )


def test_a_lease_that_runs_out_is_the_same_message_again(engine: Engine) -> None:
    put(engine, 0, 1)
    dead = taken(engine, WINDOW)
    put(engine, WINDOW, 2)
    assert take(engine, WINDOW + LEASE - 1) is None, "one message a contact at a time"
    again = taken(engine, WINDOW + LEASE)
    assert (again.id, again.facts, again.attempt) == (dead.id, dead.facts, 2)
    sent(engine, dead, WINDOW + LEASE)
    assert standing(engine).counts["sending"] == 1, "who lost the lease has nothing to say"
    sent(engine, again, WINDOW + LEASE)
    assert numbers(taken(engine, WINDOW + LEASE)) == [2]


def test_a_message_that_failed_stays_that_message(engine: Engine) -> None:
    put(engine, 0, 1)
    parcel = taken(engine, WINDOW)
    failed(engine, parcel, 10 * WINDOW)
    put(engine, WINDOW, 2, urgent=True)
    assert take(engine, 10 * WINDOW - 1) is None
    assert standing(engine).failing == (("unit:a", "group", "away"),)
    again = taken(engine, 10 * WINDOW)
    assert (again.id, numbers(again), again.attempt) == (parcel.id, [1], 2)
    sent(engine, again, 10 * WINDOW)
    assert standing(engine).failing == ()
    assert numbers(taken(engine, 10 * WINDOW)) == [2]


def test_what_is_given_up_is_counted_and_lets_the_next_go(engine: Engine) -> None:
    put(engine, 0, 1)
    parcel = taken(engine, WINDOW)
    put(engine, WINDOW, 2)
    with database.writing(engine) as connection:
        outbox.give_up(connection, parcel, WINDOW, "refused")
    assert standing(engine).counts["given_up"] == standing(engine).given_up_lately == 1
    assert numbers(taken(engine, 3 * WINDOW)) == [2]


def test_a_message_has_an_end(engine: Engine) -> None:
    put(engine, 0, *range(outbox.MOST_ROWS + 3))
    first = taken(engine, WINDOW)
    assert numbers(first) == list(range(outbox.MOST_ROWS))
    sent(engine, first, WINDOW)
    assert len(taken(engine, WINDOW).facts) == 3


def test_what_ended_long_ago_is_forgotten(engine: Engine) -> None:
    put(engine, 0, 1)
    put(engine, 0, 2, to="unit:b")
    sent(engine, taken(engine, WINDOW), WINDOW)
    with database.writing(engine) as connection:
        assert outbox.forget(connection, WINDOW) == 0
        assert outbox.forget(connection, WINDOW + 1) == 1
    assert standing(engine).counts["waiting"] == 1


def test_senders_side_by_side_take_each_message_once(engine: Engine, url: str) -> None:
    for number in range(12):
        put(engine, 0, number, to=f"unit:{number}")
    found: list[int] = []

    def send() -> None:
        own = database.connect(url)
        while (parcel := take(own, WINDOW)) is not None:
            found.extend(numbers(parcel))
            sent(own, parcel, WINDOW)
        own.dispose()

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(found) == list(range(12))
