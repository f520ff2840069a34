import gzip
import hashlib
import io
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from facility.clock import DAY, HOUR, from_rfc3339
from facility.errors import UsageError
from ingest.capture import Capture
from ingest.messages import Decoded
from ingest.pipeline import Pipeline
from simulators.capture import capture
from simulators.scenario import Scenario
from tests.simulators.sent import a_day_of_the_street, scenario


def short(hours: float = 0.6) -> Scenario:
    return msgspec.structs.replace(scenario("street"), hours=hours)


def test_a_line_is_what_mosquitto_sub_prints(tmp_path: Path) -> None:
    out = tmp_path / "c.ndjson"
    done = capture(short(), str(out))
    lines = [msgspec.json.decode(line) for line in out.read_bytes().splitlines()]
    assert len(lines) == done.messages > 2000
    arrivals = []
    for line in lines:
        assert list(line) == ["tst", "topic", "qos", "retain", "payloadlen", "payload"]
        assert len(line["payload"].encode()) == line["payloadlen"]
        assert isinstance(msgspec.json.decode(line["payload"]), dict | list)
        # mosquitto_sub writes local time, a Z, and the offset all the same.
        arrivals.append(datetime.strptime(line["tst"], "%Y-%m-%dT%H:%M:%S.%fZ%z"))
    assert arrivals == sorted(arrivals)
    assert arrivals[0].timestamp() * 1000 >= done.start_ms
    assert arrivals[-1].timestamp() * 1000 < done.end_ms == done.start_ms + 0.6 * HOUR


def test_the_same_scenario_writes_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("a", "b"):
        out, told = tmp_path / f"{name}.ndjson.gz", tmp_path / f"{name}.json"
        capture(short(), str(out), truth_path=told)
        digests.append(hashlib.sha256(out.read_bytes() + told.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_another_seed_or_start_writes_others(tmp_path: Path) -> None:
    contents = []
    for seed, start in ((7, None), (8, None), (7, short().start_ms + DAY)):
        out = tmp_path / f"{seed}-{start}.ndjson"
        capture(msgspec.structs.replace(short(), seed=seed), str(out), start_ms=start)
        contents.append(out.read_bytes())
    assert len(set(contents)) == 3


def test_gz_holds_the_same_lines(tmp_path: Path) -> None:
    plain, packed = tmp_path / "c.ndjson", tmp_path / "c.ndjson.gz"
    capture(short(), str(plain))
    capture(short(), str(packed))
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


def test_a_dash_is_standard_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, write_through=True))
    capture(short(0.3), "-")
    capture(short(0.3), str(tmp_path / "c.ndjson"))
    assert out.getvalue() == (tmp_path / "c.ndjson").read_bytes()


def test_the_truth_says_what_is_wrong_and_when(tmp_path: Path) -> None:
    told = tmp_path / "t.json"
    done = capture(short(2), str(tmp_path / "c.ndjson"), truth_path=told)
    truth = msgspec.json.decode(told.read_bytes())
    assert truth["scenario"] == "street"
    assert truth["seed"] == 7
    assert from_rfc3339(truth["from"]) == done.start_ms
    assert from_rfc3339(truth["to"]) == done.end_ms
    # In two hours only the dark segment shows, and nobody has mended it.
    (fault,) = truth["faults"]
    assert done.faults == 1
    assert fault["type"] == "streetlight.segment_unlit"
    assert fault["end"] is None
    assert fault["also"][0]["type"] == "cabinet.lamps_lost"


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    done = capture(
        short(), str(tmp_path / "c.ndjson"), on_progress=lambda at, n: heard.append((at, n))
    )
    assert heard[-1] == (done.end_ms, done.messages)
    assert heard == sorted(heard)


@pytest.mark.parametrize("missing", ["out", "truth_path", "inventory_path", "grid_path"])
def test_a_file_that_cannot_be_written_is_one_clear_line(missing: str, tmp_path: Path) -> None:
    names = ("out", "truth_path", "inventory_path", "grid_path")
    paths = {name: tmp_path / ("nowhere" if name == missing else ".") / name for name in names}
    with pytest.raises(UsageError, match=r"cannot write .*nowhere"):
        capture(
            short(0.1),
            str(paths["out"]),
            truth_path=paths["truth_path"],
            inventory_path=paths["inventory_path"],
            grid_path=paths["grid_path"],
        )


def test_ingest_reads_every_message_and_drops_no_field(tmp_path: Path) -> None:
    out = tmp_path / "c.ndjson.gz"
    done = capture(short(3), str(out))
    recording, pipeline = Capture(str(out)), Pipeline()
    total, tables = Decoded(), Counter[str]()
    for piece in recording.messages():
        decoded = pipeline.decode(piece)
        for batch in decoded.batches:
            tables[batch.table] += len(batch)
        total.add(decoded)
    assert recording.lines == done.messages
    assert recording.skipped == 0
    assert not total.quarantined
    assert not total.dropped
    assert total.without_ts == 0
    assert total.bursts
    assert set(tables) == {"streetlight", "cabinet", "cover", "station", "status"}


def test_direct_devices_say_that_they_are_there() -> None:
    sent = a_day_of_the_street()
    fleet = sent.run.fleet
    online = {device for _, _, device, payload in sent.statuses if payload["state"] == "online"}
    assert {cabinet.id for cabinet in fleet.cabinets} <= online
    assert {station.id for station in fleet.stations} <= online
    assert online & {lamp.id for lamp in fleet.streetlights if lamp.gateway is None}
