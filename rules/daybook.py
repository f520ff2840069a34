"""The daybook: what is counted of nights and days while the rules run, beside the cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
import numpy as np

from cases.filing.responsibility import street_of
from cases.tallies import Measure, Tally
from facility.grid import Grid
from facility.inventory import Inventory
from facility.measurements import Kind
from facility.readings import Codes, ReadingBatch
from rules.book.rulebook import Rulebook
from rules.coverage import Coverage
from rules.fleet import Fleet, Mask
from rules.lamps.lighting_rate import LightingRate
from rules.lamps.state import Lamps, Seen
from rules.sanity import Sanity
from rules.snapshot import Part
from rules.stations.backlog import BacklogDetector
from rules.stations.forecast import Forecast
from rules.stations.station_days import StationDays


class Daybook:
    """Lighting rate, coverage, station days and what is foreseen of them."""

    def __init__(
        self,
        inventory: Inventory,
        grid: Grid,
        timezone: str,
        book: Rulebook,
        fleet: Fleet,
        lamps: Lamps,
        backlog: BacklogDetector,
    ) -> None:
        assets = [inventory.assets[asset_id] for asset_id in fleet.ids]
        streets = [street_of(asset.grid, grid) or "" for asset in assets]
        self._fleet = fleet
        self._lamp_span = fleet.span(Kind.STREETLIGHT)
        self._backlog = backlog
        self._lighting = LightingRate(
            inventory.streetlights, streets[self._lamp_span], lamps, timezone
        )
        self._sanity = Sanity(assets, book.coverage)
        self._coverage = Coverage(assets, streets, timezone)
        self._stations = StationDays(dict(zip(fleet.ids, streets, strict=True)), timezone)
        self._forecast = Forecast(book.forecast)
        self._targets = msgspec.structs.asdict(book.lighting)
        self._told: list[Tally] = []
        self._now = 0
        self._silent: Mask = np.zeros(len(fleet), dtype=bool)

    def unfinished(self, now: int) -> list[tuple[Measure, date]]:
        """What is counted over spans that are not over at ``now``, and of which day."""
        return [("lighting", self._lighting.night(now)), ("coverage", self._coverage.day(now))]

    def resume(self, kept: Sequence[Tally], now: int) -> None:
        """Goes on at ``now`` from the tallies that an earlier run left ``unfinished``; before any
        readings are taken in."""
        self._lighting.resume([one for one in kept if one.measure == "lighting"], now)
        self._coverage.resume([one for one in kept if one.measure == "coverage"], now)

    def feed(self, rows: Codes, batch: ReadingBatch) -> None:
        """Takes a batch in; ``rows`` are its devices, by row of the fleet."""
        self._sanity.feed(rows, batch)

    def feed_lamps(self, rows: Codes, batch: ReadingBatch, seen: Seen) -> None:
        """Takes a batch of lamps in, by row of the lamps, and what was made of it."""
        self._lighting.feed(rows, batch, seen)

    def judge(self, now: int, silent: Mask) -> None:
        """Takes stock at ``now``; ``silent`` (n,) are devices of which nothing is known."""
        self._now, self._silent = now, silent
        courses = self._backlog.courses()
        self._forecast.judge(now, courses)
        self._told += self._lighting.judge(now)
        self._told += self._coverage.judge(now, self._look)
        self._told += self._stations.judge(now, courses)

    def drain(self) -> list[Tally]:
        """The tallies since the last call; of each day and place the newest counts."""
        told, self._told = self._told, []
        return told

    def figures(self) -> dict[str, Any]:
        """What is so now: ``lighting``, ``coverage`` by kind, and ``warnings``."""
        silent = self._silent[self._lamp_span]
        return {
            "lighting": {
                **self._lighting.now(self._now, silent),
                "targets": self._targets,
            },
            "coverage": self._coverage.now(*self._look()),
            "warnings": self._forecast.warnings,
        }

    def parts(self) -> list[Part]:
        """What holds state, for :mod:`rules.snapshot`."""
        ids = self._fleet.ids
        return [
            Part("lighting_rate", self._lighting, ids[self._lamp_span]),
            Part("sanity", self._sanity, ids),
            Part("coverage", self._coverage, ()),
            Part("forecast", self._forecast, ()),
        ]

    def _look(self) -> tuple[Mask, Mask]:
        """Which devices report, and of which the readings can be believed."""
        reporting: Mask = (self._fleet.heard > 0) & ~self._silent
        return reporting, self._sanity.believed()
