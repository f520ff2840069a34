"""Feeds: whole districts, and all that is behind their gateways, of which nothing is heard at all.

Where nothing arrives of many devices that should have been heard, what they share is lost and not
each of them: the district's power, the gateways' way back, the broker, this service. Until that is
a case of its own their time stands still, and once it is back each has its full time again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from facility.clock import MINUTE
from facility.inventory import Inventory
from facility.readings import Times
from rules.arrivals import OVERDUE
from rules.fleet import Fleet, Minutes, Rows, from_minutes

_LEAST_DEVICES, _LEAST_EXPECTED = 20, 5
"""Feeds of fewer devices, or of which fewer should have been heard, are not told from these."""

_WITNESSES = 64
"""Devices of a feed that are asked first: one that was heard just now is enough."""


@dataclass(slots=True)
class Feed:
    """``rows`` are heard by one way. ``last`` is when the newest was, ``lost`` whether that was too
    long ago for all of them; ``enough_after`` for how long it is too early to tell, as it was at
    ``enough_at`` (ms)."""

    area: str
    whole: bool
    rows: Rows
    lost: bool = False
    last: int = 0
    enough_after: int = 0
    enough_at: int = 0


class Feeds:
    """The feed of everything, first, then those of single areas where there are several, and of
    what is behind the gateways of an area."""

    PLAIN: ClassVar[dict[str, Any]] = {"last": dict[str, int]}

    def __init__(self, inventory: Inventory, fleet: Fleet, share: float) -> None:
        self._fleet = fleet
        self._share = share
        self.last: dict[str, int] = {}
        # Areas whose silence is a case: there time goes on.
        self.told: set[str] = set()
        assets = [inventory.assets[asset_id] for asset_id in fleet.ids]
        paths: dict[str, int] = {}
        self._path = np.empty(len(fleet), dtype=np.int32)
        of_area: dict[str, list[int]] = {}
        behind: dict[str, dict[int, str]] = {}
        for row, asset in enumerate(assets):
            path = asset.gateway or getattr(asset, "circuit", None) or asset.id
            self._path[row] = paths.setdefault(path, len(paths))
            of_area.setdefault(asset.area, []).append(row)
            if asset.gateway:
                behind.setdefault(asset.area, {})[row] = asset.gateway
        self.areas = {area: np.array(rows, dtype=np.intp) for area, rows in of_area.items()}
        self.all = [Feed("", True, np.arange(len(fleet), dtype=np.intp))]
        if len(of_area) > 1:
            self.all += [Feed(area, True, rows) for area, rows in self.areas.items()]
        self.all += [
            Feed(area, False, np.array(list(rows), dtype=np.intp))
            for area, rows in behind.items()
            if len(set(rows.values())) > 1 and len(rows) < len(of_area[area])
        ]

    @property
    def everything(self) -> Feed:
        """The feed of all devices."""
        return self.all[0]

    def look(self, now: int, allowed: Times, since: Minutes) -> None:
        """Takes stock. ``since`` (n,) is from when on each device is waited for: those whose feed
        is back are from now on."""
        for feed in self.all:
            if len(feed.rows) < _LEAST_DEVICES:
                continue
            key = f"{feed.area}{'' if feed.whole else '/gateways'}"
            before, last = self.last.get(key, 0), self._heard(feed, now)
            if before and last > before:
                gap = now - MINUTE - before
                if self._is_lost(feed, before, gap, allowed, since):
                    back = feed.rows[gap >= OVERDUE * self._fleet.pace(feed.rows)]
                    since[back] = now // MINUTE
            self.last[key] = feed.last = last
            feed.lost = self._is_lost(feed, last, now - last, allowed, since)

    def _heard(self, feed: Feed, now: int) -> int:
        """When the newest of a feed was heard; any of the last minute will do."""
        heard = self._fleet.heard
        some = feed.rows[:: max(1, len(feed.rows) // _WITNESSES)]
        last = int(heard[some].max())
        if now - last <= MINUTE:
            return last
        return int(heard.max() if feed is self.everything else heard[feed.rows].max())

    def _is_lost(self, feed: Feed, last: int, gap: int, allowed: Times, since: Minutes) -> bool:
        """Whether after ``last`` so many should have been heard within ``gap`` ms that the feed
        was lost."""
        if gap < MINUTE:
            return False
        fleet, rows = self._fleet, feed.rows
        pace = fleet.pace(rows)
        started = np.maximum(fleet.heard[rows], from_minutes(since[rows]))
        expected = (pace > 0) & (gap >= OVERDUE * pace) & (last - started <= allowed[rows])
        return self._many(feed, rows[expected])

    def _many(self, feed: Feed, rows: Rows) -> bool:
        """Whether devices are so many of a feed that they stand for it: those of one gateway or
        circuit alone do only where it is everything."""
        if len(rows) < max(_LEAST_EXPECTED, self._share * len(feed.rows)):
            return False
        path = self._path[rows]
        return feed is self.everything or bool((path != path[0]).any())

    def may_be_lost(self, now: int, area: str, since: int) -> bool:
        """Whether nothing was heard of an area after ``since`` (ms), and too few of it should have
        been yet to tell that its feed is lost: those silent by then only report most often."""
        for feed in self.all:
            if not feed.whole or feed.area not in ("", area) or feed.last > since:
                continue
            # A lost district asks this for each of its devices.
            if feed.enough_at != now:
                feed.enough_after, feed.enough_at = self._enough_after(feed), now
            if now - feed.last < feed.enough_after:
                return True
        return False

    def _enough_after(self, feed: Feed) -> int:
        """After how long so many of a feed should have been heard again that their silence tells
        that it is lost, ms; 0 where it has too few for that."""
        pace = self._fleet.pace(feed.rows)
        pace = pace[pace > 0]
        few = int(max(_LEAST_EXPECTED, self._share * len(feed.rows)))
        if len(feed.rows) < _LEAST_DEVICES or few >= len(pace):
            return 0
        return math.ceil(OVERDUE * int(np.partition(pace, few)[few]))

    def lost_of(self, area: str) -> Rows | None:
        """The devices of an area whose feed is lost; None where none is."""
        for feed in self.all:
            if feed.lost and feed.area in ("", area):
                return feed.rows if feed.area else self.areas[area]
        return None

    def stands_for(self, area: str, rows: Rows) -> bool:
        """Whether so many devices of an area stand for it."""
        return len(rows) >= max(_LEAST_EXPECTED, self._share * len(self.areas[area]))

    def standing(self) -> Iterator[tuple[Rows, int]]:
        """(devices, when the last was heard) of lost feeds that are no case: their time stands
        still."""
        for area in self.areas.keys() - self.told:
            for feed in self.all:
                if feed.lost and feed.area in ("", area):
                    yield feed.rows if feed.area else self.areas[area], feed.last
