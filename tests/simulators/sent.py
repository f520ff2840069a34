"""What a simulated district sent, read back with nothing but JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from facility.clock import HOUR
from simulators.run import Run, messages
from simulators.scenario import Scenario, load


@dataclass(frozen=True, slots=True)
class Reading:
    """One object of a telemetry payload."""

    kind: str
    device: str
    ts: int
    arrived: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A run and all it sent: telemetry, and status as (arrival, kind, device, payload)."""

    run: Run
    readings: tuple[Reading, ...]
    statuses: tuple[tuple[int, str, str, dict[str, Any]], ...]

    def of(self, device: str) -> list[Reading]:
        """A device's readings of the whole device, by time of measurement, each once."""
        mine = {r.ts: r for r in self.readings if r.device == device and "circuit" not in r.fields}
        return [mine[ts] for ts in sorted(mine)]


def send(scenario: Scenario, hours: float) -> Sent:
    """Everything a scenario sends in its first hours."""
    run = Run(scenario)
    readings: list[Reading] = []
    statuses: list[tuple[int, str, str, dict[str, Any]]] = []
    for arrived, topic, payload, _, _ in messages(run, run.start_ms + round(hours * HOUR)):
        root, _, kind, device, channel = topic.split("/")
        assert root == "facility"
        content = msgspec.json.decode(payload)
        if channel == "status":
            statuses.append((arrived, kind, device, content))
            continue
        items = content if isinstance(content, list) else [content]
        readings += [Reading(kind, device, _ms(item.pop("ts")), arrived, item) for item in items]
    return Sent(run, tuple(readings), tuple(statuses))


@lru_cache(maxsize=4)
def scenario(name: str) -> Scenario:
    return load(name)


@lru_cache(maxsize=2)
def a_day_of_the_street() -> Sent:
    """A day of the smallest scenario, simulated once for all tests that read it."""
    return send(scenario("street"), 24)


def without_faults(scenario: Scenario) -> Scenario:
    """The scenario on a day on which nothing happens."""
    return msgspec.structs.replace(scenario, faults={}, lookalikes={}, fault=(), lookalike=())


def _ms(ts: int | str) -> int:
    return ts if isinstance(ts, int) else round(datetime.fromisoformat(ts).timestamp() * 1000)
