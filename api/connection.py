"""How much and how long a connection may take: to say what it asks for, and to take the answer.

uvicorn keeps request lines and headers in memory for as long as they come, waits for ever for a
request that never ends, and keeps an answer that nobody reads: a single connection could fill the
memory, a thousand use up the open files.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from operator import itemgetter

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024
"""Of one request's line and headers; a little more may have been read by then."""

HEAD_WITHIN_S = 20.0
"""From the connection, or a request's first byte, to the end of its headers."""

BODY_WITHIN_S = 300.0
"""From there to the end of its body: 50 kB a second for the largest that is taken."""

READS_WITHIN_S = 30.0
READS_AT_LEAST = 16 * 1024
"""An answer that waits must get on by as many bytes in that time: half a kilobyte a second."""

GONE_AFTER_S = 60
"""What was sent and never acknowledged: the other side is not there any more."""

MOST_CONNECTIONS = 700
"""At a time; a process may have 1,024 files open where nobody says otherwise, and needs some. For
one more the one is closed that has been at its request for longest."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which closes a connection that goes past these bounds."""

    asking_since: float | None = None
    """Since when a request is on its way here (s, monotonic); None once it is whole."""

    _in_head = True
    _read = 0
    _request: asyncio.TimerHandle | None = None
    _answer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS and not self._make_room():
            transport.abort()
            return
        _give_up_on_the_gone(transport)
        self.asking_since = time.monotonic()
        self._ends_within(HEAD_WITHIN_S)

    def give_up(self) -> None:
        """Closes the connection at once."""
        self._no_request()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_request()
        self._no_answer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        in_head = self._in_head
        super().data_received(data)
        # Data that a head ends or begins in is not counted: it has more than the head in it.
        if in_head and self._in_head:
            self._read += len(data)
            if self._read > MOST_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._read = True, 0
        if self._request is None:
            self.asking_since = time.monotonic()
            self._ends_within(HEAD_WITHIN_S)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._ends_within(BODY_WITHIN_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._no_request()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The transport has more of an answer than the network takes."""
        super().pause_writing()
        self._reads_on()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._no_answer()

    def _make_room(self) -> bool:
        """Closes the connection that has been asking for longest; False where all have asked."""
        asking = [
            (one.asking_since, one)
            for one in self.connections
            if isinstance(one, BoundedProtocol) and one.asking_since is not None
        ]
        if not asking:
            return False
        _, slowest = min(asking, key=itemgetter(0))
        slowest.give_up()
        return True

    def _ends_within(self, seconds: float) -> None:
        self._stop_waiting()
        self._request = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._request is not None:
            self._request.cancel()
            self._request = None

    def _no_request(self) -> None:
        self.asking_since = None
        self._stop_waiting()

    def _reads_on(self) -> None:
        waits = self.transport.get_write_buffer_size()
        self._answer = self.loop.call_later(READS_WITHIN_S, self._has_read, waits)

    def _has_read(self, waited: int) -> None:
        if self.transport.get_write_buffer_size() > waited - READS_AT_LEAST:
            self.transport.abort()
        else:
            self._reads_on()

    def _no_answer(self) -> None:
        if self._answer is not None:
            self._answer.cancel()
            self._answer = None


def _give_up_on_the_gone(transport: asyncio.Transport) -> None:
    """Lets the kernel end a connection to who went without a word, where it can (Linux)."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        with suppress(OSError):  # it is gone already
            transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER_S * 1000
            )
