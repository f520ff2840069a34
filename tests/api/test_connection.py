"""Requests that never end, answers that nobody reads, and connections without number."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import httpx
import pytest

from api import connection
from api.serve import Server
from tests.api.district import District, dark_segment
from tests.api.listener import Listener
from tests.servers import wait_until

BEGUN = b"GET /api/v1/health HTTP/1.1\r\nHost: here\r\nX-Long: "


def answer_to(server: Server, *parts: bytes) -> bytes:
    """All that comes back until the server closes the connection; it is not closed from here."""
    got = b""
    with socket.create_connection((server.host, server.port), timeout=10) as line:
        try:
            for part in parts:
                line.sendall(part)
            while more := line.recv(65_536):
                got += more
        except ConnectionError:
            pass
    return got


def test_headers_without_end_are_not_kept(district: District) -> None:
    with Server(district.app, port=0) as server:
        assert answer_to(server, BEGUN, *[b"x" * 65_536] * 64) == b""
        assert httpx.get(f"{server.url}/api/v1/health", headers={"X": "x" * 8_000}).is_success


def test_who_does_not_come_to_the_end_is_not_waited_for(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_WITHIN_S", 0.2)
    with Server(district.app, port=0) as server:
        assert answer_to(server) == b""
        assert answer_to(server, BEGUN) == b""
        whole = b"GET /api/v1/health HTTP/1.1\r\nHost: here\r\n\r\n"
        assert answer_to(server, whole, BEGUN).startswith(b"HTTP/1.1 200")


def test_a_body_that_does_not_come_to_its_end_is_not_waited_for(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BODY_WITHIN_S", 0.2)
    head = b"POST /api/v1/token HTTP/1.1\r\nHost: here\r\nContent-Length: 9000\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername="
    with Server(district.app, port=0) as server:
        assert answer_to(server, head, form) == b""
        assert httpx.get(f"{server.url}/api/v1/health").is_success


def test_an_answer_that_nobody_reads_is_not_kept(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "READS_WITHIN_S", 0.2)
    district.desk.record([dark_segment(evidence={"text": "x" * 8_000_000})])
    said = "".join(f"{name}: {value}\r\n" for name, value in district.signed_in.items())
    ask = f"GET /api/v1/cases/C-1 HTTP/1.1\r\nHost: here\r\n{said}\r\n".encode()
    with Server(district.app, port=0) as server, socket.socket() as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        idle.connect((server.host, server.port))
        idle.sendall(ask)
        held = server.connections
        wait_until(lambda: len(held) == 1, 5, "the connection")
        wait_until(lambda: not held, 5, "the connection to be given up")
        whole = httpx.get(f"{server.url}/api/v1/cases/C-1", headers=district.signed_in)
        assert len(whole.content) > 16_000_000


def test_for_one_connection_too_many_the_slowest_to_ask_is_closed(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 3)
    with Server(district.app, port=0) as server, ExitStack() as stack:
        address = (server.host, server.port)
        slow = [
            stack.enter_context(socket.create_connection(address, timeout=10)) for _ in range(3)
        ]
        for one in slow:
            one.sendall(BEGUN)
        wait_until(lambda: len(server.connections) == 3, 5, "three connections")
        assert httpx.get(f"{server.url}/api/v1/health").is_success
        assert slow[0].recv(1) == b"", "closed"
        assert len(server.connections) <= 3


def test_who_has_asked_is_not_closed_for_who_has_not(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 1)
    with (
        Server(district.app, port=0) as server,
        Listener(server.url, district.signed_in) as listener,
    ):
        listener.next("state")
        assert answer_to(server, BEGUN) == b""
        listener.next("state")
