"""The stream, over real connections: nothing missed, nothing twice, nobody holds up the others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.serve import Server
from api.shapes.live import CaseTold, StateTold
from api.tokens import LIFE_S, SHIFT_S
from cases.database import upgrade
from cases.desk import Desk
from cases.people.audit import By
from facility.clock import SECOND
from tests.api.district import DUSK, District, dark_segment
from tests.api.listener import Listener
from tests.api.people import name_of
from tests.cases.made import close
from tests.servers import wait_until


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state more often than every 2 s."""
    monkeypatch.setattr("api.hub.STATE_S", 0.2)


@pytest.fixture
def server(district: District) -> Iterator[Server]:
    with Server(district.app, port=0) as server:
        yield server


def clients(district: District) -> int:
    return int(district.app.state.parts.hub.clients)


def test_a_client_is_given_the_state_and_then_what_happens(district: District) -> None:
    district.desk.record([dark_segment("C-0", DUSK - 1)])
    with (
        Server(district.app, port=0) as server,
        Listener(server.url, district.signed_in) as listener,
    ):
        assert listener.response.headers["content-type"].startswith("text/event-stream")
        state = listener.next("state").data
        StateTold.model_validate(state)
        assert set(state["segments"]) == {"S1", "S2", "S3"}
        assert state["counts"]["streetlight"] == {"unknown": 10}
        assert state["now"] == "2026-06-21T12:00:00Z"

        district.desk.record([dark_segment("C-1", subject="segment:S2")])
        told = listener.next("case")
        CaseTold.model_validate(told.data)
        assert told.id == told.data["event"]["seq"] == 2
        assert (told.data["event"]["event"], told.data["case"]["id"]) == ("opened", "C-1")

        state = listener.next("state").data
        assert state["cases"] == {"open": 2, "recovered": 0, "closed": 0, "overdue": 0}
        assert state["segments"]["S2"]["state"] == "dark", "its case is open"


def test_only_segments_that_changed_are_told_again(district: District, server: Server) -> None:
    with Listener(server.url, district.signed_in) as listener:
        listener.next("state")
        district.lamps_are({"S2-0": "dark"})
        state = listener.next("state").data
        while not state["segments"]:
            state = listener.next("state").data
        assert set(state["segments"]) == {"S1", "S2", "S3"}
        district.lamps_are({"S2-1": "dark", "S2-2": "dark", "S2-3": "dark"})
        state = listener.next("state").data
        while not state["segments"]:
            state = listener.next("state").data
        assert state["segments"] == {
            "S2": {"state": "dark", "lit": 1, "dark": 3, "off": 0, "silent": 0, "unknown": 0}
        }


def test_closing_a_case_is_told_at_once(district: District) -> None:
    district.desk.record([dark_segment()])
    with (
        Server(district.app, port=0) as server,
        Listener(server.url, district.signed_in) as listener,
    ):
        listener.next("state")
        close(district.desk, "C-1", DUSK)
        told = [listener.next("case").data for _ in range(2)]
        assert [one["event"]["event"] for one in told] == ["overridden", "closed"]
        assert [one["case"]["state"] for one in told] == ["closed", "closed"], "as it is now"


def test_a_client_that_comes_back_gets_what_it_missed(district: District, server: Server) -> None:
    with Listener(server.url, district.signed_in) as listener:
        listener.next("state")
        assert listener.last_id == 0, "given before any event, so that nothing can be missed"
        district.desk.record([dark_segment(f"C-{n}", DUSK + n) for n in range(3)])
        assert listener.cases(3) == [1, 2, 3]
    district.desk.record([dark_segment(f"C-{n}", DUSK + n) for n in range(3, 1_500)])
    with Listener(server.url, district.signed_in, listener.last_id) as again:
        assert again.cases(1_497) == list(range(4, 1_501))
        assert again.next("state").data["cases"]["open"] == 1_500
        district.desk.record([dark_segment("C-new")])
        assert again.cases(1) == [1_501]


def test_a_client_of_another_database_starts_from_now(district: District) -> None:
    district.desk.record([dark_segment()])
    with (
        Server(district.app, port=0) as server,
        Listener(server.url, district.signed_in, 999) as listener,
    ):
        listener.next("state")
        assert listener.last_id == 1
        district.desk.record([dark_segment("C-2")])
        assert listener.cases(1) == [2]


def test_coming_and_going_while_much_happens_misses_nothing_and_repeats_nothing(
    district: District, server: Server
) -> None:
    many = 400

    def record() -> None:
        for n in range(0, many, 5):
            district.desk.record([dark_segment(f"C-{one}", DUSK + one) for one in range(n, n + 5)])

    seen: list[int] = []
    last = 0
    recorder = threading.Thread(target=record)
    recorder.start()
    while len(seen) < many:
        with Listener(server.url, district.signed_in, last) as listener:
            seen += listener.cases(min(37, many - len(seen)))
            last = seen[-1]
    recorder.join()
    assert seen == list(range(1, many + 1))


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30])
def test_a_number_that_is_none_is_refused(district: District, last: str) -> None:
    response = district.call("GET", "/api/v1/stream", headers={"Last-Event-ID": last})
    assert response.status_code == 422
    assert [one["name"] for one in response.json()["errors"]] == ["last-event-id"]


def test_a_silent_stream_says_that_it_lives(
    district: District, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.eventstream.HEARTBEAT_S", 0.05)
    with Listener(server.url, district.signed_in) as listener:
        assert listener.next(":").data == "alive"


def test_who_leaves_is_forgotten(district: District, server: Server) -> None:
    with Listener(server.url, district.signed_in) as listener:
        listener.next("state")
        assert clients(district) == 1
    wait_until(lambda: clients(district) == 0, 5, "the client to be forgotten")


def test_a_client_that_does_not_read_is_dropped_and_holds_up_nobody(
    district: District, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.eventstream.LAST_WORD_S", 0.1)
    hub = district.app.state.parts.hub
    with socket.socket() as idle, Listener(server.url, district.signed_in) as reader:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        idle.connect(("127.0.0.1", server.port))
        said = "".join(f"{name}: {value}\r\n" for name, value in district.signed_in.items())
        idle.sendall(f"GET /api/v1/stream HTTP/1.1\r\nHost: here\r\n{said}\r\n".encode())
        wait_until(lambda: clients(district) == 2, 5, "both clients")
        reader.next("state")
        told = 0
        large = {"text": "x" * 200_000}
        while hub.dropped == 0:
            assert told < 200, "the idle client is never dropped"
            told += 1
            district.desk.record([dark_segment(f"C-{told}", evidence=large)])
            hub.wake()
            assert reader.cases(1) == [told]
        wait_until(lambda: clients(district) == 1, 5, "the idle client to be forgotten")
        assert hub.dropped == 1
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 2


def test_a_stream_waits_for_a_database_that_is_away(district: District, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    url = f"sqlite:///{folder}/cases.db"
    district.desk.close()
    district.desk = Desk(url)
    district.app = district.make_app()
    with Server(district.app, port=0) as server:
        hub = district.app.state.parts.hub
        wait_until(lambda: bool(hub.problem), 5, "the problem to be seen")
        health = district.get("health").json()
        assert health["status"] == "degraded"
        assert [(one["service"], one["code"]) for one in health["problems"]] == [("api", "stream")]
        with Listener(server.url, district.signed_in) as listener:
            folder.mkdir()
            upgrade(url)
            assert listener.next("state").data["cases"]["open"] == 0
            district.desk.record([dark_segment()])
            assert listener.cases(1) == [1]
        assert hub.problem == ""


def test_who_is_shut_out_hears_no_more(
    district: District, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.eventstream.CHECK_S", 0.05)
    district.role = "viewer"
    with Listener(server.url, district.signed_in) as listener:
        listener.next("state")
        assert clients(district) == 1
        district.accounts.change(name_of("viewer"), {"disabled": True}, By("test", 0))
        while listener.next(":").data != "signed out":
            pass
        listener.next("end")
    wait_until(lambda: clients(district) == 0, 5, "the client to be forgotten")


def test_a_stream_ends_with_its_shift(
    district: District, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.eventstream.CHECK_S", 0.05)
    with Listener(server.url, district.signed_in) as listener:
        listener.next("state")
        district.wall.ms += LIFE_S * SECOND
        listener.next("state")
        district.wall.ms += SHIFT_S * SECOND
        listener.next("end")


def test_an_account_has_so_many_streams_and_no_more(
    district: District, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.hub.MOST_OF_ONE", 2)
    district.role = "viewer"
    mine = district.signed_in
    with Listener(server.url, mine) as first, Listener(server.url, mine):
        first.next("state")
        wait_until(lambda: clients(district) == 2, 5, "both streams")
        refused = httpx.get(f"{server.url}/api/v1/stream", headers=mine)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
        assert refused.headers["content-type"] == "application/problem+json"
        assert "此账号" in refused.json()["detail_zh"]
        district.role = "operator"
        with Listener(server.url, district.signed_in) as another:
            another.next("state")
    wait_until(lambda: clients(district) == 0, 5, "all to have gone")
    with Listener(server.url, mine) as again:
        again.next("state")
