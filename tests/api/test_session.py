"""Signing in, being known, and being shut out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import signing_key
from api.access import Access
from api.caller import COOKIE
from api.people import Me, Token
from api.problems import Problem
from api.serve import Server
from api.tokens import LIFE_S, SHIFT_S
from cases.people.accounts import Accounts
from cases.people.audit import By
from cases.people.who import Who
from facility.clock import SECOND
from facility.errors import UsageError
from tests.api.district import District
from tests.api.people import PASSWORD, name_of, token_of
from tests.servers import wait_until

OWN = {"Origin": "http://here"}
BY = By("test", 0)


@pytest.fixture
def nobody(district: District) -> District:
    """The district, with a client that is not signed in."""
    district.role = None
    return district


def sign_in(district: District, name: str, password: str, path: str = "session") -> httpx.Response:
    form = {"username": name, "password": password}
    return district.call("POST", f"/api/v1/{path}", data=form, headers=OWN)


def cookie_of(response: httpx.Response) -> dict[str, str]:
    morsel = SimpleCookie(response.headers["set-cookie"])[COOKIE]
    return {"Cookie": f"{COOKIE}={morsel.value}"}


def me(district: District, headers: dict[str, str]) -> httpx.Response:
    return district.call("GET", "/api/v1/me", headers=headers)


def test_a_token_says_who_one_is_for_half_an_hour(nobody: District) -> None:
    answered = sign_in(nobody, "a-handler", PASSWORD, "token")
    token = Token.model_validate_json(answered.content)
    assert answered.headers["cache-control"] == "no-store"
    assert token.expires_in == LIFE_S
    bearer = {"Authorization": f"Bearer {token.access_token}"}
    shown = me(nobody, bearer)
    assert Me.model_validate_json(shown.content).model_dump() == {
        "name": "a-handler",
        "role": "handler",
        "unit": "unit-1",
        "streets": [],
    }
    nobody.wall.ms += LIFE_S * SECOND
    assert me(nobody, bearer).status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(nobody: District) -> None:
    answered = sign_in(nobody, "a-viewer", PASSWORD)
    assert answered.json()["name"] == "a-viewer"
    morsel = SimpleCookie(answered.headers["set-cookie"])[COOKIE]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "strict", "/")
    assert not morsel["secure"], "plain http would lose it"
    assert me(nobody, cookie_of(answered)).json()["name"] == "a-viewer"


def test_a_session_in_use_goes_on_for_a_shift_and_no_longer(nobody: District) -> None:
    cookie = cookie_of(sign_in(nobody, "a-viewer", PASSWORD))
    began, step = nobody.wall.ms, LIFE_S * SECOND * 2 // 3
    renewed = 0
    while (answered := me(nobody, cookie)).status_code == 200:
        if "set-cookie" in answered.headers:
            cookie = cookie_of(answered)
            renewed += 1
        nobody.wall.ms += step
    assert renewed > 30
    assert SHIFT_S * SECOND <= nobody.wall.ms - began <= SHIFT_S * SECOND + step


def test_nobody_is_told_how_to_sign_in(nobody: District) -> None:
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Cookie": f"{COOKIE}=x"}):
        answered = me(nobody, headers)
        assert answered.status_code == 401
        assert answered.headers["www-authenticate"] == "Bearer"
        assert "登录" in answered.json()["detail_zh"]


def test_a_token_of_another_key_is_worth_nothing(nobody: District) -> None:
    other = Access(nobody.accounts, nobody.keys, b"x" * 32, nobody.wall)
    bearer = {"Authorization": f"Bearer {token_of(other, 'a-admin')}"}
    assert me(nobody, bearer).status_code == 401


def test_what_is_wrong_is_not_told_apart_and_written_down(nobody: District) -> None:
    answers = [
        sign_in(nobody, "a-viewer", "wrong password"),
        sign_in(nobody, "who?", "wrong password"),
    ]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    trail = nobody.accounts.trail(2)
    assert [(one.what, one.who, one.address) for one in trail] == [
        ("session.refused", "who?", "127.0.0.1"),
        ("session.refused", "a-viewer", "127.0.0.1"),
    ]


def test_guessing_is_slowed_down_by_name(nobody: District) -> None:
    nobody.access.accounts = _Quick(nobody.accounts)  # type: ignore[assignment]
    answers = [sign_in(nobody, "a-viewer", "wrong").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    refused = sign_in(nobody, "A-Viewer", PASSWORD)
    assert refused.status_code == 429, "not even the right one, or guessing would go on"
    assert "秒后再试" in refused.json()["detail_zh"]
    nobody.monotonic_s += int(refused.headers["retry-after"])
    assert sign_in(nobody, "a-viewer", PASSWORD).status_code == 200


def test_who_came_in_from_here_before_is_not_kept_out_by_what_others_guess(
    nobody: District,
) -> None:
    access = nobody.access
    access.accounts = _Quick(nobody.accounts)  # type: ignore[assignment]
    here, there, elsewhere = "198.51.100.7", "203.0.113.9", "192.0.2.1"
    assert access.proved("a-viewer", PASSWORD, here)
    for _ in range(10):
        assert access.proved("a-viewer", "wrong", there) is None
    for place in (there, elsewhere):
        with pytest.raises(Problem):
            access.proved("a-viewer", PASSWORD, place)
    assert access.proved("a-viewer", PASSWORD, here)
    for _ in range(10):
        assert access.proved("a-viewer", "wrong", here) is None
    with pytest.raises(Problem):
        access.proved("a-viewer", PASSWORD, here)


def test_guessing_is_slowed_down_by_address(nobody: District) -> None:
    nobody.access.accounts = _Quick(nobody.accounts)  # type: ignore[assignment]
    answers = [sign_in(nobody, f"n{n}", "wrong").status_code for n in range(22)]
    assert answers == [401] * 20 + [429] * 2


def test_those_who_wait_to_sign_in_hold_up_nobody_else(
    nobody: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, nobody.role = threading.Event(), "viewer"
    signed_in = nobody.signed_in

    def slow(*_: str) -> None:
        go.wait(60)
        raise Problem(401, "no")

    monkeypatch.setattr(nobody.access, "sign_in", slow)
    with Server(nobody.app, port=0) as server, ThreadPoolExecutor(60) as crowd:
        form = {"username": "x", "password": "y"}
        post = partial(httpx.post, f"{server.url}/api/v1/token", data=form, timeout=60)
        waiting = [crowd.submit(post) for _ in range(60)]
        try:
            wait_until(lambda: len(server.connections) == 60, 20, "all of them")
            answered = httpx.get(f"{server.url}/api/v1/cases", headers=signed_in, timeout=10)
            assert answered.status_code == 200
            assert not any(one.done() for one in waiting)
        finally:
            go.set()


class _Quick:
    """Accounts that hold a password to no slow hash."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def with_password(self, name: str, password: str) -> Any:
        return self._accounts.get(name) if password == PASSWORD else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accounts, name)


@pytest.mark.parametrize("what", ["disabled", "password"])
def test_who_is_shut_out_is_so_at_once(nobody: District, what: str) -> None:
    bearer = {"Authorization": f"Bearer {token_of(nobody.access, 'a-viewer')}"}
    assert me(nobody, bearer).status_code == 200
    if what == "disabled":
        nobody.accounts.change("a-viewer", {"disabled": True}, BY)
    else:
        nobody.accounts.set_password("a-viewer", "something else entirely", BY)
    assert me(nobody, bearer).status_code == 401


def test_one_changes_ones_own_password_and_stays_signed_in(nobody: District) -> None:
    name = name_of("viewer")
    here, elsewhere = (
        {"Cookie": f"{COOKIE}={token_of(nobody.access, name)}", **OWN} for _ in range(2)
    )
    path, new = "/api/v1/me/password", "something else entirely"
    wrong = nobody.call("POST", path, json={"old": "wrong", "new": new}, headers=here)
    assert wrong.status_code == 422
    assert [one["name"] for one in wrong.json()["errors"]] == ["old"]
    weak = nobody.call("POST", path, json={"old": PASSWORD, "new": "weak"}, headers=here)
    assert weak.status_code == 422
    nobody.wall.ms += SECOND
    done = nobody.call("POST", path, json={"old": PASSWORD, "new": new}, headers=here)
    assert done.status_code == 200
    assert me(nobody, elsewhere).status_code == 401
    assert me(nobody, cookie_of(done)).status_code == 200


def test_signing_out_makes_the_browser_forget(nobody: District) -> None:
    cookie = cookie_of(sign_in(nobody, "a-viewer", PASSWORD))
    out = nobody.call("DELETE", "/api/v1/session", headers={**cookie, **OWN})
    assert out.status_code == 204
    assert SimpleCookie(out.headers["set-cookie"])[COOKIE]["max-age"] == "0"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, False),
        ({"Origin": "http://elsewhere"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": "http://here"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://here"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://here"}, False),
    ],
)
def test_a_change_by_cookie_must_come_from_our_own_page(
    nobody: District, headers: dict[str, str], allowed: bool
) -> None:
    cookie = {"Cookie": f"{COOKIE}={token_of(nobody.access, 'a-admin')}"}
    body = {"name": "n", "role": "viewer"}
    answered = nobody.call("POST", "/api/v1/keys", json=body, headers={**cookie, **headers})
    assert answered.status_code == (201 if allowed else 403)
    form = {"username": "a-viewer", "password": "wrong"}
    answered = nobody.call("POST", "/api/v1/session", data=form, headers=headers)
    assert answered.status_code == (401 if allowed else 403), "nor is anybody signed in so"


def test_a_link_signs_in_one_single_time(nobody: District) -> None:
    def use(text: str) -> httpx.Response:
        return nobody.call("POST", "/api/v1/session/once", json={"key": text}, headers=OWN)

    text, late = nobody.access.make_once("a-operator"), nobody.access.make_once("a-operator")
    answered = use(text)
    assert me(nobody, cookie_of(answered)).json()["role"] == "operator"
    assert use(text).status_code == 401
    assert use("nonsense").status_code == 401
    nobody.wall.ms += SHIFT_S * SECOND
    assert use(late).status_code == 401


def test_a_machine_is_known_by_its_key(nobody: District) -> None:
    key, text = nobody.keys.add(Who("units", "handler", "unit-1"), BY)
    bearer = {"Authorization": f"Bearer {text}"}
    assert me(nobody, bearer).json()["unit"] == "unit-1"
    body = {"old": PASSWORD, "new": "something else entirely"}
    refused = nobody.call("POST", "/api/v1/me/password", json=body, headers=bearer)
    assert refused.status_code == 409
    nobody.keys.revoke(key.id, BY)
    assert me(nobody, bearer).status_code == 401


def test_while_the_database_is_away_those_it_knew_are_known(
    nobody: District, tmp_path: Path
) -> None:
    bearer, stranger = (
        {"Authorization": f"Bearer {token_of(nobody.access, name_of(role))}"}
        for role in ("viewer", "admin")
    )
    assert me(nobody, bearer).status_code == 200
    nobody.accounts.close()
    (tmp_path / "cases.db").rename(tmp_path / "away.db")
    (tmp_path / "cases.db").mkdir()
    assert me(nobody, bearer).status_code == 200
    assert me(nobody, stranger).status_code == 503


def test_the_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = signing_key.load(tmp_path)
    assert signing_key.load(tmp_path) == key
    assert len(key) == signing_key.BYTES
    file = tmp_path / signing_key.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert not signing_key.open_to_others(file)
    assert [one.name for one in tmp_path.iterdir()] == [signing_key.FILE]
    file.write_text("short")
    with pytest.raises(UsageError, match="damaged"):
        signing_key.load(tmp_path)


def test_processes_that_start_together_agree_on_the_signing_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as together:
        keys = set(together.map(lambda _: signing_key.load(tmp_path), range(32)))
    assert len(keys) == 1
    assert [one.name for one in tmp_path.iterdir()] == [signing_key.FILE]


def test_who_is_no_proxy_of_ours_is_not_believed_where_they_come_from(nobody: District) -> None:
    forged = {
        "Origin": "https://xiuhua.example.org",
        "Host": "xiuhua.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=198.51.100.7;proto=https;host=evil.example",
    }
    form = {"username": "a-viewer", "password": PASSWORD}
    # On the loopback, and not its one address that is believed.
    stranger = httpx.HTTPTransport(local_address="127.0.0.2")
    with Server(nobody.app, port=0) as server, httpx.Client(transport=stranger) as client:
        answered = client.post(f"{server.url}/api/v1/session", data=form, headers=forged)
    assert answered.status_code == 200, answered.text
    assert not SimpleCookie(answered.headers["set-cookie"])[COOKIE]["secure"]
    assert nobody.accounts.trail(1)[0].address == "127.0.0.2"


def test_behind_a_proxy_with_tls_the_cookie_is_secure_and_the_address_the_browsers(
    nobody: District,
) -> None:
    headers = {
        "Host": "xiuhua.example.org",
        "Origin": "https://xiuhua.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "198.51.100.7",
    }
    form = {"username": "a-viewer", "password": PASSWORD}
    with Server(nobody.app, port=0) as server:
        answered = httpx.post(f"{server.url}/api/v1/session", data=form, headers=headers)
    assert SimpleCookie(answered.headers["set-cookie"])[COOKIE]["secure"]
    assert nobody.accounts.trail(1)[0].address == "198.51.100.7"
