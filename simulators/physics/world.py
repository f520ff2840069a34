"""Everything of a simulated district that has physics, and the effects that act on it."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.faults.effects import Effects
from simulators.fleet import Fleet, build
from simulators.physics.cabinets import Cabinets
from simulators.physics.covers import Covers
from simulators.physics.lamps import Lamps
from simulators.physics.stations import Stations
from simulators.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A district as it is built; whoever plans faults adds to ``effects``."""

    scenario: Scenario
    fleet: Fleet
    effects: Effects
    lamps: Lamps
    cabinets: Cabinets
    covers: Covers
    stations: Stations


def create(scenario: Scenario) -> World:
    """The district of a scenario, with nothing wrong in it."""
    fleet, effects = build(scenario), Effects()
    lamps = Lamps(scenario, fleet, effects)
    return World(
        scenario,
        fleet,
        effects,
        lamps,
        Cabinets(scenario, fleet, effects, lamps),
        Covers(scenario, fleet, effects),
        Stations(scenario, fleet, effects),
    )
