"""Requests whose headers never end, or are never told to the end."""

from __future__ import annotations

import socket

import httpx
import pytest

from api import heads
from api.serve import Server
from tests.api.district import District

BEGUN = b"GET /api/v1/health HTTP/1.1\r\nHost: here\r\nX-Long: "


def answer_to(server: Server, *parts: bytes) -> bytes:
    """All that comes back until the server closes the connection; it is not closed from here."""
    got = b""
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            while more := connection.recv(65_536):
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
    monkeypatch.setattr(heads, "WITHIN_S", 0.2)
    with Server(district.app, port=0) as server:
        assert answer_to(server) == b""
        assert answer_to(server, BEGUN) == b""
        whole = b"GET /api/v1/health HTTP/1.1\r\nHost: here\r\n\r\n"
        assert answer_to(server, whole, BEGUN).startswith(b"HTTP/1.1 200")
