"""The broker restarted, and the connection to it cut in the middle of a packet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from tests.faults.proxy import FaultProxy
from tests.faults.rig import Ingest, assert_once, publisher_of, settle, stored_by
from tests.servers import Mosquitto, wait_until


def test_a_broker_that_restarts_costs_nothing(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest("restarted")
    ingest.start()
    publisher = publisher_of(ingest, broker.port, 8_000, 2_000)
    for part in (1, 2, 3):
        publisher.wait_for(part * 2_000)
        # Killed, Mosquitto itself loses what it acknowledged since it last wrote its file.
        broker.stop()
        broker.start()
    acknowledged = publisher.finish(20)
    settle([ingest], len(acknowledged), 20)
    assert_once(stored_by(ingest), acknowledged)


def test_a_connection_cut_mid_packet_costs_nothing(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    with contextlib.closing(FaultProxy(broker.port)) as proxy:
        ingest = new_ingest("cut", url=f"mqtt://127.0.0.1:{proxy.port}")
        ingest.start()
        publisher = publisher_of(ingest, broker.port, 8_000, 1_500)
        proxy.cut_after = 100_000
        wait_until(lambda: proxy.cuts >= 4, 15, "four cuts")
        proxy.cut_after = None
        acknowledged = publisher.finish(20)
        settle([ingest], len(acknowledged), 15)
        assert_once(stored_by(ingest), acknowledged)
