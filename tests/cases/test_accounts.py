"""Accounts and keys, on both databases: who is let in, until when, and what is written down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from cases.database import connect, reading
from cases.people.accounts import Accounts, NoSuchAccount
from cases.people.audit import By, Sought, Trail
from cases.people.keys import PREFIX, Keys, NameTaken, NoSuchKey
from cases.people.passwords import SHORTEST, fits, hashed, make_password
from cases.people.who import Who, checked
from facility.clock import DAY, HOUR, VirtualClock
from facility.errors import UsageError

PASSWORD = "every lamp is lit"
WANG = Who("王工", "dispatcher", None, ("410105001",))
BY = By("admin", 5 * HOUR, "192.0.2.7")


@pytest.fixture
def accounts(url: str) -> Iterator[Accounts]:
    accounts = Accounts(url)
    yield accounts
    accounts.close()


@pytest.fixture
def keys(url: str) -> Iterator[Keys]:
    keys = Keys(url)
    yield keys
    keys.close()


def test_an_account_is_let_in_with_its_password_alone(accounts: Accounts) -> None:
    made = accounts.add(replace(WANG, name=" 王工 "), PASSWORD, BY)
    assert made.who == WANG
    assert accounts.get("王工") == accounts.with_password("王工", PASSWORD) == made
    assert accounts.with_password("王工", PASSWORD + "!") is None
    assert accounts.with_password("nobody", PASSWORD) is None
    assert accounts.with_password("王工", "x" * 10_000) is None
    assert accounts.all() == (made,)


def test_nothing_that_lets_in_is_kept_in_clear(accounts: Accounts, keys: Keys, url: str) -> None:
    accounts.add(WANG, PASSWORD, BY)
    _, key = keys.add(Who("units", "handler", "unit-1"), BY)
    engine = connect(url)
    with reading(engine) as connection:
        rows = [
            str(row)
            for table in ("accounts", "api_keys", "audit")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    engine.dispose()
    assert len(rows) == 4
    assert any("$argon2id$" in row for row in rows)
    assert not any(PASSWORD in row or key.removeprefix(PREFIX) in row for row in rows)


def test_another_password_ends_the_sessions_of_the_one_before(accounts: Accounts) -> None:
    before = accounts.add(WANG, PASSWORD, BY)
    after = accounts.set_password("王工", "another lamp is lit", BY)
    assert after.generation > before.generation
    assert accounts.with_password("王工", PASSWORD) is None
    assert accounts.with_password("王工", "another lamp is lit") == after
    with pytest.raises(NoSuchAccount):
        accounts.set_password("nobody", PASSWORD, BY)


def test_who_is_disabled_is_out_and_their_old_sessions_stay_so(accounts: Accounts) -> None:
    accounts.first_admin(BY)
    before = accounts.add(WANG, PASSWORD, BY)
    assert accounts.change("王工", {"disabled": True}, BY).disabled
    assert accounts.with_password("王工", PASSWORD) is None
    again = accounts.change("王工", {"disabled": False}, BY)
    assert again.generation > before.generation
    assert accounts.with_password("王工", PASSWORD) == again


def test_a_role_changes_and_the_rest_stays(accounts: Accounts) -> None:
    accounts.first_admin(BY)
    made = accounts.add(WANG, PASSWORD, BY)
    changed = accounts.change("王工", {"role": "handler", "unit": "unit-1"}, BY)
    assert changed.who == Who("王工", "handler", "unit-1", WANG.streets)
    assert changed.generation == made.generation, "a role is looked up with every request"
    assert accounts.get("王工") == changed
    with pytest.raises(UsageError, match="unit"):
        accounts.change("王工", {"unit": None}, BY)
    assert accounts.get("王工") == changed


def test_some_admin_is_always_left(accounts: Accounts) -> None:
    accounts.first_admin(BY)
    for changes in ({"disabled": True}, {"role": "viewer"}):
        with pytest.raises(UsageError, match="no admin"):
            accounts.change("admin", changes, BY)  # type: ignore[arg-type]
    admin = accounts.get("admin")
    assert admin is not None
    assert (admin.disabled, admin.who.role) == (False, "admin")


def test_the_first_start_makes_one_admin_whoever_starts(url: str) -> None:
    told: list[str | None] = []

    def start() -> None:
        accounts = Accounts(url)
        told.append(accounts.first_admin(BY))
        accounts.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [password] = [one for one in told if one is not None]
    accounts = Accounts(url)
    admin = accounts.with_password("admin", password)
    assert admin is not None
    assert admin.who == Who("admin", "admin")
    assert accounts.first_admin(BY) is None
    accounts.close()


def test_people_and_machines_share_one_set_of_names(accounts: Accounts, keys: Keys) -> None:
    accounts.add(WANG, PASSWORD, BY)
    key, _ = keys.add(Who("units", "viewer"), BY)
    for who in (WANG, replace(WANG, name="units")):
        with pytest.raises(NameTaken):
            accounts.add(who, PASSWORD, BY)
        with pytest.raises(NameTaken):
            keys.add(who, BY)
    keys.revoke(key.id, BY)
    keys.add(Who("units", "viewer"), BY)


def test_a_key_counts_until_it_is_revoked(keys: Keys) -> None:
    made, text_ = keys.add(Who("units", "handler", "unit-1"), BY)
    assert keys.find(text_) == made
    assert keys.find(text_[:-1]) is None
    assert keys.revoke(made.id, replace(BY, at=6 * HOUR)).revoked_at == 6 * HOUR
    assert keys.revoke(made.id, BY).revoked_at == 6 * HOUR, "once"
    assert keys.find(text_) is None
    assert keys.all() == (replace(made, revoked_at=6 * HOUR),)
    with pytest.raises(NoSuchKey):
        keys.revoke("none", BY)


def test_every_change_is_written_down_with_who_and_from_where(
    accounts: Accounts, keys: Keys
) -> None:
    accounts.first_admin(By("xiuhua", HOUR))
    accounts.add(WANG, PASSWORD, BY)
    accounts.change("王工", {"disabled": True, "role": "dispatcher"}, BY)
    accounts.change("王工", {"disabled": True}, BY)
    key, _ = keys.add(Who("units", "viewer"), BY)
    keys.revoke(key.id, BY)
    accounts.note(By("王工", 7 * HOUR, "198.51.100.1"), "session.refused", "王工")
    trail = accounts.trail(100)
    assert [(one.what, one.subject) for one in reversed(trail)] == [
        ("account.added", "admin"),
        ("account.added", "王工"),
        ("account.changed", "王工"),
        ("key.added", key.id),
        ("key.revoked", key.id),
        ("session.refused", "王工"),
    ]
    assert trail[3].details == {"disabled": True}, "only what is different"
    assert (trail[3].who, trail[3].at, trail[3].address) == (BY.who, BY.at, BY.address)
    assert accounts.trail(2) == trail[:2]
    assert accounts.trail(2, before=trail[1].seq) == trail[2:4]
    about = Sought(who=BY.who, subject="工", start=BY.at, end=BY.at + 1)
    assert accounts.trail(9, sought=about) == trail[3:5]
    assert accounts.trail(9, sought=Sought(subject="ADM")) == trail[5:], "whatever its case"
    assert accounts.trail(9, sought=Sought(end=BY.at), before=trail[1].seq) == trail[5:]


@pytest.mark.parametrize(
    "who",
    [
        Who("  ", "viewer"),
        Who("x" * 65, "viewer"),
        Who("a\0b", "viewer"),
        Who("Rules", "viewer"),
        Who("Li", "king"),  # type: ignore[arg-type]
        Who("Li", "handler"),
        Who("Li", "handler", " "),
    ],
)
def test_what_nobody_can_be_is_refused(who: Who) -> None:
    with pytest.raises(UsageError):
        checked(who)


@pytest.mark.parametrize("password", ["short", "x" * 201, "王工123456789", "aaaabbbbcccc"])
def test_a_password_that_will_not_do_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(UsageError, match="password"):
        accounts.add(WANG, password, BY)
    assert accounts.all() == ()


def test_random_passwords_will_do_and_differ() -> None:
    made = {make_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) > SHORTEST for one in made)


def test_a_password_is_the_same_however_it_was_composed() -> None:
    assert fits("caf\u00e9 am See", hashed("cafe\u0301 am See"))


def test_the_trail_is_kept_for_as_long_as_it_is_set(url: str, accounts: Accounts) -> None:
    # The fourth row is of a machine whose clock was set back, and waits for the third.
    times = (0, 10 * DAY, 20 * DAY, 5 * DAY, 30 * DAY)
    for at in times:
        accounts.note(By("li", at), "session.began", f"{at // DAY}")
    engine = connect(url)
    clock = VirtualClock(40 * DAY, 0.0)
    kept: dict[int, list[str]] = {}
    for days in (40, 30, 25, 9):
        Trail(engine, days, clock).tidy()
        kept[days] = [one.subject for one in reversed(accounts.trail(10))]
    engine.dispose()
    assert kept == {
        40: ["0", "10", "20", "5", "30"],
        30: ["10", "20", "5", "30"],
        25: ["20", "5", "30"],
        9: [],
    }
    accounts.note(By("li", 41 * DAY), "session.began", "new")
    assert accounts.trail(1)[0].seq == len(times) + 1, "no number is given out twice"
