"""Asking a server over HTTP at a fixed rate, for benchmarks.

The questions are due at even times whether or not the ones before have been answered, and an answer
is timed from when its question was due: what a slow answer holds up is counted against it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: what was asked, how long after it was due it was there (s), and its size."""

    name: str
    took_s: float
    status: int
    size: int
    body: bytes


class Asker:
    """Connections to one server that are kept open."""

    def __init__(self, url: str, token: str, connections: int = 32) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._head = f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
        self._free: asyncio.Queue[_Line | None] = asyncio.Queue()
        for _ in range(connections):
            self._free.put_nowait(None)

    async def ask(
        self, path: str, name: str = "", due: float | None = None, more: str = ""
    ) -> Answered:
        """One answer, once a connection is free."""
        due = time.perf_counter() if due is None else due
        line = await self._free.get()
        try:
            if line is None:
                line = _Line(*await asyncio.open_connection(self._host, self._port, limit=2**24))
            status, body = await line.ask(f"GET {path} HTTP/1.1\r\n{self._head}{more}\r\n".encode())
        finally:
            self._free.put_nowait(line)
        return Answered(name, time.perf_counter() - due, status, len(body), body)

    async def ask_all(self, questions: Iterable[tuple[str, str]], rate: float) -> list[Answered]:
        """The answers to (name, path), so many asked a second."""
        asked: list[asyncio.Task[Answered]] = []
        begin = time.perf_counter()
        for n, (name, path) in enumerate(questions):
            due = begin + n / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            asked.append(asyncio.create_task(self.ask(path, name, due)))
        return await asyncio.gather(*asked)


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self.writer.write(request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
        body = await self.reader.readexactly(int(length.partition(":")[2]))
        return int(head.split(" ", 2)[1]), body
