"""Coverage: of the devices that are installed, how many report, and how many can be trusted.

A device *reports* while it is heard as often as it should be; it is *trusted* while it reports and
its readings can be believed (:mod:`rules.sanity`). The figures of a day are means of samples taken
over it, so a device that was out for half of it counts for half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cases.tallies import Tally
from facility.assets import Asset
from facility.clock import MINUTE
from facility.measurements import Kind
from rules.days import LocalDays
from rules.fleet import Mask

_SAMPLE_EVERY = 15 * MINUTE
_NUMBERS = ("installed", "reporting", "trusted")

Counts = NDArray[np.float64]


class Coverage:
    """Counts devices by kind, street and road class; ``_sums`` (places, 3) are the day's."""

    KEPT = ("_sums", "_samples")
    PLAIN: ClassVar[dict[str, Any]] = {"_begun": int}

    def __init__(self, assets: Sequence[Asset], streets: Sequence[str], timezone: str) -> None:
        """``streets`` (n,) are codes of the grid, empty where an asset lies in none."""
        self._days = LocalDays(timezone)
        keys = [
            (street, getattr(asset, "road_class", None) or "", str(asset.kind))
            for asset, street in zip(assets, streets, strict=True)
        ]
        codes = {key: code for code, key in enumerate(dict.fromkeys(keys))}
        self._places = list(codes)
        self._place_of = np.array([codes[key] for key in keys], dtype=np.intp)
        self.row_names = ["\t".join(key) for key in self._places]
        self._sums: Counts = np.zeros((len(codes), len(_NUMBERS)))
        self._samples = np.zeros(len(codes), dtype=np.int64)
        self._begun = 0

    def day(self, now: int) -> date:
        """The day that is being counted at ``now``."""
        return self._days.of(now)

    def resume(self, kept: Iterable[Tally], now: int) -> None:
        """Goes on from an earlier run's means of the day of ``now``: as many samples as it has had
        quarters of an hour."""
        self._begun = self._days.start(self.day(now))
        code_of = {place: code for code, place in enumerate(self._places)}
        samples = max(1, (now - self._begun) // _SAMPLE_EVERY)
        for tally in kept:
            code = code_of.get((tally.street, tally.road_class, tally.kind))
            if code is not None:
                self._sums[code] = [samples * tally.numbers[name] for name in _NUMBERS]
                self._samples[code] = samples

    def judge(self, now: int, look: Callable[[], tuple[Mask, Mask]]) -> list[Tally]:
        """Takes a sample now and then; the day's tallies with it, and once when it is over.

        ``look`` answers which devices report, and which of them are trusted, by row of the fleet.
        """
        if not self._begun:
            self._begun = self._days.start(self._days.of(now))
        if now % _SAMPLE_EVERY:
            return []
        told = []
        if now >= self._days.next(self._begun):
            told = self._tallies()
            self._sums[:], self._samples[:] = 0, 0
            self._begun = self._days.start(self._days.of(now))
        self._sums += self._counts(*look())
        self._samples += 1
        return [*told, *self._tallies()]

    def now(self, reporting: Mask, trusted: Mask) -> dict[str, dict[str, int]]:
        """Kind → the counts at this moment."""
        counts = self._counts(reporting, trusted)
        kinds = np.array([kind for _, _, kind in self._places])
        sums = {kind: counts[kinds == kind].sum(axis=0) for kind in Kind if (kinds == kind).any()}
        return {
            kind: dict(zip(_NUMBERS, of_kind.astype(int).tolist(), strict=True))
            for kind, of_kind in sums.items()
        }

    def _counts(self, reporting: Mask, trusted: Mask) -> Counts:
        many = len(self._places)
        masks = (np.ones(len(reporting), dtype=bool), reporting, reporting & trusted)
        return np.stack(
            [np.bincount(self._place_of, weights=mask, minlength=many) for mask in masks], axis=1
        )

    def _tallies(self) -> list[Tally]:
        day = self._days.of(self._begun).isoformat()
        means = (self._sums / np.maximum(self._samples, 1)[:, None]).round(2).tolist()
        return [
            Tally("coverage", day, dict(zip(_NUMBERS, mean, strict=True)), street, road_class, kind)
            for (street, road_class, kind), mean, samples in zip(
                self._places, means, self._samples.tolist(), strict=True
            )
            if samples
        ]
