"""The doctor: it finds the broker that loses messages, and the parts that are in order."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

import xiuhua
from tests.servers import Mosquitto, free_port


class Untuned(Mosquitto):
    """Mosquitto as it comes: 20 messages in flight, 1,000 queued."""

    def command(self) -> list[str]:
        return [self._program, "-p", str(self.port)]


def doctor(data: Path, broker: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = xiuhua.main(["doctor", "--data-dir", str(data), "--mqtt", broker])
    return status, out.getvalue()


@pytest.mark.server
def test_a_broker_that_loses_messages_fails(tmp_path: Path, mosquitto: Mosquitto) -> None:
    assert mosquitto.url
    broker = Untuned()
    broker.start()
    try:
        status, said = doctor(tmp_path, broker.url)
    finally:
        broker.remove()
    assert status == 1
    assert "fail  broker" in said
    assert "keeps only 1,000 messages" in said
    assert "warn  broker" in said
    assert "lets 20 messages be unacknowledged" in said


def test_what_is_in_order_is_said_so(tmp_path: Path, mosquitto: Mosquitto) -> None:
    status, said = doctor(tmp_path, mosquitto.url)
    broker = [line for line in said.splitlines() if "broker" in line]
    assert all(line.startswith("ok") for line in broker), said
    assert "ok    readings: duckdb, none yet" in said
    assert "ok    cases: none yet" in said
    assert "warn  inventory: empty; bring one in with" in said
    assert status == int("fail" in said)


def test_no_broker_is_said_with_what_to_do(tmp_path: Path) -> None:
    status, said = doctor(tmp_path, f"mqtt://127.0.0.1:{free_port()}")
    assert status == 1
    assert "fail  broker: no MQTT broker at" in said
    assert "ok    cases" in said
    assert list(tmp_path.iterdir()) == []
