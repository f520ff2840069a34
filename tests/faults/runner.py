"""An ingest process for the fault tests: `python -m tests.faults.runner OPTIONS_AS_JSON`.

It is told what `xiuhua ingest` would read from its settings, and has a clock that a file can step
(milliseconds that are added to the machine's time) and a store that can refuse rows.
"""

from __future__ import annotations

import contextlib
import json
import logging
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
        # Only where it is asked for: it takes long to import, and the kill test starts 20 times.
        from facility.store.influx import InfluxStore

        return InfluxStore(options["influx"], options["database"])
    store = DuckStore(Path(options["folder"]) / "readings.duckdb")
    return RefusingStore(store) if options.get("refuses") else store  # type: ignore[return-value]


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = json.loads(sys.argv[1])
    folder = Path(options["folder"])
    sys.stdin.readline()  # everything is imported; the start is for whoever tests to give
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


if __name__ == "__main__":
    main()
