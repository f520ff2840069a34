"""Upkeep rolls up what is due by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facility.clock import HOUR, MINUTE, VirtualClock, from_rfc3339
from facility.measurements import Kind
from facility.readings import Names, ReadingBatch
from facility.store.duckdb import DuckStore
from facility.store.rollup import RollUp
from facility.store.upkeep import Upkeep
from tests.servers import wait_until

NOON = from_rfc3339("2026-06-21T12:00:00Z")


def test_hours_are_rolled_up_as_they_pass(tmp_path: Path) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    ts = NOON + np.arange(12, dtype=np.int64) * 5 * MINUTE
    names = Names(["L1"])
    power = {"power_w": np.arange(12.0)}
    store.write(ReadingBatch(Kind.STREETLIGHT, names, np.zeros(12, np.int32), ts, ts, power))
    clock = VirtualClock(NOON + HOUR + 11 * MINUTE, 1.0)
    upkeep = Upkeep(RollUp(store, raw_days=0, retention_days=0), clock)
    upkeep.loop.start()

    def rolled() -> bool:
        found = store.hours(Kind.STREETLIGHT, "L1", ["power_w_mean"], NOON, NOON + HOUR)
        return bool(found.columns["power_w_mean"].tolist() == [5.5])

    wait_until(rolled, 10, "the hour")
    upkeep.loop.stop()
    store.close()
