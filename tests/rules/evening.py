"""An evening of a small district in which things go wrong at random, as batches by the minute."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cases.events import CaseEvent
from facility.assets import Asset, Cabinet
from facility.clock import HOUR, MINUTE, SECOND
from facility.readings import ReadingBatch
from rules.engine import Engine
from tests.rules.street import DUSK, batch, cover, lamp, station

START, END = DUSK - HOUR, DUSK + 4 * HOUR
Reading = tuple[int, str, str, int, dict[str, float]]
"""(arrival, table, series, ts, values)"""


@dataclass(frozen=True)
class Span:
    """When something is wrong."""

    start: int
    end: int

    def has(self, ts: int) -> bool:
        return self.start <= ts < self.end


def district() -> list[Asset]:
    place = {"area": "410105", "lon": 113.69, "lat": 34.78}
    lamps = [
        replace(
            lamp(f"{road}{i}", road, i, f"K1-{road}", gateway=f"G{road}"),
            cabinet="K1",
            plan="half-night" if road == "B" else "all-night",
        )
        for road in "AB"
        for i in range(6)
    ]
    cabinet = Cabinet(
        id="K1", name="K1", circuits=("K1-A", "K1-B"), report_every_s=120, **place  # type: ignore[arg-type]
    )  # fmt: skip
    return [*lamps, cabinet, cover("M1"), cover("M2"), station("W1", 20 * HOUR)]


def readings(seed: int, delivery: bool = True, silence: bool = True) -> list[Reading]:
    """What the district sends, in order of arrival.

    With ``delivery`` some of it comes late, twice, or after what was measured later; with
    ``silence`` some devices fall silent.
    """
    chance = random.Random(seed)
    sent: list[Reading] = []
    for asset in district():
        every = (asset.report_every_s or 300) * SECOND
        wrong = _spans(chance)
        silent = _spans(chance)[:1] if silence and chance.random() < 0.3 else []
        first = START + chance.randrange(every)
        for due in range(first, END, every):
            ts = due + chance.randrange(every // 20)
            if any(span.has(ts) for span in silent):
                continue
            for series, values in _values(asset, ts, any(w.has(ts) for w in wrong), chance):
                delay = chance.randrange(200, 3000)
                if delivery and chance.random() < 0.1:
                    delay += chance.randrange(20 * MINUTE)
                sent.append((ts + delay, asset.kind, series, ts, values))
                if delivery and chance.random() < 0.05:
                    sent.append((ts + delay + 5000, asset.kind, series, ts, values))
    return sorted(sent, key=lambda one: one[:4])


def _spans(chance: random.Random) -> list[Span]:
    if chance.random() < 0.4:
        return []
    start = chance.randrange(START, END)
    return [Span(start, start + chance.randrange(10 * MINUTE, 3 * HOUR))]


def _values(
    asset: Asset, ts: int, wrong: bool, chance: random.Random
) -> Iterable[tuple[str, dict[str, float]]]:
    lit = ts >= DUSK + 3 * MINUTE
    noise = chance.uniform(0.98, 1.02)
    match asset.kind:
        case "streetlight":
            burns = lit is not (wrong and chance.random() < 0.9)
            yield asset.id, {"on": float(lit), "power_w": (58.0 if burns else 0.4) * noise}
        case "cabinet":
            for circuit in ("K1-A", "K1-B"):
                watts = 58.0 * (4 if wrong else 6) * noise if lit else 5.0
                yield f"K1/{circuit}", {"power_w": watts}
        case "cover":
            tilt = {"tilt_deg": 25.0 if wrong else 0.5, "water_m": -0.1 if wrong else -2.0}
            yield asset.id, {**tilt, "passes": 90.0, "hits": 40.0 if wrong else 3.0}
        case _:
            gas = {"h2s_mg_m3": 12.0 if wrong else 0.02, "leachate_pct": 90.0 if wrong else 40.0}
            tonnes = {"inbound_t": 100 + (ts - START) / HOUR, "outbound_t": 80.0}
            yield asset.id, {**gas, **tonnes, "motor_temp_c": 110.0 if wrong else 60.0}


def batches(sent: Sequence[Reading]) -> list[ReadingBatch]:
    """The readings as one batch a table, in the order given."""
    tables: dict[str, list[Reading]] = {}
    for reading in sent:
        tables.setdefault(reading[1], []).append(reading)
    made = []
    for table, rows in tables.items():
        one = batch(table, [(series, ts, values) for _, _, series, ts, values in _stable(rows)])
        one.arrived[:] = [row[0] for row in _stable(rows)]
        order = one.arrived.argsort(kind="stable")
        made.append(one.take(order))
    return made


def _stable(rows: list[Reading]) -> list[Reading]:
    return sorted(rows, key=lambda row: row[3])


def through(engine: Engine, sent: Sequence[Reading], start: int, end: int) -> list[CaseEvent]:
    """Lives from ``start`` to ``end``, a minute at a time."""
    events: list[CaseEvent] = []
    arrivals = [one[0] for one in sent]
    for minute in range(start, end, MINUTE):
        mine = slice(bisect_left(arrivals, minute), bisect_left(arrivals, minute + MINUTE))
        events += engine.take(batches(sent[mine]))
        events += engine.advance(minute + MINUTE)
    return events
