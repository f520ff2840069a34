"""`xiuhua up --demo` as a newcomer starts it: a dark segment becomes a case, Ctrl-C ends it all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.servers import ServerMissing, find_program, free_port, wait_until

FIRST_DARK_SEGMENT_S = 180


class Up:
    """The command in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._log = folder / "up.log"
        command = [sys.executable, "-m", "xiuhua", "up", "--demo", "--data-dir", str(folder / "d")]
        command += ["--api-port", str(self.port), "--mqtt-port", str(free_port())]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._answers, 60, "the API")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=5
        ) as got:
            return json.load(got)

    def cases(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("cases?limit=1000")["items"]
        return items

    def dark_segment(self) -> bool:
        return any(case["type"] == "streetlight.segment_unlit" for case in self.cases())

    def interrupt(self) -> str:
        """Ctrl-C; what it said until it ended."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)
        return self._log.read_text()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self._log.read_text())
        try:
            self.get("health")
        except OSError:
            return False
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for process in psutil.process_iter():
        if str(tmp_path) in " ".join(_command(process)):
            process.kill()


def _command(process: psutil.Process) -> list[str]:
    try:
        line: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return line


@pytest.mark.server
def test_the_demo_shows_a_dark_segment_and_remembers_it(folder: Path) -> None:
    try:
        find_program(["mosquitto"], "mosquitto")
    except ServerMissing as missing:
        pytest.skip(str(missing))
    up = Up(folder)
    wait_until(up.dark_segment, FIRST_DARK_SEGMENT_S, "a dark segment")
    health = up.get("health")
    assert health["status"] == "ok", health
    assert health["services"]["ingest"]["quarantined"] == 0
    assert health["services"]["rules"]["unknown_devices"] == 0
    segments = up.get("segments")["features"]
    assert any(segment["properties"]["state"] == "dark" for segment in segments)
    lamp = next(c for c in up.cases() if c["type"] == "streetlight.segment_unlit")["members"][0]
    assert up.get(f"assets/{lamp}/readings")["ts"]

    children = psutil.Process(up.process.pid).children(recursive=True)
    assert len(children) >= 2
    before = {case["id"]: case["opened_at"] for case in up.cases()}
    clock = up.get("health")["now"]
    said = up.interrupt()
    assert up.process.returncode == 0, said
    assert "Traceback" not in said, said
    assert not any(child.is_running() for child in children)

    again = Up(folder)
    after = {case["id"]: case["opened_at"] for case in again.cases()}
    assert before.items() <= after.items()
    assert again.get("health")["now"] > clock
    assert again.interrupt().count("Traceback") == 0
