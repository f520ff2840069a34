"""The clock of the machine stepped back and forward while readings come in."""

from __future__ import annotations

import json
from collections.abc import Callable

from facility.clock import DAY, MINUTE
from ingest import quarantine
from tests.faults.rig import Ingest, assert_once, publisher_of, settle, stored_by
from tests.servers import Mosquitto


def step_through(ingest: Ingest, broker: Mosquitto, steps: tuple[int, ...]) -> set[int]:
    """Steps the clock as readings come in; the numbers of those that were acknowledged."""
    publisher = publisher_of(ingest, broker.port, 600 * (len(steps) + 1), 1_200)
    for step in steps:
        publisher.wait_for(len(publisher.acknowledged) + 400)
        ingest.step_clock(step)
    acknowledged = publisher.finish(20)
    settle([ingest], len(acknowledged), 15)
    return acknowledged


def test_a_clock_that_jumps_ahead_or_a_little_back_costs_nothing(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest("stepped")
    ingest.start()
    acknowledged = step_through(ingest, broker, (30 * DAY, 0, DAY, -3 * MINUTE, 0))
    assert_once(stored_by(ingest), acknowledged)


def test_what_comes_while_the_clock_is_a_day_behind_is_in_quarantine(
    broker: Mosquitto, new_ingest: Callable[..., Ingest]
) -> None:
    """Seen from there every reading is from the future, as one of a device whose clock is wrong."""
    ingest = new_ingest("behind")
    ingest.start()
    acknowledged = step_through(ingest, broker, (-DAY, 0))
    held = quarantine.listed(ingest.spool, reason="future_ts", limit=len(acknowledged))
    kept_apart = [json.loads(one.message.payload)["energy_kwh"] for one in held]
    assert 0 < len(kept_apart) < len(acknowledged)
    assert_once(stored_by(ingest) + kept_apart, acknowledged)
