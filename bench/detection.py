"""How well faults are found, on simulated districts: `python -m bench.detection`.

Each seed is a day of a scenario with every fault and every look-alike, and five days of a few roads
with covers (``covers-days.toml``), whose normals take days to learn. Either recording runs through
the live engine and, in the same pass, through two plain baselines (:mod:`bench.baselines`). All are
scored against the truth. The baselines know no segments, circuits and gateways: an alarm of theirs
about a member of a fault counts as finding the fault, however many there are; the column
``alarms`` says how many a person would have had.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from bench.baselines import Alarm, Baseline
from bench.machine import describe
from cases.events import CaseEvent
from facility.clock import HOUR, MINUTE, from_rfc3339, to_rfc3339
from facility.importing import read_inventory
from facility.inventory import Inventory
from facility.lighting import LightingPlan, load_plans
from facility.readings import ReadingBatch
from ingest.capture import Capture
from ingest.pipeline import Pipeline
from rules.book.rulebook import load
from rules.engine import Engine
from rules.trials.score import Event, Fault, Truth, TypeScore, read_truth, score
from simulators import scenario as scenarios
from simulators.capture import capture

OURS, FIXED, Z = "xiuhua", "thresholds", "z-scores"
COVERS = Path(__file__).with_name("covers-days.toml")
RATTLE = "cover.rattle"


@dataclass(slots=True)
class Tally:
    """The scores of one contender over all seeds, and how many alarms it raised."""

    by_type: dict[str, TypeScore] = field(default_factory=partial(defaultdict, TypeScore))
    alarms: Counter[str] = field(default_factory=Counter)

    def add(self, source: str, scores: dict[str, TypeScore]) -> None:
        """Adds the scores of a recording, which is named beside what it shows."""
        for type_, one in scores.items():
            for name in ("missed", "false_alarms", "early_recoveries", "missed_recoveries"):
                setattr(one, name, [f"{source}: {what}" for what in getattr(one, name)])
            _gather(self.by_type[type_], one)

    def merge(self, other: Tally) -> None:
        """Adds another's seeds."""
        for type_, one in other.by_type.items():
            _gather(self.by_type[type_], one)
        self.alarms += other.alarms


def _gather(into: TypeScore, one: TypeScore) -> None:
    into.hits += one.hits
    into.delays += one.delays
    for name in ("missed", "false_alarms", "early_recoveries", "missed_recoveries"):
        getattr(into, name).extend(getattr(one, name))


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one recording: the scores by contender, our delays (min) of rattles on main
    roads, its readings, and seconds of CPU that it all took."""

    tallies: dict[str, Tally]
    main_rattles: list[float]
    readings: int
    cpu_s: float


def run(scenario: scenarios.Scenario) -> Run:
    """Simulates one recording and scores all contenders on it."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(scenario, Path(folder))


def _run(scenario: scenarios.Scenario, folder: Path) -> Run:
    begun = time.process_time()
    recording, told, fleet = (folder / name for name in ("c.ndjson", "t.json", "i.geojson"))
    capture(scenario, str(recording), truth_path=told, inventory_path=fleet)
    truth = read_truth(told)
    inventory = read_inventory(fleet)
    pipeline = Pipeline()
    batches = (pipeline.decode(m).batches for m in Capture(str(recording)).messages())
    source, zone = f"{scenario.name} seed {scenario.seed}", scenario.district.timezone
    tallies, ours, readings = contest(inventory, load_plans(), zone, truth, source, batches)
    main_rattles = score(ours, _main_rattles(truth, inventory)).get(RATTLE, TypeScore()).delays
    return Run(tallies, main_rattles, readings, time.process_time() - begun)


def contest(
    inventory: Inventory,
    plans: dict[str, LightingPlan],
    zone: str,
    truth: Truth,
    source: str,
    arriving: Iterable[Sequence[ReadingBatch]],
) -> tuple[dict[str, Tally], list[Event], int]:
    """(the scores of all contenders on what arrives, our events, how many readings there were);
    what was missed is told by the name of its ``source``."""
    tallies = {name: Tally() for name in (OURS, FIXED, Z)}
    book = load()
    engine = Engine(inventory, plans, zone, book)
    baselines = {name: Baseline(inventory, plans, zone, book, name == Z) for name in (FIXED, Z)}
    found: list[CaseEvent] = []
    alarms: dict[str, list[Alarm]] = {name: [] for name in baselines}
    for batches in arriving:
        found += engine.take(batches)
        for now, part in by_minute(batches):
            for name, baseline in baselines.items():
                for batch in part:
                    baseline.feed(batch)
                alarms[name] += baseline.judge(now)
    ours = [Event(to_rfc3339(e.at), e.event, e.case, e.type, e.subject) for e in found]
    tallies[OURS].add(source, score(ours, truth))
    for event in found:
        tallies[OURS].alarms[event.type] += event.event == "opened"
    for name, raised in alarms.items():
        kind_of = {asset.id: asset.kind for asset in inventory.assets.values()}
        events = as_events(raised, truth, kind_of)
        tallies[name].add(source, score(events, truth))
        for alarm in raised:
            tallies[name].alarms[alarm.type] += alarm.up
    return tallies, ours, engine.readings


def _main_rattles(truth: Truth, inventory: Inventory) -> Truth:
    """The rattles of covers on main roads alone."""
    main = {cover.id for cover in inventory.covers if cover.road_class == "main"}
    return Truth(
        tuple(fault for fault in truth.faults if fault.type == RATTLE and main & {*fault.members})
    )


def by_minute(batches: Sequence[ReadingBatch]) -> Iterator[tuple[int, list[ReadingBatch]]]:
    """(the minute's end, what arrived in it) of each minute in which something did."""
    minutes = sorted({int(m) for batch in batches for m in np.unique(batch.arrived // MINUTE)})
    for minute in minutes:
        mine = [batch.take(batch.arrived // MINUTE == minute) for batch in batches]
        yield (minute + 1) * MINUTE, [batch for batch in mine if len(batch)]


def as_events(alarms: Iterable[Alarm], truth: Truth, kind_of: Mapping[str, str]) -> list[Event]:
    """Alarms as cases: those of a fault's members, while it lasts, as one case of the fault."""
    events: list[Event] = []
    opened: set[str] = set()
    of_member: dict[str, list[Fault]] = defaultdict(list)
    for known in truth.faults:
        for member in known.members:
            of_member[member].append(known)
    for alarm in alarms:
        explained = (fault for fault in of_member[alarm.device] if _explains(fault, alarm))
        fault = next(explained, None)
        type_ = fault.type if fault else alarm.type
        subject = fault.subject if fault else f"{kind_of[alarm.device]}:{alarm.device}"
        case = fault.id if fault else f"{alarm.type} {alarm.device}"
        if alarm.up and fault and case in opened:
            continue
        opened.add(case)
        word = "opened" if alarm.up else "recovered"
        events.append(Event(to_rfc3339(alarm.at), word, case, type_, subject))
    return events


def _explains(fault: Fault, alarm: Alarm) -> bool:
    """Whether an alarm is about a fault: its type, or a single lamp's for a segment's."""
    same = alarm.type == fault.type or (
        (alarm.type, fault.type) == ("streetlight.unlit", "streetlight.segment_unlit")
    )
    end = from_rfc3339(fault.end) + 2 * HOUR if fault.end else alarm.at
    return same and from_rfc3339(fault.visible) - MINUTE <= alarm.at <= end


def report(tallies: dict[str, Tally]) -> str:
    """The figures of all contenders, a line a type, and what ours missed or made up below."""
    types = sorted({type_ for tally in tallies.values() for type_ in tally.by_type})
    ours, lines = tallies[OURS], []
    head = f"{'':26}{'':6} {OURS:^45}" + "".join(f" {name:^23}" for name in (FIXED, Z))
    lines.append(head)
    lines.append(
        f"{'type':26}{'faults':>6} {'prec.':>6} {'recall':>6} {'delay':>6} {'worst':>6}"
        f" {'early':>6} {'stays':>5} {'cases':>5}"
        + f" {'prec.':>7} {'recall':>7} {'alarms':>7}"
        * 2
    )
    for type_ in [*types, ""]:
        mine = ours.by_type[type_] if type_ else _total(ours, types)
        delay = statistics.median(mine.delays) if mine.delays else float("nan")
        cases = ours.alarms[type_] if type_ else sum(ours.alarms.values())
        line = (
            f"{type_ or 'all':26}{mine.hits + len(mine.missed):6} {mine.precision:6.3f}"
            f" {mine.recall:6.3f} {delay:6.1f} {max(mine.delays, default=float('nan')):6.1f}"
            f" {len(mine.early_recoveries):6} {len(mine.missed_recoveries):5} {cases:5}"
        )
        for name in (FIXED, Z):
            other = tallies[name].by_type[type_] if type_ else _total(tallies[name], types)
            many = tallies[name].alarms[type_] if type_ else sum(tallies[name].alarms.values())
            line += f" {other.precision:7.3f} {other.recall:7.3f} {many:7,}"
        lines.append(line)
    for type_ in types:
        mine = ours.by_type[type_]
        for word, names in (
            ("missed", mine.missed),
            ("false alarm", mine.false_alarms),
            ("recovered too early", mine.early_recoveries),
            ("never seen to recover", mine.missed_recoveries),
        ):
            lines += [f"{word}: {type_} {name}" for name in names]
    return "\n".join(lines)


def _total(tally: Tally, types: list[str]) -> TypeScore:
    total = TypeScore()
    for type_ in types:
        _gather(total, tally.by_type[type_])
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="jinshui-demo")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="seed to begin with")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--jobs", type=int, default=1, help="processes that take a seed each")
    options = parser.parse_args()
    base, roads = scenarios.load(options.scenario), scenarios.load(str(COVERS))
    base = msgspec.structs.replace(base, hours=options.hours)
    seeds = range(options.first, options.first + options.seeds)
    runs = [msgspec.structs.replace(one, seed=seed) for seed in seeds for one in (base, roads)]
    tallies = {name: Tally() for name in (OURS, FIXED, Z)}
    main_rattles: list[float] = []
    readings, cpu_s = 0, 0.0
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in pool.map(run, runs):
            for name, tally in done.tallies.items():
                tallies[name].merge(tally)
            main_rattles += done.main_rattles
            readings, cpu_s = readings + done.readings, cpu_s + done.cpu_s
    print(describe("numpy"))
    print(
        f"inputs:  simulated: {options.seeds} seeds from {options.first} on, each"
        f" {options.hours:g} h of {options.scenario} and {roads.hours:g} h of {roads.name};"
        f" {readings:,} readings in {cpu_s:.0f} s of CPU, simulation and baselines included;"
        " delays in minutes"
    )
    print(report(tallies))
    if main_rattles:
        print(
            f"rattles on main roads: {len(main_rattles)} found, after"
            f" {statistics.median(main_rattles) / 60:.1f} h (median),"
            f" {max(main_rattles) / 60:.1f} h (worst)"
        )


if __name__ == "__main__":
    main()
