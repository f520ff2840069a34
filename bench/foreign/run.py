"""One run of a foreign fleet: everything of it, judged by the rules and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.foreign.covers import Covers
from bench.foreign.lamps import Lamps
from bench.foreign.roads import Road
from bench.foreign.seldom import Seldom
from bench.foreign.stations import Stations
from bench.foreign.streets import PLANS, build
from bench.foreign.world import World
from cases.events import CaseEvent
from facility.clock import HOUR, MINUTE, from_rfc3339, to_rfc3339
from facility.inventory import Inventory
from facility.readings import ReadingBatch
from rules.book.rulebook import load
from rules.engine import Engine
from rules.trials.score import Event, Truth, TypeScore, score

ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A fleet, what it sends by arrival, and what was wrong with it."""

    inventory: Inventory
    batches: list[list[ReadingBatch]]
    truth: Truth


def draw(
    seed: int,
    *,
    days: int = 4,
    lamps: int = 500,
    covers: int = 60,
    stations: int = 12,
    roads: Sequence[Road] = (),
) -> Foreign:
    """Draws a fleet and what becomes of it, from a noon at some time of the year on; its lamps
    stand on ``roads`` where there are some."""
    rng = np.random.default_rng([seed, 20_260])
    noon = from_rfc3339("2026-01-10T12:00:00+08:00") + int(rng.integers(0, 360)) * 24 * HOUR
    world = World(rng, noon, days, bool(rng.random() < 0.5), float(rng.choice((0, 0.003, 0.01))))
    if rng.random() < 0.5:
        begin = world.at(1, 13) + int(rng.integers(0, 3 * HOUR))
        world.outage = begin, begin + int(rng.integers(10, 50)) * MINUTE
    streets = build(world, lamps, roads)
    Lamps(world, streets).spoil()
    Covers(world, covers)
    Stations(world, stations)
    Seldom(world, lamps // 200, lamps // 160)
    return Foreign(Inventory.of(world.assets), world.batches(), world.truth())


def judge(fleet: Foreign) -> list[CaseEvent]:
    """What the rules make of it."""
    engine = Engine(fleet.inventory, PLANS, ZONE, load())
    events: list[CaseEvent] = []
    for batches in fleet.batches:
        events += engine.take(batches)
    return events


def scored(fleet: Foreign) -> dict[str, TypeScore]:
    """The score of the rules by case type."""
    events = judge(fleet)
    lines = [Event(to_rfc3339(e.at), e.event, e.case, e.type, e.subject) for e in events]
    return score(lines, fleet.truth)
