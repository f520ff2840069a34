"""The server itself: its port, and how it ends."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import pytest

from api.serve import Server
from facility.errors import UsageError
from tests.api.district import District
from tests.servers import wait_until


def test_it_answers_and_ends(district: District) -> None:
    with Server(district.app, port=0) as server:
        assert server.port > 0
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{server.url}/api/v1/health").json()["status"] == "ok"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/api/v1/health")


def test_in_the_foreground_it_serves_until_it_is_stopped(district: District) -> None:
    server = Server(district.app, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert httpx.get(f"{server.url}/api/v1/health").status_code == 200
    server.stop()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_in_use_is_one_clear_line(district: District, host: str) -> None:
    with socket.socket() as other:
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            UsageError, match=f"^port {port} is in use; choose another with --api-port$"
        ):
            Server(district.app, host, port)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("203.0.113.1", 8_080)])
def test_an_address_that_is_not_ours_is_one_clear_line(
    district: District, host: str, port: int
) -> None:
    with pytest.raises(UsageError, match="--api-port"):
        Server(district.app, host, port)


def test_every_address_is_shown_as_one_that_a_browser_can_open(district: District) -> None:
    server = Server(district.app, "0.0.0.0", 0)
    assert server.url == f"http://localhost:{server.port}"
    server.stop()


def test_it_stops_at_once_with_browsers_connected(district: District) -> None:
    server = Server(district.app, port=0)
    server.start()
    hub = district.app.state.parts.hub
    ends: list[float] = []

    def browse() -> None:
        url, headers = f"{server.url}/api/v1/stream", district.signed_in
        with httpx.stream("GET", url, headers=headers) as response:
            *_, last = (line for line in response.iter_lines() if line)
        assert last == ": the server stops"
        ends.append(time.monotonic())

    browsers = [threading.Thread(target=browse) for _ in range(3)]
    for browser in browsers:
        browser.start()
    wait_until(lambda: hub.clients == 3, 5, "three browsers")
    started = time.monotonic()
    server.stop()
    took = time.monotonic() - started
    for browser in browsers:
        browser.join(5)
    assert took < 2
    assert len(ends) == 3
