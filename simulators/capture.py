"""Writes a recording of a scenario without a broker, as fast as the machine can."""

from __future__ import annotations

import sys
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from facility.clock import HOUR
from facility.errors import UsageError
from facility.whole_file import whole
from simulators import geojson
from simulators.delivery import Messages
from simulators.encoder import arrival_texts
from simulators.faults.truth import truth
from simulators.physics.reports import local_offset
from simulators.run import Run
from simulators.scenario import Scenario

# What a subscriber sees of a retained message at the moment it is published has no retain flag.
_LINE = '{"tst":"%s","topic":"%s","qos":1,"retain":0,"payloadlen":%d,"payload":"%s"}\n'


@dataclass(frozen=True, slots=True)
class Captured:
    """What was written."""

    messages: int
    faults: int
    start_ms: int
    end_ms: int


def capture(
    scenario: Scenario,
    out: str,
    *,
    truth_path: Path | None = None,
    inventory_path: Path | None = None,
    grid_path: Path | None = None,
    start_ms: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Captured:
    """Writes the scenario's recording to ``out`` (``-`` for standard output, ``.gz`` compressed).

    Lines are what ``mosquitto_sub -F '%j'`` prints, in order of arrival. The files are there once
    all are whole, so that a truth is never of another recording. ``on_progress`` hears of
    the time reached (ms) and the messages written so far. UsageError where a file cannot be
    written.
    """
    run = Run(scenario, start_ms)
    end = run.start_ms + round(scenario.hours * HOUR)
    told = truth(scenario, run.fleet, run.plan, run.start_ms, end)
    offset = local_offset(scenario.zone, run.start_ms)
    count = 0
    with ExitStack() as files:
        if inventory_path:
            _begin(files, inventory_path, geojson.inventory(run.fleet))
        if grid_path:
            _begin(files, grid_path, geojson.grid(run.fleet))
        if truth_path:
            text = msgspec.json.format(msgspec.json.encode(told), indent=1)
            _begin(files, truth_path, text + b"\n")
        write = files.enter_context(_opened(out))
        for until, window in run.windows():
            kept = _before(window, end)
            write(_lines(kept, offset))
            count += len(kept)
            if on_progress:
                on_progress(min(until, end), count)
            if until >= end:
                break
    return Captured(count, len(told["faults"]), run.start_ms, end)


def _before(window: Messages, end: int) -> Messages:
    if not window.arrived or window.arrived[-1] < end:
        return window
    return window.take(range(bisect_left(window.arrived, end)))


def _lines(window: Messages, offset: int) -> bytes:
    stamps = arrival_texts(np.array(window.arrived, dtype=np.int64), offset)
    # Payloads are ASCII and hold no backslash, so quotes are all there is to escape.
    return "".join(
        [
            _LINE % (stamp, topic, len(payload), payload.replace('"', '\\"'))
            for stamp, topic, payload in zip(stamps, window.topics, window.payloads, strict=True)
        ]
    ).encode()


def _begin(files: ExitStack, path: Path, content: bytes) -> None:
    """Writes a file that takes its place when ``files`` is closed."""
    try:
        files.enter_context(whole(path)).write(content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def _opened(out: str) -> Iterator[Callable[[bytes], object]]:
    """A function that appends to the recording."""
    if out == "-":
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    try:
        with whole(Path(out)) as file:
            if not out.endswith(".gz"):
                yield file.write
                return
            # A gzip header without time and name: the same recording is the same bytes.
            packer = zlib.compressobj(level=1, wbits=31)
            yield lambda content: file.write(packer.compress(content))
            file.write(packer.flush())
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
