"""``backtest``: what a draft rulebook would have made of the past, beside the live one."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from command.house import open_store
from command.settings import settings_of
from facility import inventory_file
from facility.clock import to_rfc3339
from facility.errors import UsageError
from facility.lighting import load_plans
from rules import rulebook
from rules.backtest import LEAD, Backtest, Question
from rules.tally import Tally, streets
from rules.tally_text import page

_TOLD_EVERY_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``backtest``."""
    parser.add_argument("--rules", type=Path, required=True, help="the draft")
    parser.add_argument("--from", dest="start", required=True, metavar="TIME")
    parser.add_argument("--to", dest="end", required=True, metavar="TIME")
    parser.add_argument("--operators", type=int, default=1, help="who share the alarms")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data-dir", type=Path)


def backtest(options: argparse.Namespace) -> int:
    """Prints what the draft would have opened, closed and merged, beside the live book."""
    settings = settings_of(options)
    timezone = settings.site.timezone
    start, end = (moment(text, timezone) for text in (options.start, options.end))
    if not start < end:
        raise UsageError("--from must be before --to")
    if options.operators < 1:
        raise UsageError("--operators must be 1 or more")
    books = rulebook.load(settings.rules.rulebook), rulebook.load(options.rules)
    inventory = inventory_file.load(settings.data_dir)
    grid = inventory_file.load_grid(settings.data_dir)
    tally = Tally(start, end, timezone, streets(inventory, grid))
    store = open_store(settings)
    try:
        question = Question(*books, start, end)
        run = Backtest(store, inventory, load_plans(), timezone, question, grid)
        run.run(tally.hear, _Progress(run, start, end))
    finally:
        store.close()
    result = tally.result((books[0].version, books[1].version), run.readings, options.operators)
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n")
    else:
        sys.stdout.write(page(result))
    return 0


class _Progress:
    """Says on standard error every few seconds how far it is."""

    def __init__(self, run: Backtest, start: int, end: int) -> None:
        self._run, self._start, self._end = run, start - LEAD, end
        self._told = self._began = time.monotonic()

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._told >= _TOLD_EVERY_S:
            self._told = now
            share = (self._run.at - self._start) / (self._end - self._start)
            speed = self._run.readings / (now - self._began)
            sys.stderr.write(
                f"{share:4.0%} {to_rfc3339(self._run.at)} {self._run.readings:,} readings, "
                f"{speed:,.0f} a second\n"
            )
        return True


def moment(text: str, timezone: str) -> int:
    """A day or a time, in local time where it has no offset, as ms. UsageError where it is none."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no time; write 2026-06-21 or 2026-06-21T22:00:00+08:00"
        ) from None
    if told.tzinfo is None:
        told = told.replace(tzinfo=ZoneInfo(timezone))
    return round(told.timestamp() * 1000)
