"""A small street for the rules' tests, and a way to live through an evening of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from cases.events import CaseEvent
from facility.assets import Asset, Cover, Station, Streetlight
from facility.clock import MINUTE, SECOND, from_rfc3339
from facility.inventory import Inventory
from facility.lighting import load_plans
from facility.readings import Names, ReadingBatch
from rules.book.rulebook import load
from rules.engine import Engine

ZONE = "Asia/Shanghai"
EVERY_S = 300
NOON = from_rfc3339("2026-06-21T12:00:00+08:00")
DUSK = from_rfc3339("2026-06-21T19:42:00+08:00")
"""Zhengzhou's sunset that day is at 19:41:33."""

Shown = Callable[[str, int], dict[str, float] | None]
"""(asset, ts) → what it sends, or None where it is silent."""


def lamp(
    name: str,
    segment: str = "S1",
    seq: int = 1,
    circuit: str = "C1",
    gateway: str | None = None,
    plan: str = "all-night",
) -> Streetlight:
    return Streetlight(
        id=name,
        area="410105",
        name=name,
        lon=113.69,
        lat=34.78,
        report_every_s=EVERY_S,
        gateway=gateway,
        segment=segment,
        seq=seq,
        circuit=circuit,
        rated_w=60.0,
        plan=plan,
    )


def cover(name: str, gateway: str | None = None) -> Cover:
    return Cover(
        id=name,
        area="410105",
        name=name,
        lon=113.69,
        lat=34.78,
        report_every_s=900,
        gateway=gateway,
    )


def station(name: str, clear_by_ms: int = 24 * 60 * MINUTE) -> Station:
    return Station(
        id=name,
        area="410105",
        name=name,
        lon=113.69,
        lat=34.78,
        report_every_s=EVERY_S,
        capacity_t_day=50,
        clear_by_ms=clear_by_ms,
    )


def engine(assets: Iterable[Asset]) -> Engine:
    return Engine(Inventory.of(assets), load_plans(), ZONE, load())


def batch(
    table: str, readings: Iterable[tuple[str, int, dict[str, float]]], delay: int = SECOND
) -> ReadingBatch:
    """Readings (series, ts, values) that arrive ``delay`` ms after they were measured."""
    rows = sorted(readings, key=lambda row: row[1])
    names = Names()
    fields = dict.fromkeys(field for _, _, values in rows for field in values)
    ts = np.array([at for _, at, _ in rows], dtype=np.int64)
    return ReadingBatch(
        table,
        names,
        np.array([names.code(name) for name, _, _ in rows], dtype=np.int32),
        ts,
        ts + delay,
        {f: np.array([values.get(f, np.nan) for _, _, values in rows]) for f in fields},
    )


def live(
    engine: Engine, assets: Iterable[Asset], shown: Shown, start: int, end: int
) -> list[CaseEvent]:
    """Lets every asset report in its interval, each at a second of its own; the events."""
    events: list[CaseEvent] = []
    assets = list(assets)
    for minute in range(start, end, MINUTE):
        tables: dict[str, list[tuple[str, int, dict[str, float]]]] = {}
        for number, asset in enumerate(assets):
            every = (asset.report_every_s or EVERY_S) * SECOND
            due = minute + (number * 37 * SECOND - minute) % every
            for ts in range(due, minute + MINUTE, every):
                if (values := shown(asset.id, ts)) is not None:
                    tables.setdefault(asset.kind, []).append((asset.id, ts, values))
        events += engine.take([batch(table, rows) for table, rows in tables.items()])
        events += engine.advance(minute + MINUTE)
    return events


def brief(events: Iterable[CaseEvent]) -> list[tuple[str, str, str]]:
    """(event, type, subject) of each."""
    return [(event.event, event.type, event.subject) for event in events]
