"""How well faults are found on fleets that are not ours: `python -m bench.foreign`.

Each seed is a fleet of its own, four days of it, drawn to be awkward (:mod:`bench.foreign.world`
and its neighbours say what is assumed). Nothing of the rules was set by it. Figures are from
simulation.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

from bench.foreign.run import draw, scored
from bench.machine import describe
from rules.trials.score import TypeScore, report

_LISTS = ("missed", "false_alarms", "early_recoveries", "missed_recoveries")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="seed to begin with")
    options = parser.parse_args()
    total: dict[str, TypeScore] = defaultdict(TypeScore)
    readings, start = 0, time.process_time()
    for seed in range(options.first, options.first + options.seeds):
        fleet = draw(seed)
        readings += sum(len(batch) for batches in fleet.batches for batch in batches)
        for type_, one in scored(fleet).items():
            mine = total[type_]
            mine.hits += one.hits
            mine.delays += one.delays
            for name in _LISTS:
                getattr(mine, name).extend(f"seed {seed}: {what}" for what in getattr(one, name))
    print(describe("numpy"))
    print(
        f"inputs:  {options.seeds} foreign fleets from seed {options.first}, 500 lamps, 60 covers,"
        f" 12 stations and 4 days each; {readings:,} readings,"
        f" {time.process_time() - start:.0f} s of CPU with drawing them"
    )
    everything = TypeScore()
    for one in total.values():
        everything.hits += one.hits
        everything.missed += one.missed
        everything.false_alarms += one.false_alarms
    print(f"all:     precision {everything.precision:.3f}, recall {everything.recall:.3f}")
    print(report(dict(sorted(total.items()))), end="")


if __name__ == "__main__":
    main()
