"""Ctrl-C and pipes that are closed, on real processes: a quiet end, and no half of a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from simulators import geojson
from simulators.fleet import build
from simulators.scenario import load

ENDED_BY_CTRL_C = 130
PIPE_CLOSED = 141


@contextmanager
def command(*arguments: object, folder: Path, out: int) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own, as its users run it: with Python's own buffers."""
    environment = {name: v for name, v in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = [sys.executable, "-m", "xiuhua", *map(str, arguments)]
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    with subprocess.Popen(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_of(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


@pytest.mark.parametrize("words", ["simulate street --capture -", "rules check"])
def test_a_pipe_that_nobody_reads_any_more_is_no_error(words: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with command(*words.split(), folder=tmp_path, out=writer) as process:
        os.close(writer)
        _, said = process.communicate()
    assert (process.returncode, said) == (PIPE_CLOSED, b"")


def test_ctrl_c_ends_a_replay_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "i.geojson").write_bytes(geojson.inventory(build(load("street"))))
    words = ["replay", "-", "--inventory", "i.geojson"]
    with command(*words, folder=tmp_path, out=subprocess.PIPE) as process:
        assert b"rows" in lines_of(process.stderr).readline()
        # It has begun, and waits for a recording that does not come.
        process.send_signal(signal.SIGINT)
        said = lines_of(process.stderr).read()
        assert process.wait() == ENDED_BY_CTRL_C
    assert said == b""


def test_ctrl_c_leaves_no_half_of_a_recording(tmp_path: Path) -> None:
    """The recording is written into a pipe that is full at once, so it is at work for sure."""
    (tmp_path / "truth.json").write_text("of another recording")
    words = ["simulate", "street", "--capture", "-", "--truth", "truth.json"]
    words += ["--inventory", "i.geojson"]
    with command(*words, folder=tmp_path, out=subprocess.PIPE) as process:
        assert lines_of(process.stdout).read(1)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == ENDED_BY_CTRL_C
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "truth.json": "of another recording"
    }
