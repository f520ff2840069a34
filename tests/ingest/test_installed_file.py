"""What was learned of sensors outlives a restart, and people can change it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import xiuhua
from facility.errors import UsageError
from ingest.installed_file import RememberingPipeline, Wish, ask, record_of
from ingest.messages import Messages
from tests.servers import wait_until

DEVICE = "24e124000000abcd"
TOPIC = f"application/1/device/{DEVICE}/event/up"


def depth(pipeline: RememberingPipeline) -> dict[str, float]:
    """An EM500-SWL says: 2 cm of water, battery 100 %."""
    event = {
        "deviceInfo": {"devEui": DEVICE, "deviceProfileName": "EM500-SWL"},
        "fPort": 85,
        "data": base64.b64encode(bytes.fromhex("01756403770200")).decode(),
        "time": "2026-06-21T12:00:00Z",
    }
    arrived = 1_782_043_260_000
    decoded = pipeline.decode(Messages([TOPIC], [json.dumps(event).encode()], [arrived]))
    [batch] = decoded.batches
    return {name: float(column[0]) for name, column in batch.columns.items()}


def test_a_number_that_is_told_is_kept_over_a_restart(tmp_path: Path) -> None:
    (tmp_path / "one.spool").touch()
    record = record_of(tmp_path / "one.spool")
    first = RememberingPipeline("facility", record)
    assert "water_m" not in depth(first)
    told = ["profile", "set", DEVICE, "sensor_depth_m", "3", "--data-dir", str(tmp_path)]
    assert xiuhua.main(told) == 0
    first.keep()
    assert depth(first)["water_m"] == pytest.approx(-2.98)

    second = RememberingPipeline("facility", record)
    assert depth(second)["water_m"] == pytest.approx(-2.98)


def test_a_running_pipeline_picks_it_up_by_itself(tmp_path: Path) -> None:
    (tmp_path / "one.spool").touch()
    pipeline = RememberingPipeline("facility", record_of(tmp_path / "one.spool"))
    depth(pipeline)
    assert ask(tmp_path, Wish(DEVICE, "sensor_depth_m", 3)) == 1
    wait_until(lambda: "water_m" in depth(pipeline), 10, "the change")


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    record = tmp_path / "one.installed.json"
    record.write_text("[")
    with pytest.raises(UsageError, match="cannot be read"):
        RememberingPipeline("facility", record)


def test_without_an_ingest_there_is_nobody_to_ask(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no ingest has run"):
        ask(tmp_path, Wish(DEVICE))
