"""Districts that fell silent as a whole: one case of the area, and none of its devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rules.book import figures
from rules.feeds import Feeds
from rules.fleet import Fleet, Rows
from rules.tracker import Case, Tracker

TYPE = "device.silent"
SORT = "area"

Account = Callable[[Rows], tuple[str, dict[str, Any]]]


class Districts:
    """Opens and ends ``device.silent`` of ``area:CODE``.

    Where other devices are heard the case opens as soon as any of the area's are silent. Where
    nothing arrives at all it may be this service that hears nothing: then it waits for
    ``feed_hold``, unless last gasps tell that it was the power. It ends once the area is heard:
    each of its devices that is not has a case of its own after its own time.
    """

    def __init__(self, feeds: Feeds, fleet: Fleet, book: figures.Silence, tracker: Tracker) -> None:
        self._feeds = feeds
        self._fleet = fleet
        self._book = book
        self._tracker = tracker

    def has(self, case: Case) -> bool:
        """Whether a case is one of a district."""
        return case.subject.startswith(f"{SORT}:")

    def judge(self, now: int, missing: Rows, account: Account) -> None:
        """Takes stock; ``missing`` are the devices whose reports are, ``account`` gives cause and
        evidence of some."""
        feeds = self._feeds
        for area in feeds.areas:
            rows = feeds.lost_of(area)
            case = self._tracker.find(TYPE, f"{SORT}:{area}")
            if case:
                there = set() if rows is None else set(self._ids(rows))
                back = [member for member in case.members if member not in there]
                if back:
                    self._tracker.leave(now, case, back, "heard", {})
            elif rows is not None:
                self._open(now, area, rows, missing, account)
        feeds.told = {
            area for area in feeds.areas if self._tracker.find(TYPE, f"{SORT}:{area}") is not None
        }

    def _open(self, now: int, area: str, rows: Rows, missing: Rows, account: Account) -> None:
        out = rows[np.isin(rows, missing, assume_unique=True)]
        if not self._feeds.stands_for(area, out):
            return
        cause, shown = account(rows)
        everything = self._feeds.everything
        gasped = self._feeds.stands_for(area, rows[: shown.get("last_gasps", 0)])
        if everything.lost and not gasped and now - everything.last < self._book.feed_hold:
            return
        members = self._tracker.members("silent")
        free = [one for one in self._ids(rows) if one not in members]
        shown |= {"devices": len(free), "silent": len(out)}
        self._tracker.open(now, TYPE, f"{SORT}:{area}", free, cause, shown)

    def _ids(self, rows: Rows) -> Iterable[str]:
        return [self._fleet.ids[row] for row in rows.tolist()]
