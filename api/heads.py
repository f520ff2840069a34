"""How much and how long a connection may take to say what it asks for.

uvicorn keeps request lines and headers in memory for as long as they come, and waits for ever for
one that never ends: a single connection could fill the memory, a thousand use up the open files.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024
"""Of one request's line and headers; a little more may have been read by then."""

WITHIN_S = 20.0
"""From the connection, or a request's first byte, to the end of its headers."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which closes a connection that goes past these bounds."""

    _in_head = True
    _read = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = self.loop.call_later(WITHIN_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
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
        if self._timer is None:
            self._timer = self.loop.call_later(WITHIN_S, self.transport.close)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
