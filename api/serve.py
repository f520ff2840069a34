"""Runs the app with uvicorn, in the foreground or beside other work, and stops at once."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Collection
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from api.connection import BoundedProtocol
from facility.errors import UsageError

GRACE_S = 1
"""How long requests under way may take when the server stops; streams end before."""


class Server:
    """One app on one port, which is taken when it is made, or before: ``listener``, see `listen`.

    ``run`` serves here until :meth:`stop`, or Ctrl-C in the main thread; ``start`` does so on a
    thread of its own and returns when the server answers. Either is done once.
    """

    def __init__(
        self,
        app: FastAPI,
        host: str = "127.0.0.1",
        port: int = 8080,
        listener: socket.socket | None = None,
    ) -> None:
        self._socket = listener or listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(app)
        self._serving: threading.Thread | None = None
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = "localhost" if _is_any(self.host) else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def connections(self) -> Collection[object]:
        """Those that stand now."""
        return self._server.server_state.connections

    def run(self) -> None:
        """Serves until it is stopped. KeyboardInterrupt when that was by Ctrl-C."""
        self._serving = threading.current_thread()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self._ended.set()

    def start(self) -> None:
        """Serves on a thread. RuntimeError where the app did not start; its log says why."""
        threading.Thread(target=self.run, name="api", daemon=True).start()
        self._server.answering.wait()
        if not self._server.started:
            raise RuntimeError("the API did not start; its log says why")

    def stop(self) -> None:
        """Ends streams and requests, and returns when all has ended.

        From any thread; in the one that serves, as a signal handler does, it does not wait.
        """
        self._server.should_exit = True
        if self._serving is None:
            self._socket.close()
        elif self._serving is not threading.current_thread():
            self._ended.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Tells the streams to end before it waits for the connections, which they keep open."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._app = app
        self.answering = threading.Event()
        """Set when the server answers, or never will."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.answering.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.parts.hub.close()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            # Whoever has not read what was sent by now: do not wait for them.
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        await asyncio.sleep(0)


def _is_any(host: str) -> bool:
    """Whether it means every address of the machine."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Takes the port. UsageError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    # Not on Windows, where it would share the port with whoever has it.
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use; choose another with --api-port") from error
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --api-port"
        ) from error
    except OverflowError as error:
        listener.close()
        raise UsageError(f"{port} is not a port; choose 1-65535 with --api-port") from error
    return listener
