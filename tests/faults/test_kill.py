"""Ingest killed without a word: at random moments under load, and just before a commit."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.rig import Ingest, assert_once, publisher_of, settle, stored_by
from tests.servers import Mosquitto

KILLS = 20
HELD_KILLS = 3


def test_twenty_kills_lose_and_double_nothing(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest("killed")
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 13_000, 2_000)
    chance = random.Random()
    for kill in range(KILLS):
        # The moment of the kill is what is tested: there is nothing to wait for. Every other one
        # comes while it works off what the broker kept for it.
        time.sleep(chance.uniform(0.05, 0.3))
        if kill % 2:
            ingest.wait_until_up()
            time.sleep(chance.uniform(0, 0.1))
        ingest.kill()
        ingest.spawn()
    acknowledged = publisher.finish(20)
    settle([ingest], len(acknowledged), 15)
    assert_once(stored_by(ingest), acknowledged)


@contextmanager
def commits_held(spool: Path) -> Iterator[None]:
    """Nobody else can commit to the spool meanwhile, as on a disk that does not answer."""
    with closing(sqlite3.connect(spool, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


def test_what_was_not_committed_was_not_acknowledged_either(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    """Messages that wait for the disk when the process is killed come again from the broker.

    A kill at a random moment hardly ever falls between an acknowledgement and a commit that
    should have come before it; here the commit cannot come, and the acknowledgement has all the
    time it could want.
    """
    ingest = new_ingest("held")
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 8_000, 2_000)
    for _ in range(HELD_KILLS):
        publisher.wait_for(len(publisher.acknowledged) + 300)
        with commits_held(ingest.spool):
            publisher.wait_for(len(publisher.acknowledged) + 1_000)
            ingest.kill()
        ingest.start()
    acknowledged = publisher.finish(20)
    settle([ingest], len(acknowledged), 15)
    assert_once(stored_by(ingest), acknowledged)
