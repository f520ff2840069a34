"""Pictures of the rules at work, for docs/rules.md: `python -m bench.figures`.

A day of a simulated district goes through the live engine; drawn are the readings of one fault of
some sorts each, and what the rules made of them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import msgspec
import numpy as np
from matplotlib.axes import Axes

from bench.detection import by_minute
from cases.events import CaseEvent
from facility.clock import DAY, HOUR, from_rfc3339
from facility.importing import read_inventory
from facility.inventory import Inventory
from facility.lighting import Schedule, load_plans
from facility.measurements import Kind
from facility.readings import Floats, ReadingBatch, Times
from facility.sun import Place
from ingest.capture import Capture
from ingest.pipeline import Pipeline
from rules.book.rulebook import load
from rules.cabinets.lamps_lost import LampsLostDetector
from rules.engine import Engine
from rules.fleet import Fleet, by_row
from rules.lamps.state import Lamps
from rules.stations.odour import GASES
from rules.tracker import Tracker
from rules.trials.score import Fault, Truth, read_truth
from simulators import scenario as scenarios
from simulators.capture import capture

ZONE, LOCAL_H = "Asia/Shanghai", 8
INK, FAINT, RED, GREEN, NIGHT = "#1f2933", "#9aa5b1", "#c0392b", "#2e7d32", "#eef1f6"


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was lived through."""

    inventory: Inventory
    truth: Truth
    events: list[CaseEvent]
    batches: list[ReadingBatch]
    warned: dict[str, int]
    """subject → when it was first foreseen that it would be a backlog, ms"""

    def fault(self, type_: str) -> tuple[Fault, CaseEvent, CaseEvent]:
        """A fault of a type that opened and ended within the day, with these two events."""
        for fault in self.truth.faults:
            mine = [e for e in self.events if (e.type, e.subject) == (fault.type, fault.subject)]
            ends = [e for e in mine if e.event == "recovered"]
            if fault.type == type_ and ends and mine[0].event == "opened":
                return fault, mine[0], ends[0]
        raise LookupError(type_)

    def column(self, table: str, series: str, *names: str) -> tuple[Times, list[Floats]]:
        """A series' readings by time of measurement."""
        found = [
            batch.take(batch.series == batch.names.code(series))
            for batch in self.batches
            if batch.table == table and series in batch.names.names
        ]
        ts = np.concatenate([one.ts for one in found])
        order = np.argsort(ts, kind="stable")
        return ts[order], [np.concatenate([b.column(n) for b in found])[order] for n in names]


def live(seed: int) -> Day:
    """Simulates a day and runs it through the rules."""
    scenario = msgspec.structs.replace(scenarios.load("jinshui-demo"), seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("c.ndjson", "t.json", "i.geojson")]
        capture(scenario, str(paths[0]), truth_path=paths[1], inventory_path=paths[2])
        inventory = read_inventory(paths[2])
        engine = Engine(inventory, load_plans(), ZONE, load(), live=True)
        pipeline, day = Pipeline(), Day(inventory, read_truth(paths[1]), [], [], {})
        for messages in Capture(str(paths[0])).messages():
            batches = pipeline.decode(messages).batches
            day.batches.extend(batches)
            for _, part in by_minute(batches):
                day.events.extend(engine.take(part))
                for warning in engine.daybook.figures()["warnings"] if engine.daybook else ():
                    since = from_rfc3339(warning["since"])
                    day.warned.setdefault(warning["subject"], since)
        return day


def when(ms: int | Sequence[int] | Times) -> Floats:
    """Local times as matplotlib counts them, in days since 1970."""
    return np.asarray(ms, dtype=np.float64) / DAY + LOCAL_H / 24


def mark(axes: Axes, at: int, text: str, colour: str, height: float = 0.97) -> None:
    """A moment, named."""
    moment = float(when(at))
    axes.axvline(moment, color=colour, lw=1.2)
    axes.annotate(
        text, (moment, height), xycoords=("data", "axes fraction"),
        xytext=(4, 0), textcoords="offset points", color=colour, va="top", fontsize=8,
    )  # fmt: skip


def frame(title: str, label: str, start: int, end: int) -> Axes:
    """Axes over a stretch of local time."""
    _, axes = plt.subplots(figsize=(8, 3.1), layout="constrained")
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_ylabel(label)
    axes.set_xlim(float(when(start)), float(when(end)))
    step = HOUR if end - start <= 14 * HOUR else 3 * HOUR
    ticks = np.arange(-(-start // step) * step, end, step)
    hours = ((ticks // HOUR + LOCAL_H) % 24).tolist()
    axes.set_xticks(when(ticks), [f"{hour:02}:00" for hour in hours])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def dark_segment(day: Day) -> None:
    """A night of a segment: its lamps' power, the plan, the hold and the verdict."""
    fault, opened, ended = day.fault("streetlight.segment_unlit")
    lamps = [day.inventory.assets[member] for member in fault.members]
    start, end = opened.at - 5 * HOUR // 2, ended.at + HOUR
    axes = frame(f"A dark segment of {len(lamps)} lamps", "power of each lamp, W", start, end)
    place = Place(lamps[0].lat, lamps[0].lon, ZONE)
    for on, off in Schedule(load_plans()["all-night"], place).spans(start, end):
        axes.axvspan(float(when(on)), float(when(off)), color=NIGHT, lw=0, label="lit by plan")
    for lamp in lamps:
        ts, (power,) = day.column(Kind.STREETLIGHT, lamp.id, "power_w")
        axes.plot(when(ts), power, ".-", ms=3, lw=0.6, color=FAINT)
    since = from_rfc3339(opened.evidence["since"])
    axes.axvspan(
        float(when(since)),
        float(when(opened.at)),
        color=RED,
        alpha=0.18,
        lw=0,
        label="seen dark: the hold",
    )
    mark(axes, from_rfc3339(fault.visible), "out", INK, 0.86)
    mark(axes, opened.at, "case opens", RED)
    mark(axes, ended.at, "recovered", GREEN)
    axes.legend(loc="center left", fontsize=8, frameon=False)


def rattling_cover(day: Day) -> None:
    """A cover's impacts per pass, window by window, against its learned normal."""
    fault, opened, ended = day.fault("cover.rattle")
    cover = fault.subject.partition(":")[2]
    ts, (passes, hits) = day.column(Kind.COVER, cover, "passes", "hits")
    at, ratio, sums = [], [], [0.0, 0.0]
    for one, wheels, struck in zip(ts.tolist(), passes, hits, strict=True):
        sums = [sums[0] + np.nan_to_num(wheels), sums[1] + np.nan_to_num(struck)]
        if sums[0] >= load().rattle.window_passes:
            at.append(one)
            ratio.append(sums[1] / sums[0])
            sums = [0.0, 0.0]
    end = min(ended.at + 3 * HOUR, int(ts[-1]))
    axes = frame("A rattling cover", "impacts per pass", int(ts[0]), end)
    axes.plot(when(at), ratio, ".-", ms=4, lw=0.6, color=FAINT, label="windows of 60 passes")
    axes.axhline(opened.evidence["normal"], color=INK, lw=1, ls="--", label="its learned normal")
    axes.set_ylim(0, 1)
    mark(axes, from_rfc3339(fault.visible), "comes loose", INK, 0.86)
    mark(axes, opened.at, f"case opens, z = {opened.evidence['z']}", RED)
    mark(axes, ended.at, "recovered", GREEN)
    axes.legend(loc="center left", fontsize=8, frameon=False)


def displaced_cover(day: Day) -> None:
    """A cover's tilt, report by report."""
    fault, opened, ended = day.fault("cover.displaced")
    start, end = opened.at - 3 * HOUR, ended.at + 2 * HOUR
    ts, (tilt,) = day.column(Kind.COVER, opened.members[0], "tilt_deg")
    axes = frame("A displaced cover", "tilt, degrees", start, end)
    axes.plot(when(ts), tilt, ".-", ms=5, lw=0.6, color=FAINT, label="reports")
    axes.axhline(load().displaced.tilt_deg, color=RED, lw=1, ls=":", label="a case above")
    axes.axhline(load().displaced.clear_deg, color=GREEN, lw=1, ls=":", label="level below")
    _told(axes, fault, "moved", opened, ended)


def flooded_cover(day: Day) -> None:
    """The water under a cover."""
    fault, opened, ended = day.fault("cover.flooding")
    start, end = from_rfc3339(fault.visible) - 2 * HOUR, ended.at + HOUR
    ts, (level,) = day.column(Kind.COVER, opened.members[0], "water_m")
    axes = frame("Water at a cover", "level against the cover, m", start, end)
    axes.plot(when(ts), level, ".-", ms=5, lw=0.6, color=FAINT, label="reports")
    axes.axhline(load().flooding.level_m, color=RED, lw=1, ls=":", label="a case above")
    axes.axhline(load().flooding.clear_m, color=GREEN, lw=1, ls=":", label="fallen below")
    _told(axes, fault, "can be seen", opened, ended)


def uncleared_station(day: Day) -> None:
    """What is in a station up to its deadline and after it, with what was foreseen."""
    fault, opened, ended = day.fault("station.backlog")
    deadline = from_rfc3339(opened.evidence["deadline"])
    start, end = deadline - 6 * HOUR, ended.at + HOUR
    ts, (came, went) = day.column(Kind.STATION, opened.members[0], "inbound_t", "outbound_t")
    axes = frame("A station that is not cleared", "tonnes", start, end)
    near = (ts >= start) & (ts <= end)
    inside = opened.evidence["backlog_t"] + (came - went) - (came - went)[ts <= deadline][-1]
    axes.plot(when(ts[near]), inside[near], lw=1.2, color=INK, label="inside, by the counters")
    for column, name, style in ((came, "in", "-"), (went, "out", "--")):
        since = column[near] - column[near][0]
        axes.plot(when(ts[near]), since, lw=0.8, ls=style, color=FAINT, label=f"weighed {name}")
    axes.set_ylim(bottom=0)
    if warned := day.warned.get(fault.subject):
        mark(axes, warned, "foreseen", INK, 0.6)
    _told(axes, fault, "", opened, ended)


def smelling_station(day: Day) -> None:
    """A station's gas, and its mean of an hour, against the boundary limit."""
    fault, opened, ended = day.fault("station.odour")
    gas = {cause: field for field, cause in GASES.items()}[opened.cause]
    start, end = from_rfc3339(fault.visible) - 2 * HOUR, ended.at + HOUR
    ts, (value,) = day.column(Kind.STATION, opened.members[0], gas)
    axes = frame("A station that smells", gas, start, end)
    mean = [float(np.nanmean(value[(ts > at - HOUR) & (ts <= at)])) for at in ts.tolist()]
    axes.plot(when(ts), value, ".", ms=3, color=FAINT, label="reports")
    axes.plot(when(ts), mean, lw=1.2, color=INK, label="mean of an hour")
    axes.axhline(getattr(load().odour, gas), color=RED, lw=1, ls=":", label="boundary limit")
    _told(axes, fault, "can be seen", opened, ended)


def _told(axes: Axes, fault: Fault, began: str, opened: CaseEvent, ended: CaseEvent) -> None:
    """What happened, and when the rules said so, with room for the words above what is drawn."""
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + 0.2 * (top - bottom))
    if began:
        mark(axes, from_rfc3339(fault.visible), began, INK, 0.86)
    mark(axes, opened.at, "case opens", RED)
    mark(axes, ended.at, "recovered", GREEN)
    axes.legend(loc="center left", fontsize=8, frameon=False)


def lost_lamps(day: Day) -> None:
    """A circuit's power, what it should draw, and from where on it has lost lamps."""
    fault, opened, ended = day.fault("cabinet.lamps_lost")
    at, power, should, limit = _followed(day, opened.members[0])
    start, end = opened.at - 3 * HOUR, ended.at + HOUR
    shown = (np.array(at) >= start) & (np.array(at) <= end)
    axes = frame(f"{fault.subject} loses lamps", "power of the circuit, W", start, end)
    times = when(np.array(at)[shown])
    axes.plot(times, np.array(power)[shown], lw=1, color=INK, label="measured")
    axes.plot(times, np.array(should)[shown], lw=1, ls="--", color=FAINT, label="should draw")
    low = np.array(should)[shown] - np.array(limit)[shown]
    axes.plot(times, low, lw=1, ls=":", color=RED, label="a loss below")
    axes.set_ylim(0, 1.25 * float(np.nanmax(np.array(power)[shown])))
    mark(axes, from_rfc3339(fault.visible), "lamps fail", INK, 0.86)
    mark(axes, opened.at, f"case opens: {opened.evidence['lamps_lost']} lamps", RED)
    mark(axes, ended.at, "recovered", GREEN)
    axes.legend(loc="lower left", fontsize=8, frameon=False)


def _followed(day: Day, series: str) -> tuple[list[int], list[float], list[float], list[float]]:
    """(times, power, what it should draw, by how much less is a loss) of a circuit, by the rule."""
    book, fleet = load(), Fleet(day.inventory)
    lit = fleet.every[fleet.span(Kind.STREETLIGHT)]
    lamps = Lamps(day.inventory.streetlights, lit, load_plans(), ZONE, book.lamps)
    tracker, every = Tracker(book.version, book.cases), fleet.every[fleet.span(Kind.CABINET)]
    rule = LampsLostDetector(day.inventory, lamps, every, ZONE, book, tracker)
    row = rule.row_names.index(series)
    heard = np.zeros(len(lamps), dtype=bool)
    followed: tuple[list[int], list[float], list[float], list[float]] = ([], [], [], [])
    for now, part in by_minute(day.batches):
        for batch in part:
            if batch.table not in (Kind.STREETLIGHT, Kind.CABINET):
                continue
            rows = fleet.rows(batch)
            order = by_row(rows)
            batch, rows = batch.take(order), rows[order] - fleet.span(Kind(batch.table)).start
            if batch.table == Kind.STREETLIGHT:
                lamps.feed(rows, batch)
                continue
            rule.feed(rows, batch)
            mine = np.flatnonzero(batch.series == batch.names.code(series))
            for i in mine.tolist():
                values = (batch.column("power_w")[i], rule.reference[row], rule.limit[row])
                followed[0].append(int(batch.ts[i]))
                for column, value in zip(followed[1:], values, strict=True):
                    column.append(float(value))
        lamps.look(now)
        rule.judge(now, heard)
    return followed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(__file__).parents[1] / "docs")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    mpl.use("agg")
    mpl.rcParams["font.size"] = 9
    wanted: dict[str, Callable[[Day], None]] = {
        "rules-segment": dark_segment,
        "rules-rattle": rattling_cover,
        "rules-lamps-lost": lost_lamps,
        "rules-displaced": displaced_cover,
        "rules-flooding": flooded_cover,
        "rules-backlog": uncleared_station,
        "rules-odour": smelling_station,
    }
    seed = options.seed
    while wanted:
        # What does not end within this day may do so within the next seed's.
        wanted = drawn_from(live(seed), wanted, options.into)
        seed += 1


def drawn_from(
    day: Day, wanted: dict[str, Callable[[Day], None]], into: Path
) -> dict[str, Callable[[Day], None]]:
    """Draws what the day has; the rest."""
    rest = {}
    for name, draw in wanted.items():
        try:
            draw(day)
        except LookupError:
            rest[name] = draw
            continue
        path = into / f"{name}.png"
        plt.savefig(path, dpi=120)
        plt.close()
        print(f"{path}: {path.stat().st_size:,} bytes")
    return rest


if __name__ == "__main__":
    main()
