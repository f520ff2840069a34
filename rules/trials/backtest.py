"""Backtest: a draft rulebook over the readings store, beside the live one.

Two engines are fed with one scan, slice by slice: memory holds a slice and the two engines' state,
however long the span. Before the span both live through a lead, so that what stood at its start is
no news; before that they take in what a live start takes in. What people did to cases and shelved
meanwhile is left out on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cases.events import CaseEvent
from facility.clock import HOUR
from facility.grid import Grid
from facility.inventory import Inventory
from facility.lighting import LightingPlan
from facility.measurements import STATUS, Kind
from facility.readings import ReadingBatch
from facility.store.base import ReadingsStore
from rules.book.rulebook import Rulebook
from rules.engine import LOOKED_AT, WARM, Engine

LEAD = 2 * HOUR
"""Before the span: as long as cases come back as the same case, and chatter is counted."""


@dataclass(frozen=True, slots=True)
class Question:
    """Two books over [start, end) ms."""

    live: Rulebook
    draft: Rulebook
    start: int
    end: int


class Stopped(Exception):
    """Somebody said that the answer is no longer wanted."""


class Backtest:
    """One run. ``at`` (ms) and ``readings`` may be read meanwhile, from any thread."""

    def __init__(
        self,
        store: ReadingsStore,
        inventory: Inventory,
        plans: dict[str, LightingPlan],
        timezone: str,
        question: Question,
        grid: Grid | None = None,
    ) -> None:
        self._store = store
        self._question = question
        self._engines = [
            Engine(inventory, plans, timezone, book, grid)
            for book in (question.live, question.draft)
        ]
        self.at = question.start - LEAD
        self.readings = 0

    def run(
        self,
        hear: Callable[[int, CaseEvent], None] = lambda *_: None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Lives through the span, telling of each event: 0, it, of the live book, 1 of the draft.

        Stopped where ``is_wanted`` says no between two slices; Retryable where the store is away.
        """
        question = self._question
        begin = question.start - LEAD
        for table, reach in WARM.items():
            for batch in self._store.scan(table, begin - reach, begin, LOOKED_AT[table]):
                for engine in self._engines:
                    engine.warm(batch)
        for engine in self._engines:
            engine.skip(begin)
        for until, batches in slices(self._store, begin, question.end):
            if not is_wanted():
                raise Stopped
            for number, engine in enumerate(self._engines):
                for event in engine.take(batches):
                    hear(number, event)
            self.readings += sum(map(len, batches))
            self.at = until
        for number, engine in enumerate(self._engines):
            for event in engine.advance(question.end):
                hear(number, event)
        self.at = question.end


def slices(store: ReadingsStore, start: int, end: int) -> Iterator[tuple[int, list[ReadingBatch]]]:
    """(until, the readings up to then) of one slice of time after the other, of all tables."""
    scans = {
        table: iter(store.scan(table, start, end, LOOKED_AT[table])) for table in (*Kind, STATUS)
    }
    held: dict[str, ReadingBatch] = {}
    while True:
        for table in list(scans):
            if table not in held:
                batch = next(scans[table], None)
                if batch is None:
                    del scans[table]
                elif len(batch):
                    held[table] = batch
        if not held:
            return
        until = min(int(batch.ts[-1]) for batch in held.values())
        ready = []
        for table, batch in list(held.items()):
            cut = int(np.searchsorted(batch.ts, until, side="right"))
            if cut:
                ready.append(batch.take(slice(0, cut)))
            if cut == len(batch):
                del held[table]
            else:
                held[table] = batch.take(slice(cut, len(batch)))
        yield until, ready
