"""How long the rules take to start in a full district: `python -m bench.warm_start`.

The fleet of `jinshui` has reported for a day into an embedded store. Printed: seconds by the clock
until the rules go on, without a saved state (from the recent readings), and with one that is an
hour old (an hour is caught up from the store and judged).
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.machine import describe
from bench.rules import START, Fleet
from cases.database import upgrade
from cases.desk import Desk
from facility.bus import LocalBus
from facility.clock import HOUR, MINUTE
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.store.duckdb import DuckStore
from rules.service import RulesService, RulesSettings
from simulators.fleet import build
from simulators.scenario import load

HOURS = 24
ZONE = "Asia/Shanghai"


class SetClock:
    """A clock that stands where it is put."""

    speed = 1.0

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


def fill(store: DuckStore, inventory: Inventory) -> int:
    """Lets the district report for a day; how many readings that were."""
    fleet, count = Fleet(inventory), 0
    for at in range(START, START + HOURS * HOUR, MINUTE):
        for batch in fleet.minute(at):
            store.write(batch)
            count += len(batch)
    return count


def seconds(rules: RulesService) -> float:
    """Seconds until the rules go on."""
    start = time.perf_counter()
    rules.prepare()
    return time.perf_counter() - start


def main() -> None:
    print(describe("duckdb"))
    inventory = Inventory.of(build(load("jinshui")).assets())
    end = START + HOURS * HOUR
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), SetClock(end - HOUR)
        url = f"sqlite:///{folder}/cases.db"
        upgrade(url)
        with closing(DuckStore(folder / "r.duckdb")) as store, closing(Desk(url)) as desk:
            count = fill(store, inventory)
            print(f"inputs:  {len(inventory):,} devices, {count:,} readings in {HOURS} h")

            def service() -> RulesService:
                settings, state = RulesSettings(), folder / "rules.state"
                return RulesService(
                    settings, lambda: inventory, load_plans(), ZONE, store, desk, LocalBus(),
                    clock, state,
                )  # fmt: skip

            first = service()
            print(f"without a state:           {seconds(first):6.1f} s")
            first.stop()
            clock.ms = end
            print(f"with one of an hour ago:   {seconds(service()):6.1f} s")


if __name__ == "__main__":
    main()
