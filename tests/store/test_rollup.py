"""The scheduler of hours and expiry."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from facility.clock import DAY, HOUR, MINUTE
from facility.errors import Retryable
from facility.settings import StoreSettings
from facility.store.base import ReadingsStore
from facility.store.duckdb import DuckStore
from facility.store.rollup import Due, RollUp
from tests.store.conftest import OpenStore
from tests.store.test_contract import EVER, everything, put
from tests.store.test_hours import H0, energy, hours, increases


def scheduler(store: ReadingsStore, raw_days: int = 2, retention_days: int = 5) -> RollUp:
    return RollUp(store, raw_days=raw_days, retention_days=retention_days)


def at(hour: float) -> int:
    return H0 + round(hour * HOUR)


def drain(rollup: RollUp, now: int) -> int:
    steps = 1
    while rollup.run(now):
        steps += 1
        assert steps < 500
    return steps


def test_an_hour_is_due_ten_minutes_after_it_ended(store: ReadingsStore) -> None:
    rollup = scheduler(store)
    put(store, energy(0.5, 1.0), energy(1.5, 2.0))
    put(store, ("C1", at(0.2), {"tilt_deg": 1.0}), table="cover")
    assert rollup.due(at(1) + 9 * MINUTE) == []
    first = [Due("streetlight", at(0)), Due("cover", at(0))]
    assert rollup.due(at(1) + 10 * MINUTE) == first
    assert rollup.due(at(2.2)) == [*first, Due("streetlight", at(1))]
    assert drain(rollup, at(2.2)) == 4
    assert rollup.due(at(2.2)) == []
    assert increases(store) == [(0, 0.0), (1, 1.0)]


def test_late_readings_are_rolled_up_once_an_hour(store: ReadingsStore) -> None:
    rollup = scheduler(store)
    put(store, energy(0.5, 1.0), energy(3.5, 4.0))
    drain(rollup, at(4.2))
    for minute in range(0, 50, 10):
        put(store, energy(0.6 + minute / 1000, 2.0), energy(1.5, 3.0))
        assert drain(rollup, at(4.3) + minute * MINUTE) == 1
    assert increases(store) == [(0, 0.0), (3, 3.0)]
    drain(rollup, at(5.2))
    assert increases(store) == [(0, 1.0), (1, 1.0), (3, 1.0)]


def test_a_restart_repeats_nothing_and_goes_on(open_store: OpenStore) -> None:
    store = open_store()
    put(store, *(energy(hour + 0.5, float(hour)) for hour in range(6)))
    rollup = scheduler(store)
    assert rollup.run(at(6.2)) == 6
    assert rollup.run(at(6.2)) == 5
    store.close()
    store = open_store()
    assert [due.hour for due in scheduler(store).due(at(6.2))] == [at(h) for h in (2, 3, 4, 5)]
    drain(scheduler(store), at(6.2))
    assert increases(store) == [(0, 0.0), *((hour, 1.0) for hour in range(1, 6))]


def test_what_is_old_goes_after_it_was_rolled_up(store: ReadingsStore) -> None:
    rollup = scheduler(store)
    for day in range(8):
        put(store, *(energy(24 * day + hour + 0.5, 24.0 * day + hour) for hour in range(24)))
        drain(rollup, at(24 * day + 24.2))
    kept = [ts for _, ts, _ in everything(store)]
    assert kept == [at(24 * 6 + hour + 0.5) for hour in range(1, 24 * 2)]
    rolled = [hour for hour, _ in hours(store, "L1", "readings")]
    assert rolled == list(range(24 * 3 + 1, 24 * 8))
    # Too late: the rest of that hour is gone, so it stays as it was.
    put(store, energy(24 * 4 + 0.6, 24 * 4 + 0.5))
    assert rollup.due(at(24 * 8 + 1.2)) == []
    drain(rollup, at(24 * 8 + 1.2))
    assert [ts for _, ts, _ in everything(store)] == kept[1:]
    assert dict(hours(store, "L1", "readings"))[24 * 4] == {"readings": 1}
    found = store.history("streetlight", "L1", ["energy_kwh"], *EVER, DAY)
    assert found.count.sum() == len(rolled) - 1


def test_for_ever_is_for_ever(store: ReadingsStore) -> None:
    rollup = scheduler(store, 0, 0)
    put(store, energy(0.5, 1.0), energy(24 * 900.0, 2.0))
    drain(rollup, at(24 * 1000))
    assert len(everything(store)) == 2
    assert increases(store) == [(0, 0.0), (24 * 900, 1.0)]


def test_a_store_that_is_away_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DuckStore(tmp_path / "readings.duckdb")
    put(store, energy(0.5, 1.0))
    rollup = scheduler(store)
    away = Retryable("away")

    def fails(*_: object) -> int:
        raise away

    for method in ("stale_hours", "roll_up"):
        with monkeypatch.context() as patch:
            patch.setattr(store, method, fails)
            with pytest.raises(Retryable):
                rollup.run(at(1.2))
    drain(rollup, at(1.2))
    assert hours(store, "L1", "readings") == [(0, {"readings": 1})]
    store.close()


@pytest.mark.parametrize(("raw", "kept"), [(35, 1830), (0, 0), (9, 9), (9, 0)])
def test_hours_may_be_kept_longer_than_readings(raw: int, kept: int) -> None:
    settings = StoreSettings(raw_days=raw, retention_days=kept)
    assert (settings.raw_days, settings.retention_days) == (raw, kept)


@pytest.mark.parametrize(("raw", "kept"), [(35, 34), (0, 10), (-1, 0), (10, -1)])
def test_hours_that_would_go_before_their_readings_are_refused(raw: int, kept: int) -> None:
    with pytest.raises(ValidationError):
        StoreSettings(raw_days=raw, retention_days=kept)
