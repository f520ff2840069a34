"""Captures: what ``mosquitto_sub -F '%j'`` (or ``'%J'``) prints, read back as messages.

One JSON object a line with ``tst`` (time of arrival), ``topic`` and ``payload``: text with ``%j``,
the JSON itself with ``%J``. ``-`` is standard input; ``.gz`` is read as such.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from facility.clock import from_rfc3339
from facility.errors import UsageError
from ingest.messages import Messages

_CHUNK_BYTES = 1 << 20
_QUOTE = ord('"')
_FRACTION_END = len("2026-06-21T19:41:00.123456")
_TOLD = 10


class _Text(msgspec.Struct, gc=False):
    tst: str
    topic: str
    payload: str


class _Json(msgspec.Struct, gc=False):
    tst: str
    topic: str
    payload: msgspec.Raw


_texts = msgspec.json.Decoder(_Text).decode_lines
_jsons = msgspec.json.Decoder(_Json).decode_lines
_text = msgspec.json.Decoder(str).decode


@dataclass(slots=True)
class Capture:
    """A recording. ``bad`` holds (line number, reason) of the first unreadable lines."""

    path: str
    lines: int = 0
    skipped: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)

    def messages(self) -> Iterator[Messages]:
        """The recording in pieces, in the order of its lines.

        UsageError where the file is not there or cut off in its compression.
        """
        with _opened(self.path) as file:
            while chunk := _lines(file, self.path):
                try:
                    messages = _to_messages(b"".join(chunk))
                    self.lines += len(chunk)
                except ValueError:
                    # A line of it is bad: which one, and what is wrong with it?
                    messages = _to_messages(b"".join(self._good_lines(chunk)))
                yield messages

    def _good_lines(self, chunk: list[bytes]) -> list[bytes]:
        good = []
        for raw in chunk:
            self.lines += 1
            try:
                _to_messages(raw)
                good.append(raw)
            except ValueError as error:
                self.skipped += 1
                if len(self.bad) < _TOLD:
                    self.bad.append((self.lines, str(error)))
        return good


def _to_messages(data: bytes) -> Messages:
    """The messages of some lines. ValueError where one is none, or its ``tst`` no time."""
    lines: Sequence[_Text | _Json]
    payloads: list[bytes | str]
    try:
        lines = texts = _texts(data)
        payloads = [line.payload for line in texts]
    except msgspec.ValidationError:
        # With %J a payload is the JSON itself, and a recording may have both.
        lines = jsons = _jsons(data)
        raws = [bytes(line.payload) for line in jsons]
        payloads = [_text(raw) if raw[0] == _QUOTE else raw for raw in raws]
    return Messages(
        [line.topic for line in lines], payloads, _arrivals([line.tst for line in lines])
    )


def _arrivals(stamps: list[str]) -> list[int]:
    """Milliseconds of times like ``2026-06-21T19:41:00.123456Z+0800``, as mosquitto_sub writes."""
    zones = {stamp[26:] for stamp in stamps}
    if len(zones) == 1 and all(len(stamp) > _FRACTION_END for stamp in stamps):
        # One numpy call for all of them; the offset is worked out once.
        local = np.array([stamp[:23] for stamp in stamps], dtype="datetime64[ms]")
        sample = stamps[0][:19] + zones.pop().replace("Z+", "+").replace("Z-", "-")
        offset = from_rfc3339(sample) - int(np.datetime64(stamps[0][:19], "ms").astype(np.int64))
        arrived: list[int] = (local.astype(np.int64) + offset).tolist()
        return arrived
    return [from_rfc3339(stamp.replace("Z+", "+").replace("Z-", "-")) for stamp in stamps]


def _lines(file: BinaryIO, path: str) -> list[bytes]:
    try:
        return file.readlines(_CHUNK_BYTES)
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
