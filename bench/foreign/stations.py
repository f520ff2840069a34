"""Transfer stations of a foreign fleet.

Counters start anywhere, are reset to zero now and then, and go down where a weighing is corrected;
the last lorry may leave two minutes before the deadline; on Sundays some are closed. Gas is
lognormal with spikes and drifts by half; tanks slosh.
"""

from __future__ import annotations

import numpy as np

from bench.foreign.world import Device, World, first_report
from facility.assets import Station
from facility.clock import DAY, HOUR, MINUTE
from facility.measurements import COMPACTOR_STATES
from facility.readings import Floats

_RUN, _FAULT = COMPACTOR_STATES.index("run"), COMPACTOR_STATES.index("fault")


class Stations:
    """So many stations; each has a fault of its own, or none."""

    def __init__(self, world: World, count: int) -> None:
        for number in range(count):
            self._station(world, number)

    def _station(self, world: World, number: int) -> None:
        rng = world.rng
        every_s = int(rng.choice((120, 300, 600, 900, 1800)))
        daily = float(rng.uniform(8, 90))
        clear_h = int(rng.choice((24, 24, 22)))
        asset = Station(
            id=f"F-TS-{number}", name="", area="410105", lon=113.7, lat=34.8,
            capacity_t_day=daily * 1.5 if rng.random() < 0.7 else None,
            clear_by_ms=clear_h * HOUR, report_every_s=every_s,
        )  # fmt: skip
        device = world.device(asset, every_s)
        device.skew = int(np.clip(device.skew, -2 * MINUTE, 0))
        what = ("", "backlog", "gas", "odour", "leachate", "machine")[number % 6]
        columns = self._weighed(world, device, daily, clear_h, what)
        columns |= self._air(world, device, what)
        columns |= self._machine(world, device, what)
        world.send(device, columns)

    def _weighed(
        self, world: World, device: Device, daily: float, clear_h: int, what: str
    ) -> dict[str, Floats]:
        """The counters, from single lorries."""
        rng = world.rng
        came: list[tuple[int, float]] = []
        left: list[tuple[int, float]] = []
        closed = bool(rng.random() < 0.5)
        # What stood there before it was watched nobody can tell.
        late_day = int(rng.integers(1, max(2, world.days - 1)))
        for day in range(-1, world.days + 1):
            midnight = world.start - 12 * HOUR + day * DAY
            if closed and day % 7 == 2:
                continue
            begin, finish = 5 * HOUR, (clear_h - 3) * HOUR
            loads = rng.uniform(1.2, 4.5, max(2, round(daily / 2.8)))
            at = midnight + np.sort(rng.integers(begin, finish, len(loads)))
            came += [(int(t), float(x)) for t, x in zip(at, loads, strict=True)]
            last = midnight + clear_h * HOUR - int(rng.choice((2, 20, 60, 100))) * MINUTE
            total, hauls = float(loads.sum()), max(1, round(float(loads.sum()) / 12))
            when = np.linspace(midnight + 11 * HOUR, last, hauls)
            when[-1] = last
            per = total / hauls
            # What has not come cannot leave: early hauls take what is there.
            gone = 0.0
            for k, t in enumerate(when):
                there = float(loads[at <= t].sum())
                load = min(per, there - gone) if k < hauls - 1 else total - gone
                gone += load
                moment = int(t)
                if what == "backlog" and day == late_day and k == hauls - 1:
                    deadline = midnight + clear_h * HOUR
                    moment = deadline + int(rng.uniform(4, 9) * HOUR)
                    subject = f"station:{device.asset.id}"
                    visible = first_report(device, deadline)
                    if load > max(1.2, 0.03 * total):
                        world.fault("station.backlog", subject, visible, moment, f"{load:.1f} t")
                left.append((moment, load))
        inbound, outbound = _counter(device, came), _counter(device, left)
        stock = np.maximum(0, inbound - inbound[0] - outbound + outbound[0])
        stock += sum(x for t, x in came if t < device.ts[0]) - sum(
            x for t, x in left if t < device.ts[0]
        )
        columns = {}
        for name, counter in (("inbound_t", inbound), ("outbound_t", outbound)):
            shown = counter - counter[0] + float(rng.uniform(0, 50_000))
            if rng.random() < 0.3:
                k = int(rng.integers(1, len(shown)))
                shown[k:] -= shown[k - 1]
            elif name == "inbound_t" and rng.random() < 0.5:
                # A load weighed twice, taken back two hours later.
                begin = world.at(int(rng.integers(0, world.days - 1)), rng.uniform(6, 11))
                wrong = (device.ts >= begin) & (device.ts < begin + 2 * HOUR)
                shown = shown + np.where(wrong, float(rng.uniform(2, 6)), 0.0)
            columns[name] = np.round(shown, 2)
        if rng.random() < 0.5:
            columns["stock_t"] = np.round(np.maximum(stock, 0), 2)
        return columns

    def _air(self, world: World, device: Device, what: str) -> dict[str, Floats]:
        rng, ts = world.rng, device.ts
        drift = np.exp(np.linspace(0, rng.uniform(-0.4, 0.4), len(ts)))
        h2s: Floats = 0.012 * drift * np.exp(rng.normal(0, 0.5, len(ts)))
        spike = rng.random(len(ts)) < 0.004
        h2s = np.where(spike, np.exp(rng.normal(-1.5, 0.8, len(ts))).clip(0, 4), h2s)
        nh3: Floats = 0.25 * drift * np.exp(rng.normal(0, 0.4, len(ts)))
        start = world.start + int(rng.uniform(3, 24 * (world.days - 1)) * HOUR)
        subject = f"station:{device.asset.id}"
        if what == "gas":
            end = start + int(rng.uniform(0.7, 3) * HOUR) + 3 * device.every
            leak = (ts >= start) & (ts < end)
            gas, limit = (h2s, 10.0) if rng.random() < 0.5 else (nh3, 20.0)
            gas[leak] = limit * np.exp(rng.normal(0.5, 0.12, int(leak.sum())))
            visible = first_report(device, start)
            world.fault("station.gas_hazard", subject, visible, end, "gas")
        if what == "odour":
            end = start + int(rng.uniform(3, 8) * HOUR)
            stale = (ts >= start) & (ts < end)
            h2s[stale] = 0.2 * np.exp(rng.normal(0, 0.4, int(stale.sum())))
            world.fault("station.odour", subject, start, end, f"odour {device.every // MINUTE} min")
        return {
            "h2s_mg_m3": h2s.round(4),
            "nh3_mg_m3": nh3.round(3),
        }

    def _machine(self, world: World, device: Device, what: str) -> dict[str, Floats]:
        rng, ts = world.rng, device.ts
        start = world.start + int(rng.uniform(3, 24 * (world.days - 1)) * HOUR)
        end = start + int(rng.uniform(1.5, 5) * HOUR) + 4 * device.every
        wrong = (ts >= start) & (ts < end)
        subject = f"station:{device.asset.id}"
        level: Floats = (
            50 + 25 * np.sin(ts / HOUR / 7 + rng.uniform(0, 6)) + rng.normal(0, 1.5, len(ts))
        )
        if what == "leachate":
            level = np.where(wrong, 91 + rng.normal(0, 1.0, len(ts)), level)
            visible = first_report(device, start)
            world.fault("station.leachate", subject, visible, end, "leachate")
        motor = 45 + rng.normal(0, 4, len(ts))
        motor[rng.random(len(ts)) < 0.001] = 99.0
        motor[1:] = np.where(motor[:-1] > 90, 50, motor[1:])
        compactor = np.full(len(ts), float(_RUN))
        estop = np.zeros(len(ts))
        if what == "machine":
            sort = str(rng.choice(("motor", "fault", "estop")))
            motor = np.where(wrong & (sort == "motor"), 104 + rng.normal(0, 1, len(ts)), motor)
            compactor = np.where(wrong & (sort == "fault"), float(_FAULT), compactor)
            estop = np.where(wrong & (sort == "estop"), 1.0, estop)
            visible = first_report(device, start)
            world.fault("station.equipment", subject, visible, end, sort)
        return {
            "leachate_pct": level.clip(0, 100).round(1),
            "motor_temp_c": np.round(motor, 1),
            "compactor": compactor,
            "estop": estop,
        }


def _counter(device: Device, loads: list[tuple[int, float]]) -> Floats:
    """The tonnes weighed by each report."""
    loads = sorted(loads)
    times = np.array([t for t, _ in loads])
    sums = np.concatenate([[0.0], np.cumsum([x for _, x in loads])])
    return np.asarray(sums[np.searchsorted(times, device.ts, side="right")])
