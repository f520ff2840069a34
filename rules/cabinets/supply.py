"""What feeds what: cabinets and their circuits as series, and what their lamps ought to draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facility.clock import MINUTE
from facility.inventory import Inventory
from facility.readings import Codes, Floats, Names, ReadingBatch, Times, series_of
from rules.fleet import Mask, Rows
from rules.lamps.evidence import DARK
from rules.lamps.groups import Groups
from rules.lamps.state import Lamps

_FRESH = 1.5
"""Report intervals, or bundles of them, for which a lamp's last reading says what it draws."""

AHEAD = 10 * MINUTE
"""Before a switching time a circuit is left alone (domain facts: 10 min around switching)."""

_TENTHS, _PARTS = 12, 5
LEVELS = _TENTHS * _PARTS
"""Tenths of a level, of all its lamps and of each quarter of them that is to be lit."""


class Demand:
    """What each series' lamps ought to draw at the moment ``at`` (m,) ms, 0 before any; each (m,).

    ``watts`` by what they say of themselves, those that say nothing taken as the others;
    ``known`` the share of ``rated`` W that says so, or of its lamps if that is less and the size of
    some is not known; ``lamps`` how many of the ``fed`` ones should be lit, ``dark`` how many of
    these are seen dark. ``steady`` where all of its plans have been lit, or all dark, for long
    enough and stay so for a while. ``oldest`` is when that one of them was heard, of those heard
    lately, that was heard first (ms): what they say is of no earlier moment. ``level`` is the tenth
    of their rating that they say they draw, 0 to 11, and 12 more for each quarter of them that is
    to be lit, or all of them.
    """

    KEPT = (
        *("at", "oldest", "watts", "rated", "known", "fed", "lamps", "dark", "lit", "steady"),
        "level",
    )

    def __init__(self, m: int) -> None:
        self.at, self.oldest = (np.zeros(m, dtype=np.int64) for _ in range(2))
        self.watts, self.rated, self.known = (np.zeros(m) for _ in range(3))
        self.fed, self.lamps, self.dark = (np.zeros(m, dtype=np.int64) for _ in range(3))
        self.lit, self.steady = (np.zeros(m, dtype=bool) for _ in range(2))
        self.level: NDArray[np.int8] = np.zeros(m, dtype=np.int8)


class Supply:
    """The series of all cabinets, (m,): each cabinet as a whole, and each of its circuits."""

    KEPT = ("demand",)

    def __init__(self, inventory: Inventory, lamps: Lamps, settle: int) -> None:
        self._lamps = lamps
        self._settle = settle
        self.names: list[str] = []
        self.cabinet: list[int] = []
        self.circuit: list[str | None] = []
        self.row_of: dict[str, int] = {}
        fed: dict[str, dict[str, None]] = {}
        for lamp in inventory.streetlights:
            if lamp.cabinet and lamp.circuit:
                fed.setdefault(lamp.cabinet, {})[lamp.circuit] = None
        for number, cabinet in enumerate(inventory.cabinets):
            circuits = dict.fromkeys((*cabinet.circuits, *fed.get(cabinet.id, ())))
            for circuit in (None, *circuits):
                self.row_of[series_of(cabinet.id, circuit)] = len(self.names)
                self.names.append(series_of(cabinet.id, circuit))
                self.cabinet.append(number)
                self.circuit.append(circuit)
        self.ids = [cabinet.id for cabinet in inventory.cabinets]
        self._fed_by(inventory)
        self.row_names = self.names
        self.demand = Demand(len(self.names))
        self._names: Names | None = None
        self._row_of_code: Codes = np.empty(0, dtype=np.int32)

    def _fed_by(self, inventory: Inventory) -> None:
        """Finds each lamp's circuit and cabinet. A circuit's name alone will do if it is one's."""
        owners: dict[str, list[int]] = {}
        for row, circuit in enumerate(self.circuit):
            if circuit:
                owners.setdefault(circuit, []).append(row)
        n = len(inventory.streetlights)
        self._circuit_of = np.full(n, -1, dtype=np.int32)
        self._cabinet_of = np.full(n, -1, dtype=np.int32)
        for lamp_row, lamp in enumerate(inventory.streetlights):
            named = owners.get(lamp.circuit or "", [])
            if lamp.cabinet and lamp.circuit:
                row = self.row_of.get(series_of(lamp.cabinet, lamp.circuit), -1)
            else:
                row = named[0] if len(named) == 1 else -1
            self._circuit_of[lamp_row] = row
            cabinet = lamp.cabinet or (self.ids[self.cabinet[row]] if row >= 0 else "")
            self._cabinet_of[lamp_row] = self.row_of.get(cabinet, -1)

        # One code a lamp: its circuit; else its cabinet, past the series; else nothing, past both.
        m = len(self)
        beside = np.where(self._cabinet_of >= 0, m + self._cabinet_of, 2 * m)
        fed_from = np.where(self._circuit_of >= 0, self._circuit_of, beside)
        self._lamps_of = Groups(fed_from, 2 * m + 1)
        whole = {number: row for row, number in enumerate(self.cabinet) if not self.circuit[row]}
        self._cabinet_row = np.array(
            [whole[number] if self.circuit[row] else -1 for row, number in enumerate(self.cabinet)],
            dtype=np.int32,
        )

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, batch: ReadingBatch) -> Codes:
        """The series of each reading, int32 (n,); -1 for a circuit that is not installed."""
        if batch.names is not self._names:
            self._names, self._row_of_code = batch.names, np.empty(0, dtype=np.int32)
        known = len(self._row_of_code)
        if known < len(batch.names):
            found = [self.row_of.get(name, -1) for name in batch.names.names[known:]]
            self._row_of_code = np.append(self._row_of_code, np.array(found, dtype=np.int32))
        rows: Codes = self._row_of_code[batch.series]
        return rows

    def fed_by(self, lamps: Rows) -> tuple[Codes, Codes]:
        """The series of the circuit, and of the cabinet, that feed each of the lamps; -1 where that
        is not known."""
        return self._circuit_of[lamps], self._cabinet_of[lamps]

    def lamps_of(self, row: int) -> Rows:
        """The lamps that a series feeds."""
        of = self._circuit_of if self.circuit[row] else self._cabinet_of
        return np.flatnonzero(of == row)

    def oldest(self, now: int) -> Times:
        """From when on each series' lamps were heard, of those that are to be lit and were heard
        lately, (m,) ms; ``NEVER`` where there are none."""
        planned, _ = self._lamps.planned_now(now)
        by_circuit = self._lamps_of.least(self._lamps.last, planned & self._fresh(now))
        m = len(self)
        oldest: Times = np.minimum(by_circuit[:m], by_circuit[m : 2 * m])
        circuits = self._cabinet_row >= 0
        np.minimum.at(oldest, self._cabinet_row[circuits], oldest[circuits])
        return oldest

    def _fresh(self, now: int) -> Mask:
        fresh: Mask = now - self._lamps.last <= _FRESH * self._lamps.pace
        return fresh

    def see(self, now: int) -> None:
        """Takes stock of what the lamps ought to draw at ``now``."""
        lamps, demand = self._lamps, self.demand
        if not len(self):
            return
        planned, since = lamps.planned_now(now)
        soon, _ = lamps.planned_now(now + AHEAD)
        steady = (now - since >= self._settle) & (planned == soon)
        fresh = self._fresh(now)
        level = np.where(np.isnan(lamps.dim_pct), np.nan, lamps.dim_pct / 100)
        guess = np.where(lamps.shown == DARK, 0.0, level * lamps.draws.full_w())
        drawn = np.where(np.isnan(lamps.power_w), guess, lamps.power_w)
        known = fresh & ~np.isnan(drawn) & planned
        rated = np.where(planned, np.nan_to_num(lamps.draws.full_w()), 0.0)
        dark = planned & fresh & (lamps.shown == DARK)
        told = self._sum(np.where(known, drawn, 0.0))
        of_known, of_all = self._sum(np.where(known, rated, 0.0)), self._sum(rated)
        scale = np.divide(of_all, of_known, out=np.zeros(len(self)), where=of_known > 0)
        demand.at[:], demand.oldest[:] = now, self.oldest(now)
        demand.watts[:] = told * scale
        demand.rated[:] = of_all
        demand.fed[:] = self._sum(np.ones(len(planned), dtype=bool))
        np.divide(of_known, of_all, out=demand.known, where=of_all > 0)
        demand.known[of_all <= 0] = 0
        demand.lamps[:] = self._sum(planned)
        # Of a lamp whose size nobody knows there are no watts to be known: it counts by its number.
        unsized = self._sum(planned & (rated <= 0)) > 0
        by_number = self._sum(known & (rated > 0)) / np.maximum(demand.lamps, 1)
        demand.known[unsized] = np.minimum(demand.known, by_number)[unsized]
        demand.dark[:] = self._sum(dark)
        demand.lit[:] = demand.lamps > 0
        demand.steady[:] = self._sum(~steady) == 0
        tenth = np.clip(np.round(10 * demand.watts / np.maximum(of_all, 1)), 0, _TENTHS - 1)
        part = (_PARTS - 1) * demand.lamps // np.maximum(demand.fed, 1)
        demand.level[:] = tenth + _TENTHS * part

    def _sum(self, values: Floats | Mask) -> Floats:
        """The lamps' values (n,) summed by series, (m,)."""
        by_circuit = self._lamps_of.sums(values)
        total = by_circuit[: len(self)].copy()
        # A cabinet has what its circuits have, and the lamps whose circuit is not known.
        circuits = self._cabinet_row >= 0
        total += np.bincount(
            self._cabinet_row[circuits], weights=total[circuits], minlength=len(self)
        )
        return np.asarray(total + by_circuit[len(self) : 2 * len(self)])
