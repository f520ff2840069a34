"""``simulate``, ``replay`` and ``score``: recordings made, run through, and held to the truth."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path

from command.settings import Settings, settings_of
from command.stopping import until_stopped
from facility import importing
from facility.clock import Clock, SystemClock, VirtualClock, to_rfc3339
from facility.errors import UsageError
from facility.grid import read_grid
from facility.import_report import format_report
from facility.mqtt import Session
from facility.plans import OWN, load_plans
from facility.rowfile import read_rows
from ingest.capture import Capture
from ingest.pipeline import Pipeline
from rules.book import rulebook
from rules.engine import Engine
from rules.trials.replay import event_line
from rules.trials.replay import replay as replay_recording
from rules.trials.score import read_events, read_truth, report
from rules.trials.score import score as score_events
from simulators.capture import capture as write_capture
from simulators.demo import read_clock
from simulators.publish import publish
from simulators.scenario import load as load_scenario


def simulate(options: argparse.Namespace) -> int:
    """A simulated district: a recording as fast as the machine can, or live to a broker."""
    if not 0 < options.speed < math.inf:
        raise UsageError("--speed is a number above 0: with 60 an hour takes a minute")
    scenario = load_scenario(options.scenario)
    if options.capture:
        files = {"truth_path": options.truth, "grid_path": options.grid}
        inventory = options.inventory or _beside(options.capture)
        written = write_capture(scenario, options.capture, inventory_path=inventory, **files)
        sys.stderr.write(
            f"{written.messages:,} messages from {to_rfc3339(written.start_ms)} to "
            f"{to_rfc3339(written.end_ms)} with {written.faults} faults; "
            f"its inventory is {inventory or 'not written: name a file with --inventory'}\n"
        )
        return 0
    clock: Clock = SystemClock()
    start_ms = None
    if options.clock:
        clock = read_clock(options.clock)
        # What the scenario has planned for the minutes that starting took is not left out.
        start_ms = clock.start_ms
    elif options.speed != 1:
        clock = VirtualClock(scenario.start_ms, options.speed, origin_s=time.time())
    settings = settings_of(options)
    stopped = until_stopped()
    session = Session(settings.mqtt, f"xiuhua-simulator-{os.getpid()}")
    session.start()
    try:
        publish(scenario, session.publish, clock, stopped, start_ms=start_ms)
    finally:
        session.stop()
    return 0


def _beside(capture: str) -> Path | None:
    """Where the inventory of a recording goes: beside it, by its name."""
    if capture == "-":
        return None
    path = Path(capture)
    if path.is_dir():
        raise UsageError(f"cannot write {capture}: is a directory; name a file")
    return path.with_name(path.name.split(".")[0] + ".inventory.geojson")


def replay(options: argparse.Namespace) -> int:
    """The live engine over a recording: events on standard output, the rest on standard error."""
    settings = Settings.read(options.config)
    plans = load_plans(settings.data_dir / OWN)
    inventory = importing.read_inventory(
        options.inventory,
        plans=plans,
        grid_file=options.grid,
        on_report=lambda result: sys.stderr.write(format_report(result) + "\n"),
    )
    book = rulebook.load(settings.rules.rulebook)
    grid = read_grid(read_rows(options.grid).rows)[0] if options.grid else None
    engine = Engine(inventory, plans, settings.site.timezone, book, grid)
    capture = Capture(options.capture)
    pipeline = Pipeline(settings.ingest.root)
    quarantined = 0
    write = sys.stdout.buffer.write
    for messages in capture.messages():
        decoded = pipeline.decode(messages)
        quarantined += len(decoded.quarantined)
        for event in replay_recording(engine, [decoded.batches]):
            write(event_line(event))
    sys.stdout.buffer.flush()
    sys.stderr.write(
        f"{capture.lines:,} lines, {capture.skipped:,} unreadable; {engine.readings:,} readings, "
        f"{quarantined:,} quarantined, {engine.unknown_devices:,} of unknown devices\n"
    )
    for line, reason in capture.bad or ():
        sys.stderr.write(f"{options.capture}:{line}: {reason}\n")
    return 0


def score(options: argparse.Namespace) -> int:
    """Events held against the truth; 1 where a fault was missed or an alarm was false."""
    scores = score_events(read_events(options.events), read_truth(options.truth))
    if options.json:
        figures = {type_: one.to_json() for type_, one in scores.items()}
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        sys.stdout.write(report(scores))
    return 0 if all(one.recall == one.precision == 1 for one in scores.values()) else 1
