"""What is DuckDB's own: the file, its lock, its damage, its memory of what was said last."""

from __future__ import annotations

import resource
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pytest

from facility.clock import DAY
from facility.errors import Retryable, UsageError
from facility.store import duckdb_table
from facility.store.base import Verdict
from facility.store.duckdb import SETTINGS, DuckStore
from tests.store import duckdb_writer
from tests.store.batches import T0, rows_of
from tests.store.test_contract import everything, many, put

EVER = (0, 4_000_000_000_000)


def test_nothing_accepted_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with subprocess.Popen(
        [sys.executable, "-m", duckdb_writer.__name__, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        for _ in range(25):
            assert writer.stdout.readline()
        writer.kill()
        accepted = 25 + len(writer.stdout.readlines())
    with closing(DuckStore(path)) as store:
        ts = np.concatenate([batch.ts for batch in store.scan("streetlight", *EVER)])
        stored, rest = divmod(len(ts), duckdb_writer.ROWS)
        assert accepted <= stored <= accepted + 1
        assert rest == 0
        assert len(np.unique(ts)) == len(ts)
        latest = store.latest("streetlight")
        assert len(latest) == 1_000 + 10 * (stored - 1)
        assert latest.ts.max() == ts.max()


def test_a_file_in_use_names_its_process(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with subprocess.Popen(
        [sys.executable, "-m", duckdb_writer.__name__, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline()
        with pytest.raises(UsageError, match=f"in use by process {writer.pid}: stop it"):
            DuckStore(path)
        writer.kill()
    with closing(DuckStore(path)) as store:
        with pytest.raises(UsageError, match="open in this process already"):
            DuckStore(tmp_path / "." / "readings.duckdb")
        assert len(store.latest("streetlight"))


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with closing(DuckStore(path)) as store:
        put(store, ("L1", T0, {"on": 1.0}))
    sound = path.read_bytes()
    for damaged in (b"not a database" * 999, b"", sound[:9000], sound[:8200] + b"x" * 9000):
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match=r"readings\.duckdb is damaged or no DuckDB file"):
            DuckStore(path)
        assert path.read_bytes() == damaged
    path.write_bytes(sound)
    with closing(DuckStore(path)) as store:
        assert everything(store) == [("L1", T0, {"on": 1.0})]


def test_a_path_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"no folder .* can be made"):
        DuckStore(tmp_path / "file" / "readings.duckdb")
    with pytest.raises(UsageError, match="does not open"):
        DuckStore(tmp_path)


@pytest.mark.parametrize("checkpoint", ["1MB", "64MB"])
def test_rows_wait_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: str
) -> None:
    # With the small one it is a checkpoint that fails, which DuckDB does not go on from.
    monkeypatch.setitem(SETTINGS, "checkpoint_threshold", checkpoint)
    path = tmp_path / "readings.duckdb"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(DuckStore(path)) as store:
        put(store, ("L1", T0, {"on": 1.0}))
        # No file may grow past 3 MB: what a full disk is to DuckDB.
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
        try:
            written = 0
            while (result := store.write(many(20_000, 500, written))).verdicts[0] == 0:
                written += 20_000
                assert written < 2_000_000
            assert (result.verdicts == Verdict.KEEP).all()
            assert "readings.duckdb: " in result.reasons[0]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (store.write(many(20_000, 500, written)).verdicts == Verdict.ACCEPT).all()
        assert sum(map(len, store.scan("streetlight", *EVER))) == written + 20_000 + 1


@pytest.mark.parametrize("every", [1, 3, 1_000_000])
def test_what_was_said_last_outlives_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr(duckdb_table, "SAVE_LATEST_EVERY", every)
    path = tmp_path / "readings.duckdb"
    with closing(DuckStore(path)) as store:
        put(store, ("L1", T0, {"power_w": 40.0, "lux": 3.0}), ("L2", T0, {"power_w": 50.0}))
        put(store, ("L1", T0 + 5, {"power_w": 41.0}))
        put(store, ("L1", T0 + 1, {"lux": 4.0, "temp_c": 9.0}), ("L3", T0, {"on": 1.0}))
        put(store, ("L1", T0 + 5, {"power_w": 42.0}))
        expected = sorted(rows_of(store.latest("streetlight")))
        # A copy of the file as it is now is what a process that ends here leaves behind.
        copy = tmp_path / "copy.duckdb"
        copy.write_bytes(path.read_bytes())
        log = path.with_name(path.name + ".wal")
        copy.with_name(copy.name + ".wal").write_bytes(log.read_bytes())
    assert expected[0] == ("L1", T0 + 5, {"power_w": 42.0, "lux": 4.0, "temp_c": 9.0})
    for _ in range(2):
        for file in (path, copy):
            with closing(DuckStore(file)) as store:
                assert sorted(rows_of(store.latest("streetlight"))) == expected


def test_late_rows_years_apart_are_looked_up(tmp_path: Path) -> None:
    with closing(DuckStore(tmp_path / "readings.duckdb")) as store:
        days = [0, 1, 400, 401, 900]
        rows = [("L1", T0 + day * DAY, {"power_w": float(day)}) for day in days]
        put(store, *rows)
        put(store, *rows[:4], ("L1", T0 + 2 * DAY, {"power_w": 2.0}))
        put(store, ("L1", T0, {"power_w": 7.0}), ("L1", T0 + 401 * DAY, {"power_w": 8.0}))
        assert [values["power_w"] for _, _, values in everything(store)] == [7, 1, 2, 400, 8, 900]


def test_a_file_of_an_older_version_gets_the_new_field(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with closing(DuckStore(path)) as store:
        put(store, ("L1", T0, {"on": 1.0}))
    with duckdb.connect(str(path)) as older:
        for part, column in (
            ("rows", "lux"),
            ("old", "lux"),
            ("latest", "lux"),
            ("latest", "lux@"),
        ):
            older.execute(f'ALTER TABLE store.streetlight_{part} DROP COLUMN "{column}"')
    with closing(DuckStore(path)) as store:
        put(store, ("L1", T0, {"lux": 5.0}))
        assert rows_of(store.latest("streetlight")) == [("L1", T0, {"on": 1.0, "lux": 5.0})]


def test_people_read_the_file_with_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with closing(DuckStore(path)) as store:
        put(store, ("CAB-7", 0, {"power_w": 9.0}), ("CAB-7/北", 1_500, {}), table="cabinet")
    with duckdb.connect(str(path), read_only=True) as reader:
        found = reader.execute(
            "SELECT device, circuit, time::VARCHAR, ts, power_w FROM cabinet ORDER BY ts"
        ).fetchall()
    assert found == [
        ("CAB-7", None, "1970-01-01 00:00:00", 0, 9.0),
        ("CAB-7", "北", "1970-01-01 00:00:01.5", 1_500, None),
    ]


def test_a_query_that_needs_what_is_not_there_can_be_asked_again(tmp_path: Path) -> None:
    with closing(DuckStore(tmp_path / "readings.duckdb")) as store:
        with pytest.raises(Retryable, match="no more"), store._cursor():
            raise duckdb.OutOfMemoryException("no more")
        assert len(store.latest("cover")) == 0
