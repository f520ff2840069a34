"""Captures: what ``mosquitto_sub -F '%j'`` (or ``'%J'``) prints, read back as messages.

One JSON object a line with ``tst`` (time of arrival), ``topic`` and ``payload``: text with ``%j``,
the JSON itself with ``%J``. ``-`` is standard input; ``.gz`` is read as such.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from facility.clock import from_rfc3339
from facility.errors import UsageError
from ingest.messages import Messages

_CHUNK_LINES = 4_000
_QUOTE = ord('"')


class _Line(msgspec.Struct, gc=False):
    tst: str
    topic: str
    payload: msgspec.Raw


@dataclass(slots=True)
class Capture:
    """A recording. ``bad`` holds (line number, reason) of the first unreadable lines."""

    path: str
    lines: int = 0
    skipped: int = 0
    bad: list[tuple[int, str]] | None = None

    def messages(self) -> Iterator[Messages]:
        """The recording in pieces, in the order of its lines.

        UsageError where the file is not there or cut off in its compression.
        """
        self.bad = []
        text = msgspec.json.Decoder(str).decode
        line_of = msgspec.json.Decoder(_Line).decode
        clock = _ArrivalClock()
        with _opened(self.path) as file:
            topics: list[str] = []
            payloads: list[bytes | str] = []
            arrived: list[int] = []
            while chunk := _lines(file, self.path):
                for raw in chunk:
                    self.lines += 1
                    try:
                        line = line_of(raw)
                        at = clock.read(line.tst)
                        payload = bytes(line.payload)
                        arrived.append(at)
                        payloads.append(text(payload) if payload[0] == _QUOTE else payload)
                        topics.append(line.topic)
                    except (msgspec.DecodeError, ValueError) as error:
                        self._skip(raw, error)
                yield Messages(topics, payloads, arrived)
                topics, payloads, arrived = [], [], []

    def _skip(self, raw: bytes, error: Exception) -> None:
        if not raw.strip():
            return
        self.skipped += 1
        if self.bad is not None and len(self.bad) < 10:
            self.bad.append((self.lines, str(error)))


class _ArrivalClock:
    """Reads ``tst``; the second it falls in is worked out once."""

    def __init__(self) -> None:
        self._second = ""
        self._zone = ""
        self._ms = 0

    def read(self, tst: str) -> int:
        """Milliseconds of ``2026-06-21T19:41:00.123456Z+0800``, as mosquitto_sub writes it."""
        if tst[:19] != self._second or tst[26:] != self._zone:
            fraction = tst[19:26] if tst[19:20] == "." else ""
            self._ms = from_rfc3339(tst[:19] + tst[19 + len(fraction) :].replace("Z+", "+"))
            self._second, self._zone = tst[:19], tst[26:]
        return self._ms + int(tst[20:23]) if tst[19:20] == "." else self._ms


def _lines(file: BinaryIO, path: str) -> list[bytes]:
    try:
        return file.readlines(_CHUNK_LINES * 256)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(
            f"{path}: the compressed recording is damaged or cut off: {error}"
        ) from None


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            file: io.BufferedReader = stack.enter_context(Path(path).open("rb"))
        except OSError as error:
            raise UsageError(f"cannot read the capture {path}: {error.strerror}") from None
        if path.endswith(".gz"):
            unpacked = stack.enter_context(gzip.GzipFile(fileobj=file))
            file = io.BufferedReader(unpacked, 1 << 20)
        yield file
