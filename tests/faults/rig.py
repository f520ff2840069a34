"""Real ingest processes to be hurt, and the count of what they stored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from facility.clock import SystemClock
from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from ingest import spool_rows
from ingest.ledger import balance
from ingest.spool_file import connect
from tests.faults.publisher import Publisher
from tests.servers import wait_until

PROJECT = Path(__file__).parents[2]


class Source:
    """Forks ingest processes from one that has imported everything: a start costs no second."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.runner"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, options: dict[str, Any]) -> psutil.Process:
        """A new process with these options (:mod:`tests.faults.runner`)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(options) + "\n")
        self._process.stdin.flush()
        return psutil.Process(int(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


class Ingest:
    """One ingest process with a folder of its own; it may be killed and started again."""

    def __init__(
        self,
        source: Source,
        folder: Path,
        log: Path,
        url: str,
        client_id: str,
        root: str,
        **options: Any,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._source = source
        self._log = log
        self.root = root
        ingest = {"client_id": client_id, "root": root, **options.pop("ingest", {})}
        where = {"folder": str(folder), "log": str(log), "url": url}
        self._options = {**where, "ingest": ingest, **options}
        self.spool = folder / f"{client_id}.spool"
        self._process: psutil.Process | None = None

    def spawn(self) -> None:
        """Starts the process and does not wait for it."""
        (self.folder / "started").unlink(missing_ok=True)
        self._process = self._source.fork(self._options)

    def start(self) -> None:
        """Starts the process and waits until it is subscribed."""
        self.spawn()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        wait_until(self._is_up, 15, "ingest")

    def _is_up(self) -> bool:
        assert self._process is not None
        if not self._process.is_running():
            raise RuntimeError(f"ingest ended:\n{self.log()[-3000:]}")
        return (self.folder / "started").exists()

    def kill(self) -> None:
        """Ends the process at once, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """Asks the process to end, and waits for it."""
        process, self._process = self._process, None
        if process is None or not process.is_running():
            return
        process.terminate()
        try:
            process.wait(15)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def step_clock(self, milliseconds: int) -> None:
        """Sets the process's clock forward or back."""
        new = self.folder / "clock.new"
        new.write_text(str(milliseconds))
        new.replace(self.folder / "clock.step")

    def books(self) -> Counter[str]:
        """The ledger, read beside the process; empty before there is one."""
        if not self.spool.exists():
            return Counter()
        db = connect(self.spool, create=False)
        try:
            db.execute("BEGIN")
            books = Counter(dict(db.execute("SELECT entry, count FROM ledger")))
            books["in_spool"] = spool_rows.waiting(db)[0]
        finally:
            db.close()
        return books


def publisher_of(ingest: Ingest, port: int, total: int, rate: float) -> Publisher:
    """A publisher of readings on the topics of ``ingest``, with times of just now."""
    publisher = Publisher(port, ingest.root, SystemClock().now_ms() - 60_000, total, rate)
    publisher.start()
    return publisher


def settle(processes: Iterable[Ingest], readings: int, within_s: float) -> None:
    """Waits until so many readings were received, nothing is in a spool, and nothing moves."""
    since, last = time.monotonic(), Counter[str]()

    def settled() -> bool:
        nonlocal since, last
        books: Counter[str] = Counter()
        for process in processes:
            books.update(process.books())
        if books != last:
            since, last = time.monotonic(), books
        return (
            books["received"] >= readings
            and books["in_spool"] == 0
            and time.monotonic() - since > 0.7
        )

    try:
        wait_until(settled, within_s, "everything settled")
    except TimeoutError as error:
        logs = "\n".join(process.log()[-2000:] for process in processes)
        raise TimeoutError(f"{error}: {dict(last)}\n{logs}") from None


def assert_once(stored: list[int], acknowledged: set[int]) -> None:
    """Lost 0, duplicated 0."""
    times = Counter(stored)
    lost = acknowledged - times.keys()
    assert not lost, f"{len(lost)} lost: {sorted(lost)[:10]}"
    twice = [number for number, count in times.items() if count > 1]
    assert not twice, f"{len(twice)} duplicated: {twice[:10]}"
    assert times.keys() == acknowledged


def numbers_in(store: ReadingsStore) -> list[int]:
    """The number of each reading that is stored, as often as it is."""
    found: list[int] = []
    for batch in store.scan("streetlight", 0, 1 << 45):
        found += batch.columns["energy_kwh"].astype(int).tolist()
    return found


def stored_by(ingest: Ingest) -> list[int]:
    """Stops the process and reads its store."""
    ingest.stop()
    assert balance(ingest.books()) == 0
    store = DuckStore(ingest.folder / "readings.duckdb")
    try:
        return numbers_in(store)
    finally:
        store.close()


def is_root() -> bool:
    return os.geteuid() == 0
