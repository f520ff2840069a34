"""Cabinets: what their lamps draw together, circuit by circuit, and what the box itself needs.

The switch-on ramp is the lamps' own staggered switching, about six minutes as measured on a real
cabinet; with the lamps off a box draws well under 100 W.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facility.clock import HOUR, MINUTE
from facility.measurements import Kind
from facility.readings import Codes, Floats, Times
from simulators.faults.effects import Effects, What
from simulators.fleet import Fleet
from simulators.physics.lamps import Lamps
from simulators.physics.reports import Reports, kind_stream, stream
from simulators.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class CabinetColumns:
    """``whole``: fields of the reports (n,). ``parts``: those of their circuits (m,), in order.

    ``report`` (m,) the position of the report a circuit's reading belongs to, ``circuit`` (m,).
    """

    whole: dict[str, NDArray[np.generic]]
    parts: dict[str, NDArray[np.generic]]
    report: NDArray[np.intp]
    circuit: Codes


class Cabinets:
    """All cabinets of a fleet. Rows are positions in ``fleet.cabinets``."""

    def __init__(self, scenario: Scenario, fleet: Fleet, effects: Effects, lamps: Lamps) -> None:
        self._seed = scenario.seed
        self._effects = effects
        self._lamps = lamps
        wiring = fleet.wiring
        self._circuit_of_lamp = wiring.circuit
        self._circuits = len(wiring.circuits)
        self._lamp_rows = np.arange(len(wiring.circuit), dtype=np.int32)
        # The circuits of each cabinet, one cabinet after another.
        names = np.array(wiring.circuits)
        self._outgoing = np.lexsort((names, wiring.cabinet_of)).astype(np.int32)
        self._count = np.bincount(wiring.cabinet_of, minlength=len(wiring.cabinets))
        self._first = np.cumsum(self._count) - self._count
        self._cabinet_of = wiring.cabinet_of
        rng = stream(scenario.seed, 3, 0)
        n = len(fleet.cabinets)
        self._loss = rng.uniform(1.008, 1.022, self._circuits)
        self._own_w = rng.uniform(18, 55, n)
        self._volts = rng.normal(231, 2.5, n)
        self._leakage = rng.uniform(4, 18, self._circuits)
        self.energy_kwh = np.round(rng.uniform(20_000, 90_000, n), 2)
        self.circuit_kwh = np.round(rng.uniform(4_000, 22_000, self._circuits), 2)
        self._seen_at = np.zeros(n, dtype=np.int64)

    def circuit_power_w(self, at: int) -> Floats:
        """What each circuit draws at a moment, (circuits,) W: its lamps and the line's loss."""
        active = self._effects.active(Kind.STREETLIGHT, at, at + 1)
        moment = np.full(len(self._lamp_rows), at)
        drawn = self._lamps.state(self._lamp_rows, moment, active).power_w
        sums = np.bincount(self._circuit_of_lamp, weights=drawn, minlength=self._circuits)
        return np.asarray(sums * self._loss)

    def columns(self, reports: Reports, start: int) -> CabinetColumns:
        """The fields of the reports of the window that starts at ``start``."""
        rows, ts = reports.rows, reports.ts
        n = len(rows)
        rng = kind_stream(self._seed, Kind.CABINET, start)
        report = np.repeat(np.arange(n), self._count[rows])
        place = np.arange(len(report)) - np.repeat(
            np.cumsum(self._count[rows]) - self._count[rows], self._count[rows]
        )
        circuit = self._outgoing[self._first[rows[report]] + place]
        minutes, minute_of = np.unique(ts // MINUTE, return_inverse=True)
        drawn = np.zeros((len(minutes), self._circuits))
        for k, minute in enumerate(minutes.tolist()):
            drawn[k] = self.circuit_power_w(minute * MINUTE)
        true_w = drawn[minute_of[report], circuit]
        whole_w = np.bincount(report, weights=true_w, minlength=n) + self._own_w[rows]
        energy, circuit_energy = self._count_energy(reports, report, circuit, whole_w, true_w)
        closed = np.ones(len(report), dtype=np.bool_)
        for effect in self._effects.active(Kind.CABINET, start, int(ts.max(initial=start)) + 1):
            if effect.what is What.TRIPPED:
                closed &= ~effect.mask(circuit, ts[report])
        volts = self._volts[rows] + rng.normal(0, 0.5, n) - whole_w / 4000
        electric = self._electric(whole_w, volts, rng)
        door = np.zeros(n, dtype=np.bool_)
        whole = {
            **electric,
            "energy_kwh": energy,
            "contactor": np.ones(n, dtype=np.bool_),
            "door_open": door,
            "leakage_ma": rng.uniform(8, 30, n),
        }
        parts = {
            **self._electric(true_w, volts[report], rng),
            "energy_kwh": circuit_energy,
            "contactor": closed,
            "door_open": door[report],
            "leakage_ma": self._leakage[circuit] * rng.uniform(0.9, 1.1, len(report)),
        }
        return CabinetColumns(whole, parts, report, circuit)

    def _electric(
        self, true_w: Floats, volts: Floats, rng: np.random.Generator
    ) -> dict[str, NDArray[np.generic]]:
        power = np.maximum(true_w * (1 + rng.normal(0, 0.003, len(true_w))), 0)
        loaded = power > 100
        factor = np.where(loaded, 0.93 + rng.normal(0, 0.005, len(power)), 0.4)
        return {
            "power_w": power,
            "voltage_v": volts,
            "current_a": power / (volts * factor),
            "power_factor": factor,
        }

    def _count_energy(
        self,
        reports: Reports,
        report: NDArray[np.intp],
        circuit: Codes,
        whole_w: Floats,
        circuit_w: Floats,
    ) -> tuple[Floats, Floats]:
        """Adds up each meter, report by report; what the boxes' (n,) and circuits' (m,) show."""
        energy, circuit_energy = np.zeros(len(reports)), np.zeros(len(report))
        end = int(reports.ts.max(initial=0)) + 1
        replaced = self._effects.active(Kind.CABINET, 0, end, What.METER_REPLACED)
        turn_of_part = reports.turn[report]
        for turn in range(int(reports.turn.max(initial=-1)) + 1):
            now = np.flatnonzero(reports.turn == turn)
            rows, ts = reports.rows[now], reports.ts[now]
            seen = self._seen_at[rows]
            hours = self._hours(seen, ts)
            self.energy_kwh[rows] += whole_w[now] * hours / 1000
            for effect in replaced:
                hit = effect.mask(rows, ts) & (seen < effect.start)
                self.energy_kwh[rows[hit]] = 0
            parts = np.flatnonzero(turn_of_part == turn)
            part_hours = hours[np.searchsorted(now, report[parts])]
            self.circuit_kwh[circuit[parts]] += circuit_w[parts] * part_hours / 1000
            self._seen_at[rows] = ts
            energy[now] = self.energy_kwh[rows]
            circuit_energy[parts] = self.circuit_kwh[circuit[parts]]
        return energy, circuit_energy

    @staticmethod
    def _hours(seen: Times, ts: Times) -> Floats:
        """Hours since the report before; none before the first."""
        return np.asarray((ts - np.where(seen > 0, seen, ts)) / HOUR)
