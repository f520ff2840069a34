"""Pictures of single lamps, for docs/rules.md: `python -m bench.lamp_figures`.

Of the same simulated day as :mod:`bench.figures`: a dark lamp, one that burns by day, a device that
falls silent.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from bench.figures import FAINT, GREEN, INK, NIGHT, RED, ZONE, Day, frame, live, mark, when
from cases.events import CaseEvent
from facility.assets import Streetlight
from facility.clock import HOUR, MINUTE, from_rfc3339
from facility.lighting import Schedule, load_plans
from facility.measurements import Kind
from facility.sun import Place
from rules.book.rulebook import load
from rules.trials.score import Fault

Case = tuple[Fault, CaseEvent, CaseEvent, Streetlight]


def case_of(day: Day, type_: str) -> Case:
    """A fault of one lamp that measures its power, which opened and ended within the day."""
    for fault in day.truth.faults:
        lamp = day.inventory.assets.get(fault.subject.partition(":")[2])
        mine = [e for e in day.events if (e.type, e.subject) == (type_, fault.subject)]
        ends = [e for e in mine if e.event == "recovered"]
        if fault.type == type_ and isinstance(lamp, Streetlight) and ends:
            _, (power,) = day.column(Kind.STREETLIGHT, lamp.id, "power_w")
            if not np.isnan(power).all():
                return fault, mine[0], ends[0], lamp
    raise LookupError(type_)


def dark_lamp(day: Day) -> None:
    """A lamp that goes out: its power, the plan, the hold, the verdict."""
    case = case_of(day, "streetlight.unlit")
    _, opened, ended, lamp = case
    start, end = opened.at - 2 * HOUR, ended.at + HOUR
    axes = _power(day, "A dark lamp", lamp, start, end)
    book = load().lamps
    least = max(book.dark_floor_w, book.dark_share * (lamp.rated_w or 0))
    axes.axhline(least, color=RED, lw=1, ls=":", label="dark below, where no level is sent")
    _verdict(axes, case, "goes out")


def burning_lamp(day: Day) -> None:
    """A lamp that burns by day, against what a driver draws by itself."""
    case = case_of(day, "streetlight.day_burning")
    _, opened, ended, lamp = case
    start, end = opened.at - 3 * HOUR, ended.at + HOUR
    axes = _power(day, "A lamp that burns by day", lamp, start, end)
    book = load().lamps
    standby = max(book.standby_floor_w, book.standby_share * (lamp.rated_w or 0))
    axes.axhline(standby, color=RED, lw=1, ls=":", label="burning above: no driver draws so much")
    _verdict(axes, case, "stays on")


def silent_device(day: Day) -> None:
    """How long a device has not been heard, against how long it may be."""
    opened = next(
        e
        for e in day.events
        if (e.type, e.event) == ("device.silent", "opened") and len(e.members) == 1
    )
    asset = day.inventory.assets[opened.members[0]]
    ts, _ = day.column(asset.kind, asset.id, "temp_c")
    book, every = load().silence, (asset.report_every_s or 0) / 60
    start, end = opened.at - round(20 * every) * MINUTE, opened.at + HOUR
    axes = frame(f"A {asset.kind} that falls silent", "minutes since it was heard", start, end)
    minutes = np.arange(start, end, MINUTE // 2)
    heard = ts[np.maximum(np.searchsorted(ts, minutes, side="right") - 1, 0)]
    axes.plot(when(minutes), (minutes - heard) / MINUTE, color=INK, lw=1)
    allowed = every * (book.missed + book.margin)
    label = f"{book.missed:g} reports of {every:g} min missing, and a margin"
    axes.axhline(allowed, color=RED, lw=1, ls=":", label=label)
    axes.set_ylim(0, 2 * allowed)
    mark(axes, opened.at, "case opens", RED)
    axes.legend(loc="upper left", fontsize=8, frameon=False)


def _power(day: Day, title: str, lamp: Streetlight, start: int, end: int) -> Axes:
    axes = frame(f"{title}, rated {lamp.rated_w:g} W", "power, W", start, end)
    for on, off in Schedule(load_plans()[lamp.plan], Place(lamp.lat, lamp.lon, ZONE)).spans(
        start, end
    ):
        axes.axvspan(float(when(on)), float(when(off)), color=NIGHT, lw=0, label="lit by plan")
    ts, (power,) = day.column(Kind.STREETLIGHT, lamp.id, "power_w")
    axes.plot(when(ts), power, ".-", ms=4, lw=0.8, color=FAINT)
    axes.set_ylim(-2, 1.4 * (lamp.rated_w or 0))
    return axes


def _verdict(axes: Axes, case: Case, word: str) -> None:
    fault, opened, ended, _ = case
    since = from_rfc3339(opened.evidence["since"])
    axes.axvspan(
        float(when(since)), float(when(opened.at)), color=RED, alpha=0.18, lw=0, label="the hold"
    )
    mark(axes, from_rfc3339(fault.visible), word, INK, 0.86)
    mark(axes, opened.at, "case opens", RED)
    mark(axes, ended.at, "recovered", GREEN)
    axes.legend(loc="upper left", fontsize=8, frameon=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=Path(__file__).parents[1] / "docs")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    mpl.use("agg")
    mpl.rcParams["font.size"] = 9
    day = live(options.seed)
    for name, draw in (
        ("rules-unlit", dark_lamp),
        ("rules-burning", burning_lamp),
        ("rules-silence", silent_device),
    ):
        draw(day)
        path = options.into / f"{name}.png"
        plt.savefig(path, dpi=120)
        plt.close()
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
