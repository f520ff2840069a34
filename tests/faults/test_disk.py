"""No room: the spool at its limit, and the disk full."""

from __future__ import annotations

import contextlib
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facility.store.influx import InfluxStore
from ingest.ledger import balance
from tests.faults.rig import (
    Ingest,
    assert_once,
    is_root,
    numbers_in,
    publisher_of,
    settle,
    stored_by,
)
from tests.servers import InfluxDB, Mosquitto, free_port, wait_until

DROPPED = "the connection to the broker is dropped"


def problems(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text: str = answer.read().decode()
    return " ".join(line for line in text.splitlines() if line.startswith("xiuhua_ingest_problem"))


def test_a_spool_at_its_limit_leaves_the_rest_to_the_broker(
    broker: Mosquitto,
    new_influxdb: Callable[..., InfluxDB],
    new_ingest: Callable[..., Ingest],
) -> None:
    database = new_influxdb()
    database.stop()
    port = free_port()
    ingest = new_ingest(
        "limited",
        influx=database.url,
        database="faults",
        ingest={"spool_max_mb": 0.1, "min_free_mb": 0, "patience_s": 1, "metrics_port": port},
    )
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 9_000, 3_000)
    wait_until(lambda: DROPPED in ingest.log(), 15, "the connection dropped")
    wait_until(lambda: 'code="spool_full"' in problems(port), 5, "the problem")
    acknowledged = publisher.finish(20)
    waiting = ingest.books()["in_spool"]
    assert 0 < waiting < len(acknowledged) / 2
    database.start()
    settle([ingest], len(acknowledged), 25)
    assert "spool" not in problems(port)
    with contextlib.closing(InfluxStore(database.url, "faults")) as store:
        assert_once(numbers_in(store), acknowledged)
    assert balance(ingest.books()) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB."""
    if not is_root():
        pytest.skip("only root may mount a disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["/bin/umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Fills the disk to the last byte, with one file."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return ballast


def test_a_full_disk_costs_nothing(
    broker: Mosquitto, small_disk: Path, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest(
        "disk", folder=small_disk / "ingest", ingest={"min_free_mb": 0, "patience_s": 1}
    )
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 9_000, 3_000)
    publisher.wait_for(2_000)
    ballast = fill(small_disk)
    acknowledged = publisher.finish(20)
    wait_until(lambda: DROPPED in ingest.log(), 15, "the connection dropped")
    ballast.unlink()
    settle([ingest], len(acknowledged), 25)
    assert_once(stored_by(ingest), acknowledged)
