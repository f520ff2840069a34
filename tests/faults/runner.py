"""Where the ingest processes of the fault tests come from: `python -m tests.faults.runner`.

Everything is imported once. Then each line of the input, options as JSON, forks a process, whose id
is printed. It is told what `xiuhua ingest` would read from its settings, and has a clock that a
file can step (milliseconds that are added to the machine's time) and a store that can refuse rows.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from facility.bus import LocalBus
from facility.clock import SystemClock
from facility.mqtt import MqttSettings
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore, Verdict, WriteResult
from facility.store.duckdb import DuckStore
from facility.store.influx import InfluxStore
from ingest.service import IngestService, IngestSettings


class SteppedClock:
    """The machine's time and what the file ``step`` says on top of it."""

    speed = 1.0

    def __init__(self, step: Path) -> None:
        self._step = step
        self._clock = SystemClock()

    def now_ms(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self._clock.now_ms() + int(self._step.read_text())
        return self._clock.now_ms()


class RefusingStore:
    """A store that refuses every reading whose number is divisible by 97."""

    def __init__(self, store: ReadingsStore) -> None:
        self._store = store

    def write(self, batch: ReadingBatch) -> WriteResult:
        refused = batch.column("energy_kwh") % 97 == 0
        result = WriteResult.all(len(batch), Verdict.REJECT, "divisible by 97")
        kept = self._store.write(batch.take(~refused))
        result.verdicts[~refused] = kept.verdicts
        return result


def open_store(options: dict[str, Any]) -> ReadingsStore:
    """The store the options name."""
    if "influx" in options:
        return InfluxStore(options["influx"], options["database"])
    store = DuckStore(Path(options["folder"]) / "readings.duckdb")
    return RefusingStore(store) if options.get("refuses") else store  # type: ignore[return-value]


def serve(options: dict[str, Any]) -> None:
    """Ingest until it is told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    folder = Path(options["folder"])
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    store = open_store(options)
    service = IngestService(
        IngestSettings(**options["ingest"]),
        MqttSettings(url=options["url"]),
        folder,
        store,
        LocalBus(),
        SteppedClock(folder / "clock.step"),
    )
    service.start()
    (folder / "started").touch()
    stopped.wait()
    service.stop()
    if isinstance(store, DuckStore):
        store.close()


def become(options: dict[str, Any]) -> None:
    """What a forked process does, and all that it does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(options["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        serve(options)
        code = 0
    except Exception:  # there is nobody above to tell
        logging.exception("ingest ended")
    finally:
        os._exit(code)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were killed
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
