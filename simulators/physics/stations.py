"""Stations: weighbridges, stock, gas, leachate, compactor.

Boundary limits (GB 14554-93 class 2): H2S 0.06 mg/m³, NH3 1.5 mg/m³, odour 20; workers' limit of
H2S (GB/T 50493-2019) 10 mg/m³. A sound station stays well below the first.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facility.clock import DAY, HOUR, MINUTE
from facility.measurements import Kind
from facility.readings import Codes, Floats, Times
from simulators.faults.effects import Effect, Effects, What
from simulators.fleet import Fleet
from simulators.physics.lamps import ambient_c
from simulators.physics.reports import Reports, kind_stream, local_hour, local_offset, stream
from simulators.physics.station_day import StationDay, blocked_minutes, live_through
from simulators.scenario import Scenario

H2S, NH3, ODOUR = 0.022, 0.5, 8.0
"""What a sound station smells of, mg/m³, mg/m³ and dimensionless."""

GAS_CURVE = (0.0, 0.15, 0.8, 1.0), (0.0, 1.0, 1.0, 0.2)
"""Share of a leak's time → share of its gas."""

_LEACHATE_LOW, _LEACHATE_SPAN = 14.0, 44.0
_OPEN_HOURS = (5, 22)
_COMPACTOR = np.array(["idle", "run", "fault", "off"], dtype=object)


class Stations:
    """All stations of a fleet. Rows are positions in ``fleet.stations``."""

    def __init__(self, scenario: Scenario, fleet: Fleet, effects: Effects) -> None:
        self._seed = scenario.seed
        self._zone = scenario.zone
        self._effects = effects
        self._assets = fleet.stations
        n = len(fleet.stations)
        rng = stream(scenario.seed, 5, 0)
        total = sum(asset.capacity_t_day or 0 for asset in fleet.stations)
        share = scenario.fleet.tonnes_per_day / total if total else 0
        self.tonnes = np.array([(asset.capacity_t_day or 0) * share for asset in fleet.stations])
        self._in_base = np.round(rng.uniform(4_000, 60_000, n), 2)
        self._out_base = self._in_base - np.round(rng.uniform(0, 40, n), 2)
        self._leachate_period = rng.uniform(19, 31, n) * HOUR
        self._leachate_phase = rng.uniform(0, 31, n) * HOUR
        self.smell = rng.uniform(0.75, 1.25, n)
        self._days: dict[date, list[StationDay]] = {}
        self._seen_at = np.zeros(n, dtype=np.int64)

    def day(self, day: date) -> list[StationDay]:
        """A local day of every station. Days are asked for in order; the last three are kept."""
        if day not in self._days:
            midnight = datetime.combine(day, time(), self._zone)
            at = round(midnight.timestamp() * 1000)
            rng = stream(self._seed, 6, at)
            blocking = self._effects.active(Kind.STATION, at, at + DAY, What.NO_TRUCKS)
            before = self._days.get(day - timedelta(days=1))
            lived = []
            for row, asset in enumerate(self._assets):
                tonnes = float(self.tonnes[row] * np.clip(rng.normal(1, 0.04), 0.88, 1.12))
                stock = float(before[row].stock[-1]) if before else 0.0
                blocked = blocked_minutes(blocking, row, at)
                lived.append(live_through(tonnes, asset.clear_by_ms, stock, blocked, rng))
            if before:
                self._in_base += np.array([item.inbound[-1] for item in before])
                self._out_base += np.array([item.outbound[-1] for item in before])
            self._days[day] = lived
            self._days = dict(list(self._days.items())[-3:])
        return self._days[day]

    def columns(self, reports: Reports, start: int) -> dict[str, NDArray[np.generic]]:
        """The fields of the reports of the window that starts at ``start``."""
        rows, ts = reports.rows, reports.ts
        n = len(rows)
        rng = kind_stream(self._seed, Kind.STATION, start)
        active = self._effects.active(Kind.STATION, start, int(ts.max(initial=start)) + 1)
        offset = local_offset(self._zone, start)
        hour = local_hour(ts, offset)
        inbound, outbound, stock, pressing = self._scales(rows, ts, offset)
        smell = self.smell[rows] * (0.8 + 0.4 * pressing) * rng.lognormal(0, 0.08, n)
        odour_of = np.ones(n)
        gas = np.zeros(n)
        leachate = self.leachate_pct(rows, ts)
        open_now = (hour >= _OPEN_HOURS[0]) & (hour < _OPEN_HOURS[1] + 2)
        compactor = np.where(pressing, 1, np.where(open_now, 0, 3))
        machine: dict[str, Any] = {
            "motor_temp_c": ambient_c(hour) + 6 + 34 * pressing + rng.normal(0, 1.5, n),
            "hydraulic_mpa": np.where(pressing, 15.5, 1.2) + rng.normal(0, 0.3, n),
            "fire": np.zeros(n, dtype=np.bool_),
            "estop": np.zeros(n, dtype=np.bool_),
        }
        for effect in active:
            hit = effect.mask(rows, ts)
            match effect.what:
                case What.ODOUR:
                    odour_of = np.where(hit, effect.size, odour_of)
                case What.GAS:
                    gas = np.where(hit, effect.size * gas_share(effect, ts), gas)
                case What.NO_PUMP:
                    leachate = np.where(hit, self._unpumped(effect, rows, ts), leachate)
                case What.COMPACTOR_FAULT:
                    compactor = np.where(hit, 2, compactor)
                case What.EMERGENCY_STOP:
                    compactor = np.where(hit, 3, compactor)
                    machine["estop"] = machine["estop"] | hit
                case What.OVERHEATED:
                    machine["motor_temp_c"] = np.where(
                        hit, effect.size + rng.normal(0, 1, n), machine["motor_temp_c"]
                    )
                case What.OVERPRESSURE:
                    machine["hydraulic_mpa"] = np.where(
                        hit, effect.size + rng.normal(0, 0.4, n), machine["hydraulic_mpa"]
                    )
                case What.FIRE:
                    machine["fire"] = machine["fire"] | hit
                case _:
                    pass
        return {
            "inbound_t": inbound,
            "outbound_t": outbound,
            "stock_t": np.maximum(stock + rng.normal(0, 0.04, n), 0),
            "hopper_pct": np.clip(stock * 2.2 + 6 * pressing + rng.normal(0, 1, n), 0, 100),
            "leachate_pct": np.clip(leachate + rng.normal(0, 0.25, n), 0, 100),
            "h2s_mg_m3": H2S * smell * odour_of + gas,
            "nh3_mg_m3": NH3 * smell * odour_of * rng.lognormal(0, 0.05, n),
            "odour": ODOUR * smell * odour_of * rng.lognormal(0, 0.05, n) + 15 * (gas > 1),
            "compactor": _COMPACTOR[compactor],
            **machine,
        }

    def leachate_pct(self, rows: Codes, ts: Times) -> Floats:
        """The tank of a sound station: filled slowly, pumped out at about 58 %."""
        period = self._leachate_period[rows]
        return np.asarray(
            _LEACHATE_LOW + _LEACHATE_SPAN * (((ts + self._leachate_phase[rows]) % period) / period)
        )

    def _unpumped(self, effect: Effect, rows: Codes, ts: Times) -> Floats:
        at_start = self.leachate_pct(rows, np.full(len(rows), effect.start))
        return np.minimum(at_start + effect.size * (ts - effect.start) / HOUR, 97.0)

    def _scales(
        self, rows: Codes, ts: Times, offset: int
    ) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """(inbound, outbound, stock, pressing) at each report."""
        n = len(rows)
        inbound, outbound, stock = np.zeros(n), np.zeros(n), np.zeros(n)
        pressing = np.zeros(n, dtype=np.bool_)
        replaced = self._effects.active(
            Kind.STATION, int(ts.min(initial=0)), int(ts.max(initial=0)) + 1, What.METER_REPLACED
        )
        for k in np.argsort(ts, kind="stable").tolist():
            row, local = int(rows[k]), int(ts[k]) + offset
            lived = self.day(date(1970, 1, 1) + timedelta(days=local // DAY))[row]
            at = local % DAY // MINUTE
            counted = (
                self._in_base[row] + lived.inbound[at],
                self._out_base[row] + lived.outbound[at],
            )
            for effect in replaced:
                if row in effect.rows and self._seen_at[row] < effect.start <= ts[k] < effect.end:
                    # New scales begin at zero, whatever the old ones had counted.
                    self._in_base[row] -= counted[0]
                    self._out_base[row] -= counted[1]
                    counted = 0.0, 0.0
            inbound[k], outbound[k] = (max(0.0, round(tonnes, 2)) for tonnes in counted)
            stock[k], pressing[k] = lived.stock[at], lived.pressing[at]
            self._seen_at[row] = ts[k]
        return inbound, outbound, stock, pressing


def gas_share(effect: Effect, ts: Times) -> Floats:
    """How much of a leak's gas there is, 0 to 1: it builds up, stays, and thins out."""
    passed = (ts - effect.start) / (effect.end - effect.start)
    return np.asarray(np.interp(passed, GAS_CURVE[0], GAS_CURVE[1]))
