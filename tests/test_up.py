"""`xiuhua up --demo` as a newcomer starts it: a dark segment becomes a case, its people move cases
through every stage, Ctrl-C ends it all."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from cases.case import STAGES
from tests.cases.sinks import mail_sink
from tests.servers import ServerMissing, find_program, free_port, wait_until

FIRST_DARK_SEGMENT_S = 180
EVERY_STAGE_S = 400
MORNING = Path(__file__).with_name("morning.toml")


class Up:
    """The command in a process of its own."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.port = free_port()
        self._log = folder / "up.log"
        self._passwords = folder / "d" / "demo" / "passwords.json"
        self._signed_in: dict[str, str] = {}
        file = folder / "xiuhua.toml"
        file.write_text(settings)
        command = [sys.executable, "-m", "xiuhua", "up", "--demo", "--data-dir", str(folder / "d")]
        command += ["--config", str(file)]
        command += ["--api-port", str(self.port), "--mqtt-port", str(free_port())]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
            before = len(self._links())
        wait_until(self._answers, 60, "the API")
        wait_until(lambda: len(self._links()) > before, 20, "the link")

    def get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(self._url(path), headers=self._signed_in))

    def sign_in(self, name: str) -> None:
        """As the demo's account of that name."""
        form = {"username": name, "password": json.loads(self._passwords.read_text())[name]}
        data = urllib.parse.urlencode(form).encode()
        token = self._ask(urllib.request.Request(self._url("token"), data))["access_token"]
        self._signed_in = {"Authorization": f"Bearer {token}"}

    def use_link(self) -> int:
        """Opens the link that it printed, as the page does; the status of the answer."""
        request = urllib.request.Request(
            self._url("session/once"),
            json.dumps({"key": self._links()[-1]}).encode(),
            {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"},
        )
        try:
            return 200 if self._ask(request) else 0
        except urllib.error.HTTPError as error:
            return error.code

    def _links(self) -> list[str]:
        return re.findall(r"http://\S+/#key=(\S+)", self._log.read_text())

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/{path}"

    def _ask(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=5) as got:
            return json.load(got)

    def cases(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("cases?limit=1000")["items"]
        return items

    def dark_segment(self) -> bool:
        return any(case["type"] == "streetlight.segment_unlit" for case in self.cases())

    def interrupt(self) -> str:
        """Ctrl-C; what it said until it ended."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
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
    try:
        find_program(["mosquitto"], "mosquitto")
    except ServerMissing as missing:
        pytest.skip(str(missing))
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
    up = Up(folder)
    assert (up.use_link(), up.use_link()) == (200, 401)
    up.sign_in("viewer")
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
    assert said.rstrip().endswith("stopping"), said
    assert not any(child.is_running() for child in children)

    again = Up(folder)
    assert again.use_link() == 200
    again.sign_in("handler")
    after = {case["id"]: case["opened_at"] for case in again.cases()}
    assert before.items() <= after.items()
    assert again.get("health")["now"] > clock
    assert again.interrupt().count("Traceback") == 0


@pytest.mark.server
def test_the_people_of_a_demo_move_cases_through_every_stage(folder: Path) -> None:
    with mail_sink() as mails:
        news = f"mailto://127.0.0.1:{mails.port}?mode=insecure&from=city@example.com"
        up = Up(
            folder,
            f"demo = {{ scenario = {str(MORNING)!r}, speed = 600 }}\n"
            f"reports.news = {{ mail = {news!r}, quiet = ['03:00', '03:01'] }}\n",
        )
        up.sign_in("viewer")
        stages: set[str] = set()
        ends: set[str] = set()

        def seen() -> bool:
            cases = up.cases()
            stages.update(case["stage"] for case in cases)
            ends.update(case["how"] for case in cases if case["how"])
            reworked = any(case["reworks"] for case in cases)
            told = any("现场核查确认已解决" in mails.text(n) for n in range(len(mails.mails)))
            return stages >= set(STAGES) and ends >= {"verified", "confirmed"} and reworked and told

        wait_until(seen, EVERY_STAGE_S, "every stage, verified and confirmed, reworked and told")
        assert up.get("health")["services"]["rules"]["unknown_devices"] == 0
        said = up.interrupt()
    assert up.process.returncode == 0, said
    assert "Traceback" not in said, said
