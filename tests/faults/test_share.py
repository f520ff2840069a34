"""Several ingest processes that share the work."""

from __future__ import annotations

from collections.abc import Callable

from ingest.ledger import balance
from tests.faults.rig import Ingest, assert_once, publisher_of, settle, stored_by
from tests.servers import Mosquitto


def test_three_processes_store_each_message_once_between_them(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    processes = [new_ingest(f"shared-{number}", ingest={"share": "ingest"}) for number in range(3)]
    for process in processes:
        process.start()
    publisher = publisher_of(processes[0], broker.port, 20_000, 6_000)
    acknowledged = publisher.finish(20)
    settle(processes, len(acknowledged), 15)
    received = [process.books()["received"] for process in processes]
    assert all(share > len(acknowledged) / 6 for share in received)
    assert all(balance(process.books()) == 0 for process in processes)
    stored = [number for process in processes for number in stored_by(process)]
    assert_once(stored, acknowledged)
