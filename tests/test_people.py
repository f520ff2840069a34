"""Accounts from the command line, of a demo, and what the doctor says of the signing key."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import xiuhua
from api import signing_key
from api.access import Access
from cases.database import upgrade
from cases.people.accounts import Accounts
from cases.people.audit import By
from cases.people.keys import Keys
from cases.people.who import ROLES, Who
from command import demo_people
from facility.assets import Cover
from facility.inventory import Inventory
from tests.servers import free_port

OWNED = Inventory.of(
    [Cover(id="M1", area="410105", name="one", lon=113.6, lat=34.7, owner="养护中心")]
)


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = xiuhua.main([str(argument) for argument in arguments])
    return status, out.getvalue(), err.getvalue()


def url_of(data: Path) -> str:
    return f"sqlite:///{data / 'cases.sqlite'}"


def fits(data: Path, name: str, password: str) -> bool:
    with closing(Accounts(url_of(data))) as accounts:
        return accounts.with_password(name, password) is not None


def test_accounts_are_made_listed_and_shut_on_the_command_line(tmp_path: Path) -> None:
    here = ("--data-dir", tmp_path)
    status, password, _ = run("user", "add", "李工", "--role", "admin", *here)
    assert status == 0
    assert fits(tmp_path, "李工", password.strip())
    unit = ("--unit", "照明所", "--street", "410105001", "--street", "410105002")
    run("user", "add", "units", "--role", "handler", *unit, *here)
    assert run("user", "list", *here)[1].splitlines() == [
        "units\thandler\t照明所\t410105001,410105002\t",
        "李工\tadmin\t\t\t",
    ]
    _, another, _ = run("user", "password", "李工", *here)
    assert not fits(tmp_path, "李工", password.strip())
    assert fits(tmp_path, "李工", another.strip())
    assert run("user", "disable", "units", *here)[0] == 0
    assert "\tdisabled" in run("user", "list", *here)[1]
    assert run("user", "enable", "units", *here)[0] == 0
    assert "\tdisabled" not in run("user", "list", *here)[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("password", "nobody"), "no account 'nobody'"),
        (("disable", "李工"), "no admin"),
        (("add", "李工", "--role", "viewer"), "is taken"),
        (("add", "x", "--role", "handler"), "needs the unit"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    run("user", "add", "李工", "--role", "admin", "--data-dir", tmp_path)
    status, out, err = run("user", *words, "--data-dir", tmp_path)
    assert (status, out) == (2, "")
    assert said in err.splitlines()[-1]


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    upgrade(url_of(tmp_path))
    (tmp_path / "demo").mkdir()
    accounts, keys = Accounts(url_of(tmp_path)), Keys(url_of(tmp_path))
    yield Access(accounts, keys, bytes(32))
    accounts.close()
    keys.close()


def test_a_demo_has_an_account_for_each_role_and_keeps_them(access: Access, tmp_path: Path) -> None:
    file = demo_people.prepare(access, OWNED, tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    passwords = json.loads(file.read_text())
    for role in ROLES:
        account = access.accounts.with_password(role, passwords[role])
        assert account is not None
        assert account.who == Who(role, role, "养护中心" if role == "handler" else None)
    assert access.accounts.first_admin(By("x", 0)) is None
    before = access.accounts.all()
    demo_people.prepare(access, OWNED, tmp_path)
    assert access.accounts.all() == before
    file.unlink()
    demo_people.prepare(access, OWNED, tmp_path)
    renewed = json.loads(file.read_text())
    assert access.accounts.with_password("viewer", renewed["viewer"]) is not None
    assert access.accounts.with_password("viewer", passwords["viewer"]) is None


def test_a_crew_has_the_key_of_the_newest_start(access: Access) -> None:
    first, second = (demo_people.crew_key(access, "养护中心") for _ in range(2))
    assert access.bearer(first) is None
    who = access.bearer(second)
    assert who is not None
    assert (who.role, who.unit) == ("handler", "养护中心")
    who = access.bearer(demo_people.crew_key(access, None))
    assert who is not None
    assert who.role == "dispatcher"


def test_the_doctor_looks_at_who_can_read_the_signing_key(tmp_path: Path) -> None:
    def said() -> str:
        broker = f"mqtt://127.0.0.1:{free_port()}"
        lines = run("doctor", "--data-dir", tmp_path, "--mqtt", broker)[1].splitlines()
        return next(line for line in lines if "signing key" in line)

    assert said().startswith("ok    signing key: none yet")
    signing_key.load(tmp_path)
    assert said() == "ok    signing key: for its owner alone"
    (tmp_path / signing_key.FILE).chmod(0o640)
    assert said().startswith("fail  signing key: others can read")
