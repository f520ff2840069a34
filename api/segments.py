"""The state of every segment, from its lamps and its case; in columns, for speed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.live import KindNow
from api.places import Places

LAMP_STATES = ("lit", "dark", "off", "silent", "unknown")
SEGMENT_STATES = ("dark", "partly_dark", "silent", "unknown", "off", "lit")

DARK_LAMPS = 3
DARK_SHARE = 0.3
SILENT_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class SegmentsNow:
    """``counts`` int64 (segments, 5), the lamps in each of LAMP_STATES; ``state`` int8
    (segments,), an index into SEGMENT_STATES."""

    ids: tuple[str, ...]
    counts: NDArray[np.int64]
    state: NDArray[np.int8]

    def changed_since(self, before: SegmentsNow) -> NDArray[np.intp]:
        """The segments that are not as they were; all of them where the inventory is another."""
        if self.ids is not before.ids:
            return np.arange(len(self.ids))
        same = (self.counts == before.counts).all(axis=1) & (self.state == before.state)
        return np.flatnonzero(~same)

    def summaries(self, places: NDArray[np.intp] | None = None) -> dict[str, dict[str, Any]]:
        """The given segments, or all of them in order, as the API shows them, by id."""
        if places is None:
            places = np.arange(len(self.ids))
        return {
            self.ids[place]: {
                "state": SEGMENT_STATES[state],
                **dict(zip(LAMP_STATES, counts, strict=True)),
            }
            for place, state, counts in zip(
                places.tolist(),
                self.state[places].tolist(),
                self.counts[places].tolist(),
                strict=True,
            )
        }


def segments_now(places: Places, lamps: KindNow, dark_cases: AbstractSet[int]) -> SegmentsNow:
    """The segments as they are; ``dark_cases`` are the places of those an open case calls dark."""
    many = len(places.segment_ids)
    known = {name: column for column, name in enumerate(LAMP_STATES)}
    column_of = np.array([known.get(name, known["unknown"]) for name in lamps.vocabulary])
    inside = places.segment_row >= 0
    cell = places.segment_row[inside] * len(LAMP_STATES) + column_of[lamps.state[inside]]
    counts = np.bincount(cell, minlength=many * len(LAMP_STATES)).reshape(many, len(LAMP_STATES))
    has_case = np.zeros(many, dtype=bool)
    has_case[list(dark_cases)] = True
    return SegmentsNow(places.segment_ids, counts, _states(counts, has_case))


def _states(counts: NDArray[np.int64], has_case: NDArray[np.bool_]) -> NDArray[np.int8]:
    lit, dark, off, silent, _ = counts.T
    reporting = lit + dark + off
    conditions = [
        has_case | (dark >= DARK_LAMPS) | ((dark > 0) & (dark >= DARK_SHARE * reporting)),
        dark > 0,
        (silent > 0) & (silent >= SILENT_SHARE * counts.sum(axis=1)),
        reporting + silent == 0,
        off > lit,
    ]
    chosen = np.select(conditions, range(len(conditions)), default=len(conditions))
    return chosen.astype(np.int8)
