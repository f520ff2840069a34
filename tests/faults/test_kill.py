"""Ingest killed without a word, at random moments, under load."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.faults.rig import Ingest, assert_once, publisher_of, settle, stored_by
from tests.servers import Mosquitto

KILLS = 20


def test_twenty_kills_lose_and_double_nothing(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest("killed")
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 25_000, 2_000)
    chance = random.Random()
    for kill in range(KILLS):
        ingest.prepare()
        # The moment of the kill is what is tested: there is nothing to wait for. Every other one
        # comes while it works off what the broker kept for it.
        time.sleep(chance.uniform(0.1, 0.4))
        if kill % 2:
            ingest.wait_until_up()
            time.sleep(chance.uniform(0, 0.1))
        ingest.kill()
        ingest.spawn()
    acknowledged = publisher.finish(20)
    settle([ingest], len(acknowledged), 15)
    assert_once(stored_by(ingest), acknowledged)
