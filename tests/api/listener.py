"""A client of the stream: a thread that reads a real connection, event by event."""

from __future__ import annotations

import json
import queue
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """One event; ``name`` is empty for a bare id, ``:`` for a comment."""

    name: str
    id: int | None
    data: Any


class Listener:
    """Connects at once, as a browser does with the last id it was given.

    ``signed_in`` is the header that says who listens.
    """

    def __init__(
        self, url: str, signed_in: dict[str, str], last_event_id: int | None = None
    ) -> None:
        headers = dict(signed_in)
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        self.last_id = last_event_id
        self._told: queue.Queue[Told] = queue.Queue()
        self._client = httpx.Client(timeout=httpx.Timeout(WITHIN_S))
        request = self._client.build_request("GET", f"{url}/api/v1/stream", headers=headers)
        self.response = self._client.send(request, stream=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def next(self, name: str) -> Told:
        """The next event of that name, passing over others."""
        while True:
            told = self._told.get(timeout=WITHIN_S)
            if told.id is not None:
                self.last_id = told.id
            if told.name == name:
                return told

    def cases(self, many: int) -> list[int]:
        """The numbers of the next case events."""
        return [self.next("case").id or 0 for _ in range(many)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Wakes the reading thread, which closing alone does not.
        connection = self.response.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(WITHIN_S)
        self.response.close()
        self._client.close()

    def _read(self) -> None:
        lines: list[str] = []
        try:
            for line in self.response.iter_lines():
                if line:
                    lines.append(line)
                elif lines:
                    self._told.put(_parsed(lines))
                    lines = []
        except (httpx.HTTPError, httpx.StreamError, OSError):
            return  # closed from either side
        self._told.put(Told("end", None, None))


def _parsed(lines: list[str]) -> Told:
    if lines[0].startswith(":"):
        return Told(":", None, lines[0][1:].strip())
    fields = dict(line.split(": ", 1) for line in lines)
    number = fields.get("id")
    data = fields.get("data")
    return Told(
        fields.get("event", ""),
        None if number is None else int(number),
        None if data is None else json.loads(data),
    )
