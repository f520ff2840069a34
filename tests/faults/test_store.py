"""The readings store stopped for long, and refusing part of what it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from facility.store.influx import InfluxStore
from ingest.ledger import balance
from tests.faults.rig import (
    Ingest,
    assert_once,
    numbers_in,
    publisher_of,
    settle,
    stored_by,
)
from tests.servers import InfluxDB, Mosquitto, wait_until

QUEUE = 500
"""Messages that the broker of the first test keeps for a subscriber that is away."""


def test_a_database_away_for_longer_than_the_brokers_queue_costs_nothing(
    new_mosquitto: Callable[..., Mosquitto],
    new_influxdb: Callable[..., InfluxDB],
    new_ingest: Callable[..., Ingest],
) -> None:
    broker = new_mosquitto(persistence=True)
    broker.stop()
    conf = broker.folder / "mosquitto.conf"
    queue = f"max_queued_messages {QUEUE}"
    conf.write_text(conf.read_text().replace("max_queued_messages 1000000", queue))
    broker.start()
    database = new_influxdb()
    ingest = new_ingest("away", url=broker.url, influx=database.url, database="faults")
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 8_000, 2_000)
    publisher.wait_for(1_000)
    database.stop(kill=True)
    # Nothing but the spool can hold them: the queue is shorter than what comes meanwhile.
    acknowledged = publisher.finish(20)
    wait_until(lambda: ingest.books()["in_spool"] > 4 * QUEUE, 10, "the spool")
    database.start()
    settle([ingest], len(acknowledged), 20)
    with contextlib.closing(InfluxStore(database.url, "faults")) as store:
        assert_once(numbers_in(store), acknowledged)
    assert balance(ingest.books()) == 0


def test_what_a_database_refuses_is_in_quarantine_and_the_rest_is_stored(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest("refused", refuses=True)
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 4_000, 2_000)
    acknowledged = publisher.finish(20)
    settle([ingest], len(acknowledged), 15)
    refused = {number for number in acknowledged if number % 97 == 0}
    books = ingest.books()
    assert books["refused:store"] == len(refused)
    assert_once(stored_by(ingest), acknowledged - refused)
