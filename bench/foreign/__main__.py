"""How well faults are found on fleets that are not ours: `python -m bench.foreign`.

Each seed is a fleet of its own, four days of it, drawn to be awkward (:mod:`bench.foreign.world`
and its neighbours say what is assumed), and scored beside the two plain baselines of
:mod:`bench.detection`. Nothing of the rules was set by it. Figures are from simulation; with
``--roads`` the lamps stand where a real city's do (:mod:`bench.foreign.roads`).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from bench.detection import FIXED, OURS, Tally, Z, contest, report
from bench.foreign.roads import read_roads
from bench.foreign.run import ZONE, draw
from bench.foreign.streets import LAT, LON, PLANS
from bench.machine import describe
from facility.errors import UsageError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="seed to begin with")
    parser.add_argument("--roads", type=Path, help="GeoJSON of a city's lamp posts")
    options = parser.parse_args()
    if options.roads and not options.roads.exists():
        print(f"skipped: {options.roads} is not here")
        return
    try:
        roads = read_roads(options.roads, LON, LAT) if options.roads else []
    except UsageError as error:
        sys.exit(str(error))
    tallies = {name: Tally() for name in (OURS, FIXED, Z)}
    readings, start = 0, time.process_time()
    for seed in range(options.first, options.first + options.seeds):
        fleet = draw(seed, roads=roads)
        one, _, many = contest(
            fleet.inventory, PLANS, ZONE, fleet.truth, f"seed {seed}", fleet.batches
        )
        for name, tally in one.items():
            tallies[name].merge(tally)
        readings += many
    print(describe("numpy"))
    where = f", along {len(roads):,} stretches of {options.roads.name}" if options.roads else ""
    print(
        f"inputs:  {options.seeds} foreign fleets from seed {options.first}, 500 lamps{where},"
        f" 60 covers, 12 stations and 4 days each; {readings:,} readings,"
        f" {time.process_time() - start:.0f} s of CPU with drawing them; delays in minutes"
    )
    print(report(tallies))


if __name__ == "__main__":
    main()
