"""What a fault or a look-alike does to devices, and the records of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from facility.measurements import Kind
from facility.readings import Codes, Times

FOREVER = 2**62


class What(Enum):
    """What happens to the rows of an effect; ``size`` means what is said beside it."""

    # streetlights
    DEAD = auto()  # no consumption, relay closed
    NO_SUPPLY = auto()  # no voltage; the controller lives on its battery, or not at all
    STUCK_ON = auto()  # lit whatever the plan says
    WEAK = auto()  # size: share of the power that is left
    CYCLING = auto()  # size: period, ms; dark for the second half of each
    POOR_FACTOR = auto()  # size: the power factor
    # cabinets; rows are circuits
    TRIPPED = auto()
    # covers
    TILTED = auto()  # size: degrees
    WHEEL = auto()  # on it while it reports; size: degrees
    RATTLES = auto()  # size: what is added to the share of passes that hit
    WATER_RISES = auto()  # size: the level it ends at, m
    TRAFFIC = auto()  # size: factor
    LORRIES = auto()  # size: factor of the share of passes that hit
    # stations
    NO_TRUCKS = auto()  # nothing goes out
    ODOUR = auto()  # size: factor
    GAS = auto()  # size: mg/m³ of H2S
    NO_PUMP = auto()  # leachate is not pumped out; size: % an hour
    COMPACTOR_FAULT = auto()
    OVERHEATED = auto()  # size: °C
    OVERPRESSURE = auto()  # size: MPa
    FIRE = auto()
    EMERGENCY_STOP = auto()
    # meters of streetlights, cabinets, stations
    METER_REPLACED = auto()  # counts from zero again from the start on
    # delivery
    SILENT = auto()
    LATE = auto()
    REPEATED = auto()
    OUT_OF_ORDER = auto()
    BUFFERED = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """``what`` happens to ``rows`` of a kind from ``start`` until before ``end`` (ms)."""

    kind: Kind
    what: What
    rows: Codes
    start: int
    end: int
    size: float = 0.0

    def mask(self, rows: Codes, ts: Times) -> NDArray[np.bool_]:
        """Which of the readings (row, ts) it touches, bool (n,)."""
        touched: NDArray[np.bool_] = np.isin(rows, self.rows, kind="table")
        return touched & (ts >= self.start) & (ts < self.end)


@dataclass(frozen=True, slots=True, eq=False)
class LastGasp:
    """A device's own word when it goes, and when it is back: status messages."""

    kind: Kind
    row: int
    at: int
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """Something wrong, and the one case it must become.

    ``visible``: the earliest time at which readings can show it by the contract's judging.
    ``also``: (type, subject) of cases that it may cause besides.
    """

    sort: str
    type: str
    subject: str
    members: tuple[str, ...]
    start: int
    visible: int
    end: int
    cause: str
    effects: tuple[Effect, ...]
    also: tuple[tuple[str, str], ...] = ()
    gasps: tuple[LastGasp, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LookAlike:
    """Something that must raise nothing on its subjects."""

    sort: str
    subjects: tuple[str, ...]
    start: int
    end: int
    effects: tuple[Effect, ...]
    id: str = ""


@dataclass(slots=True)
class Effects:
    """The effects that are known, by kind."""

    _by_kind: dict[Kind, list[Effect]] = field(default_factory=dict)

    def add(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._by_kind.setdefault(effect.kind, []).append(effect)

    def active(self, kind: Kind, start: int, end: int, *what: What) -> list[Effect]:
        """Those of a kind that touch [start, end), in order of adding; any ``what`` if none."""
        return [
            effect
            for effect in self._by_kind.get(kind, ())
            if effect.start < end and effect.end > start and (not what or effect.what in what)
        ]

    def forget(self, before: int) -> None:
        """Drops those that ended before."""
        for kind, effects in self._by_kind.items():
            self._by_kind[kind] = [effect for effect in effects if effect.end > before]
