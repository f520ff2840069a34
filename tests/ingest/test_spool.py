"""The spool: durable, bounded, and sound after whatever happens to its file."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facility.errors import Permanent, Retryable, UsageError
from facility.readings import Names
from ingest.ledger import balance, entries_of, total
from ingest.messages import Burst
from ingest.spool import Spool, SpoolFull, SpoolLimits
from ingest.spool_file import connect, meaning
from tests.ingest.batches import bad, decoded_of

ROOMY = SpoolLimits(min_free_mb=0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.spool"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    spool = Spool(path, ROOMY)
    yield spool
    spool.close()


def append(spool: Spool, numbers: range, quarantined: int = 0) -> list[int]:
    decoded = decoded_of(list(numbers), [bad(i) for i in range(quarantined)])
    return spool.append(decoded, entries_of(decoded))


def waiting(spool: Spool) -> list[int]:
    """The numbers of all readings in the spool."""
    found: list[int] = []
    last = 0
    while batches := spool.next(last, 1_000, Names()):
        last = batches[-1].id
        for one in batches:
            found += one.batch.column("power_w").astype(int).tolist()
    return found


def in_file(path: Path) -> Counter[str]:
    db = connect(path, create=False)
    books = Counter(dict(db.execute("SELECT entry, count FROM ledger")))
    books["in_spool"] = int(db.execute("SELECT TOTAL(readings) FROM spool").fetchone()[0])
    db.close()
    return books


def test_what_was_appended_is_there_until_it_is_settled(path: Path) -> None:
    spool = Spool(path, ROOMY)
    first, second = append(spool, range(100)), append(spool, range(100, 150), quarantined=3)
    spool.close()
    spool = Spool(path, ROOMY)
    assert waiting(spool) == list(range(150))
    spool.settle(first, [bad(7, reason="refused")], {"stored": 99, "refused:store": 1})
    assert waiting(spool) == list(range(100, 150))
    books = spool.ledger()
    assert books == in_file(path)
    assert (books["received"], books["in_spool"], balance(books)) == (153, 50, 0)
    spool.settle(second, [], {"stored": 50})
    assert append(spool, range(1)) > second
    spool.close()


def test_at_its_limit_it_takes_nothing_more_until_there_is_room(path: Path) -> None:
    spool = Spool(path, SpoolLimits(spool_max_mb=0.02, min_free_mb=0))
    ids: list[int] = []
    while spool.size < 0.018 * (1 << 20):
        ids += append(spool, range(len(ids) * 100, len(ids) * 100 + 100))
    with pytest.raises(SpoolFull, match=r"its 0.02 MB \(ingest.spool_max_mb\)"):
        append(spool, range(1_000))
    append(spool, range(5))
    with pytest.raises(SpoolFull):
        spool.check_room()
    assert spool.ledger()["received"] == len(ids) * 100 + 5
    spool.settle(ids[:2], [], {"stored": 200})
    spool.check_room()
    append(spool, range(100))
    spool.close()


def test_one_commit_always_fits_into_an_empty_spool(path: Path) -> None:
    spool = Spool(path, SpoolLimits(spool_max_mb=0.001, min_free_mb=0))
    append(spool, range(1_000))
    with pytest.raises(SpoolFull):
        append(spool, range(1))
    spool.close()


def test_it_leaves_others_their_part_of_the_disk(path: Path) -> None:
    spool = Spool(path, SpoolLimits(min_free_mb=1 << 40))
    with pytest.raises(SpoolFull, match=r"MB are left of the disk .*ingest.min_free_mb"):
        append(spool, range(1))
    spool.close()


def test_a_full_disk_keeps_nothing_of_the_call_and_may_pass(spool: Spool, path: Path) -> None:
    append(spool, range(10))
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Retryable, match="full"):
        append(spool, range(10, 20_000))
    assert spool.ledger() == in_file(path)
    assert waiting(spool) == list(range(10))
    spool._db.execute("PRAGMA max_page_count=1000000")
    append(spool, range(10, 20_000))
    assert waiting(spool) == list(range(20_000))


def test_a_writer_beside_it_is_waited_for_and_then_retried(spool: Spool, path: Path) -> None:
    spool._db.execute("PRAGMA busy_timeout=10")
    other = connect(path, create=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Retryable, match="locked"):
        append(spool, range(10))
    other.execute("ROLLBACK")
    other.close()
    append(spool, range(10))
    assert spool.ledger()["received"] == 10


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, Retryable),
        (sqlite3.SQLITE_IOERR, Retryable),
        (sqlite3.SQLITE_IOERR | 3 << 8, Retryable),
        (sqlite3.SQLITE_BUSY, Retryable),
        (sqlite3.SQLITE_CANTOPEN, Retryable),
        (sqlite3.SQLITE_CORRUPT, Permanent),
        (sqlite3.SQLITE_NOTADB, Permanent),
        (sqlite3.SQLITE_ERROR, Permanent),
        (sqlite3.SQLITE_CONSTRAINT, Permanent),
    ],
)
def test_errors_say_whether_trying_again_can_help(code: int, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("as SQLite says")
    error.sqlite_errorcode = code
    assert type(meaning(Path("x"), error)) is kind


def test_a_second_owner_is_refused_and_a_reader_is_not(spool: Spool, path: Path) -> None:
    append(spool, range(10))
    with pytest.raises(UsageError, match="another xiuhua ingest uses the spool"):
        Spool(path, ROOMY)
    assert in_file(path) == spool.ledger()


def test_the_quarantine_forgets_its_oldest_and_says_how_many(path: Path) -> None:
    spool = Spool(path, SpoolLimits(min_free_mb=0, quarantine_max_mb=0.1))
    for number in range(50):
        decoded = decoded_of([], [bad(number, size=10_000)])
        spool.append(decoded, entries_of(decoded))
    books = spool.ledger()
    db = connect(path, create=False)
    held = [row[0] for row in db.execute("SELECT topic FROM quarantine ORDER BY id")]
    db.close()
    assert held == [f"t/{number}" for number in range(50 - len(held), 50)]
    assert len(held) == total(books, "quarantined") - books["forgotten:bound"] == 10
    assert balance(books) == 0
    spool.close()


def test_waveforms_are_kept_once_newest_first_and_within_their_bound(path: Path) -> None:
    spool = Spool(path, SpoolLimits(min_free_mb=0, bursts_max_mb=0.1))

    def capture(series: str, ts: int) -> Burst:
        return Burst(series, ts, ts + 5, 400.0, 0.01, bytes(10_000))

    for ts in (1, 2, 3, 2, 3):
        decoded = decoded_of([])
        decoded.bursts = [capture("C1", ts), capture("C2", ts)]
        spool.append(decoded, {})
    assert [burst.ts for burst in spool.bursts("C1", 2)] == [3, 2]
    assert spool.bursts("C1", 10)[-1] == capture("C1", 1)
    decoded.bursts = [capture("C3", ts) for ts in range(9)]
    spool.append(decoded, {})
    assert [burst.ts for burst in spool.bursts("C3", 20)] == list(range(8, -1, -1))
    assert [burst.ts for burst in spool.bursts("C1", 10) + spool.bursts("C2", 10)] == [3]
    spool.close()


def filled(path: Path) -> int:
    """A spool of 60 batches, of which 20 are settled, with 30 in quarantine; what was received."""
    spool = Spool(path, ROOMY)
    ids: list[int] = []
    for number in range(60):
        ids += append(spool, range(number * 80, number * 80 + 80), quarantined=number % 2)
    spool.settle(ids[:20], [], {"stored": 1_600})
    spool.close()
    return 60 * 80 + 30


def test_any_damaged_page_costs_what_stood_on_it_and_nothing_else(tmp_path: Path) -> None:
    original = tmp_path / "original.spool"
    received = filled(original)
    size = original.stat().st_size
    worst = []
    for start in range(4096, size, 4096):
        path = tmp_path / "damaged.spool"
        shutil.copy(original, path)
        with path.open("r+b") as file:
            file.seek(start)
            file.write(os.urandom(4096))
        spool = Spool(path, ROOMY)
        left = waiting(spool)
        books = spool.ledger()
        append(spool, range(10_000, 10_010))
        spool.close()
        assert balance(books) == 0, start
        assert len(left) == len(set(left))
        assert set(left) <= set(range(1_600, 4_800))
        if books["refused:damaged"]:
            assert len(left) + books["refused:damaged"] == 3_200, start
            worst.append(books["refused:damaged"] // 80)
        assert books["received"] <= received
        for left_over in tmp_path.glob("damaged.spool*"):
            left_over.unlink()
    assert worst
    # An inner page of the tree leads to many; every other one holds at most the batches on it.
    assert sorted(worst)[-2] <= 8


def test_damage_met_while_running_is_mended_and_the_ids_go_on(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    filled(path)
    spool = Spool(path, ROOMY)
    spool._db.execute("PRAGMA cache_size=0")
    size = path.stat().st_size
    with path.open("r+b") as file:
        for start in range(4096, size, 4096 * 3):
            file.seek(start)
            file.write(os.urandom(4096))
    with pytest.raises(Retryable, match="was damaged, and is mended"):
        waiting(spool)
    assert len(waiting(spool)) + spool.ledger()["refused:damaged"] == 3_200
    assert append(spool, range(10))[0] > 60
    assert balance(spool.ledger()) == 0
    assert "it is kept as test.spool.damaged-1" in caplog.text
    spool.close()


@pytest.mark.parametrize("ruin", [lambda data: os.urandom(4096) + data[4096:], lambda _: b"junk"])
def test_an_unreadable_file_is_set_aside_and_a_new_one_started(
    path: Path, caplog: pytest.LogCaptureFixture, ruin: Callable[[bytes], bytes]
) -> None:
    filled(path)
    ruined = ruin(path.read_bytes())
    path.write_bytes(ruined)
    spool = Spool(path, ROOMY)
    assert waiting(spool) == []
    append(spool, range(10))
    assert balance(spool.ledger()) == 0
    spool.close()
    assert path.with_name("test.spool.damaged-1").read_bytes() == ruined
    assert "it is kept as test.spool.damaged-1 and a new one is started" in caplog.text


def test_a_salvage_that_was_interrupted_is_finished(path: Path) -> None:
    filled(path)
    path.replace(path.with_name("test.spool.saved"))
    path.write_bytes(b"what was damaged")
    spool = Spool(path, ROOMY)
    assert len(waiting(spool)) == 3_200
    spool.close()
    assert path.with_name("test.spool.damaged-1").read_bytes() == b"what was damaged"


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot open the spool"):
        Spool(tmp_path / "file" / "x.spool")
