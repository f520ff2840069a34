"""What a foreign fleet is made into: readings by arrival, and the truth.

Devices report every so often with jitter, in step with the clock or each for itself; a fifth of
their clocks are wrong by minutes; some messages are lost, come twice or come late by minutes, and
some devices send what they measured in bundles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from facility.assets import Asset
from facility.clock import DAY, HOUR, MINUTE, SECOND, to_rfc3339
from facility.measurements import Kind
from facility.readings import Floats, Names, ReadingBatch, Times
from rules.trials.score import Fault, Truth

INTERVALS = (60, 120, 300, 600, 900, 1800)
Minutes = NDArray[np.int64]


@dataclass(slots=True)
class Device:
    """A reporting device: its times of measurement by a true clock, and how it delivers."""

    asset: Asset
    ts: Times
    every: int
    skew: int
    bundle: int = 0
    """ms: it sends so often what it measured since"""


@dataclass(slots=True)
class World:
    """One run of a foreign fleet: ``start`` ms, whole days from a local noon on."""

    rng: np.random.Generator
    start: int
    days: int
    in_step: bool
    loss: float
    assets: list[Asset] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    outage: tuple[int, int] = (0, 0)
    """(from, to) ms in which nothing of the whole district arrives"""
    kept: dict[str, tuple[int, int]] = field(default_factory=dict)
    """device → (from, to) ms in which it is offline and keeps its readings, to send them after"""
    _rows: dict[str, list[tuple[str, Times, Times, dict[str, Floats]]]] = field(
        default_factory=dict
    )

    @property
    def end(self) -> int:
        return self.start + self.days * DAY

    def at(self, day: int, hour: float) -> int:
        """A local hour of a day of the run, ms; hours before noon are the morning after."""
        return self.start + day * DAY + round(((hour - 12) % 24) * HOUR)

    def device(self, asset: Asset, every_s: int) -> Device:
        """Draws when a device reports."""
        every, rng = every_s * SECOND, self.rng
        if self.in_step:
            first = self.start + int(rng.integers(0, 5 * SECOND))
            ts = np.arange(first, self.end, every)
        else:
            shaky = rng.uniform(0.0, 0.15)
            many = int(1.1 * (self.end - self.start) / every) + 3
            gaps = every * rng.uniform(1 - shaky, 1 + shaky, many)
            ts = self.start + int(rng.uniform(0, every)) + np.cumsum(gaps).astype(np.int64)
        skew = int(np.clip(rng.normal(0, 2), -6, 3.5) * MINUTE) if rng.random() < 0.2 else 0
        self.assets.append(asset)
        return Device(asset, ts[ts < self.end], every, skew)

    def send(
        self,
        device: Device,
        columns: dict[str, Floats],
        *,
        heard: NDArray[np.bool_] | None = None,
        circuit: str | None = None,
    ) -> None:
        """Delivers a device's readings, each column (n,) beside ``device.ts``; ``heard`` where it
        reports at all."""
        rng, n = self.rng, len(device.ts)
        there = rng.random(n) >= self.loss
        if heard is not None:
            there &= heard
        arrived = device.ts + (SECOND * np.exp(rng.normal(1.0, 0.8, n))).astype(np.int64)
        tardy = rng.random(n) < (0 if device.bundle else 0.005)
        arrived[tardy] += rng.integers(30 * SECOND, 10 * MINUTE, int(tardy.sum()))
        again = there & (rng.random(n) < 0.01)
        rows = np.concatenate([np.flatnonzero(there), np.flatnonzero(again)])
        if device.bundle:
            arrived = self._bundled(device)
        arrived = arrived[rows]
        arrived[int(there.sum()) :] += rng.integers(1, 15 * MINUTE, int(again.sum()))
        if kept := self.kept.get(device.asset.id):
            arrived = np.where((arrived >= kept[0]) & (arrived < kept[1]), kept[1], arrived)
        came = (arrived < self.outage[0]) | (arrived >= self.outage[1])
        rows, arrived = rows[came], arrived[came]
        name = device.asset.id if circuit is None else f"{device.asset.id}/{circuit}"
        self._rows.setdefault(device.asset.kind, []).append(
            (
                name,
                device.ts[rows] + device.skew,
                arrived,
                {field: values[rows] for field, values in columns.items()},
            )
        )

    def _bundled(self, device: Device) -> Times:
        """When the bundles arrive in which each reading is, (n,) ms."""
        number = (device.ts - self.start) // device.bundle
        lag = self.rng.integers(2 * SECOND, 90 * SECOND, int(number.max()) + 1)
        return self.start + (number + 1) * device.bundle + lag[number]

    def fault(
        self,
        type_: str,
        subject: str,
        visible: int,
        end: int,
        sort: str,
        also: tuple[tuple[str, str], ...] = (),
        members: Iterable[str] = (),
    ) -> None:
        """Writes down a fault, where it can be seen within the run at all. ``members`` are the
        devices at fault, but for that of a single one's subject."""
        if visible < self.end - HOUR:
            self.faults.append(
                Fault(
                    f"{sort} {subject}",
                    type_,
                    subject,
                    to_rfc3339(visible),
                    to_rfc3339(end) if end < self.end else None,
                    tuple(members) or (subject.partition(":")[2],),
                    tuple({"type": t, "subject": s} for t, s in also),
                )
            )

    def truth(self) -> Truth:
        return Truth(tuple(self.faults))

    def batches(self, step: int = 10 * MINUTE) -> list[list[ReadingBatch]]:
        """All readings by arrival, a list of batches for each ``step`` ms."""
        names, whole = Names(), []
        for kind, rows in self._rows.items():
            columns = dict.fromkeys(field for *_, values in rows for field in values)
            batch = ReadingBatch(
                Kind(kind),
                names,
                np.concatenate([np.full(len(ts), names.code(n), np.int32) for n, ts, _, _ in rows]),
                np.concatenate([ts for _, ts, _, _ in rows]),
                np.concatenate([arrived for _, _, arrived, _ in rows]),
                {
                    name: np.concatenate(
                        [values.get(name, np.full(len(ts), np.nan)) for _, ts, _, values in rows]
                    )
                    for name in columns
                },
            )
            whole.append(batch.take(np.argsort(batch.arrived, kind="stable")))
        steps = []
        for begin in range(self.start, self.end, step):
            spans = (np.searchsorted(one.arrived, (begin, begin + step)) for one in whole)
            parts = [b.take(np.arange(lo, hi)) for b, (lo, hi) in zip(whole, spans, strict=True)]
            steps.append([part for part in parts if len(part)])
        return steps


def first_report(device: Device, at: int) -> int:
    """The first time at or after ``at`` at which a device measures, ms."""
    later = device.ts[device.ts >= at]
    return int(later[0]) if len(later) else at


def missed_from(device: Device, at: int) -> int:
    """From when on three reports of a device may be missing that is quiet from ``at`` on, ms: the
    one before may have been lost by chance."""
    before = device.ts[device.ts < at - device.every]
    return int(before[-1]) + 3 * device.every if len(before) else at
