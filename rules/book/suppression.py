"""What must not open a case now: rules that are off or out of their hours, windows, shelvings.

All four say the same: faults of these types at these assets open nothing for this time. What is
open goes on and recovers as it would. The fault itself is judged all along, so one that is still
there when the time is over opens then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from facility.inventory import Inventory
from facility.readings import split_series
from rules.book.occasions import Occasion
from rules.book.scope import EVERYWHERE, Cells, Where, Words
from rules.families import FAMILY

_TYPES = frozenset(FAMILY)


def _check_types(types: Words) -> None:
    for type_ in [types] if isinstance(types, str) else types:
        if type_ not in _TYPES:
            raise ValueError(f"there is no case type {type_}; there are {', '.join(FAMILY)}")


class Off(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[off]]``: rules that are not used."""

    type: Words
    where: Where = EVERYWHERE
    reason: str = ""

    def __post_init__(self) -> None:
        _check_types(self.type)


class Schedule(Occasion, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[schedule]]``: rules that are used at these times only."""

    type: Words
    where: Where = EVERYWHERE

    def __post_init__(self) -> None:
        _check_types(self.type)


class Window(Occasion, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[window]]``: maintenance, of all rules where no ``type`` is named. It has an end."""

    reason: str
    author: str = ""
    type: Words = ()
    where: Where = EVERYWHERE

    def __post_init__(self) -> None:
        _check_types(self.type)
        if self.to is None and self.hours is None:
            raise ValueError("a window ends by itself: give it a to, or hours")


@dataclass(frozen=True, slots=True)
class Shelving:
    """Faults that a person has put aside from ``since`` until ``until`` (ms)."""

    types: tuple[str, ...]
    where: Where
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """One of them over an inventory; ``devices`` None are all, ``circuits`` likewise."""

    types: frozenset[str]
    when: Occasion | tuple[int, int]
    outside: bool
    devices: frozenset[str] | None
    circuits: frozenset[str] | None

    def is_active(self, now: int, zone: ZoneInfo) -> bool:
        if isinstance(self.when, tuple):
            return self.when[0] <= now < self.when[1]
        return self.when.holds(now, zone) is not self.outside

    def covers(self, member: str) -> bool:
        device, circuit = split_series(member)
        if self.devices is not None and device not in self.devices:
            return False
        return self.circuits is None or circuit is None or circuit in self.circuits


_ALWAYS = Occasion()


class Suppression:
    """Asked by the tracker whether a member may open a case of a type at the moment :meth:`at`."""

    def __init__(
        self,
        entries: Iterable[Off | Schedule | Window],
        inventory: Inventory,
        cells: Cells,
        timezone: str,
    ) -> None:
        self._inventory = inventory
        self._cells = cells
        self._zone = ZoneInfo(timezone)
        self._of_book = [
            self._entry(
                one.type,
                one.where,
                _ALWAYS if isinstance(one, Off) else one,
                outside=isinstance(one, Schedule),
            )
            for one in entries
        ]
        self._shelved: list[_Entry] = []
        self._active: dict[str, list[_Entry]] = {}
        self._now = 0

    def shelve(self, shelvings: Sequence[Shelving]) -> None:
        """These are the shelvings from now on, in place of those before."""
        self._shelved = [
            self._entry(one.types, one.where, (one.since, one.until)) for one in shelvings
        ]
        self.at(self._now)

    def at(self, now: int) -> None:
        """Lets time pass to ``now`` (ms)."""
        self._now = now
        self._active = {}
        for entry in (*self._of_book, *self._shelved):
            if entry.is_active(now, self._zone):
                for type_ in entry.types:
                    self._active.setdefault(type_, []).append(entry)

    def holds(self, type_: str, member: str) -> bool:
        """Whether an asset, or a series of a cabinet, opens no case of the type now."""
        return any(entry.covers(member) for entry in self._active.get(type_, ()))

    def _entry(
        self, types: Words, where: Where, when: Occasion | tuple[int, int], outside: bool = False
    ) -> _Entry:
        devices = None
        if where != EVERYWHERE:
            assets = list(self._inventory.assets.values())
            meant = np.flatnonzero(where.rows(assets, self._cells)).tolist()
            devices = frozenset(assets[row].id for row in meant)
        named = [types] if isinstance(types, str) else types
        circuits = where.circuits()
        return _Entry(frozenset(named or FAMILY), when, outside, devices, circuits)
