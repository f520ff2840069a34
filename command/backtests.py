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
from command.kept import look_for_readings
from command.remote import KEY, Remote
from command.settings import Settings, settings_of
from facility import inventory_file
from facility.clock import to_rfc3339
from facility.errors import Permanent, UsageError
from facility.plans import OWN, load_plans
from rules.book import rulebook
from rules.book.rulebook import Rulebook
from rules.trials.backtest import LEAD, Backtest, Question
from rules.trials.tally import Result, Tally, streets
from rules.trials.tally_text import page

_TOLD_EVERY_S = 5.0
_ASKED_EVERY_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``backtest``."""
    parser.add_argument("--rules", type=Path, required=True, help="the draft")
    parser.add_argument("--from", dest="start", required=True, metavar="TIME")
    parser.add_argument("--to", dest="end", required=True, metavar="TIME")
    parser.add_argument("--operators", type=int, default=1, help="who share the alarms")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--api", metavar="URL", help=f"of a Xiuhua that runs; its key in {KEY}")


def backtest(options: argparse.Namespace) -> int:
    """Prints what the draft would have opened, closed and merged, beside the live book."""
    settings = settings_of(options)
    timezone = settings.site.timezone
    start, end = (moment(text, timezone) for text in (options.start, options.end))
    if not start < end:
        raise UsageError("--from must be before --to")
    if options.operators < 1:
        raise UsageError("--operators must be 1 or more")
    draft = rulebook.load(options.rules)
    if options.api:
        result = _elsewhere(Remote(options.api), options.rules, start, end, options.operators)
    else:
        result = _here(settings, draft, start, end, options.operators)
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n")
    else:
        sys.stdout.write(page(result))
    return 0


def _here(settings: Settings, draft: Rulebook, start: int, end: int, operators: int) -> Result:
    look_for_readings(settings)
    timezone = settings.site.timezone
    live = rulebook.load(settings.rules.rulebook)
    inventory = inventory_file.load(settings.data_dir)
    grid = inventory_file.load_grid(settings.data_dir)
    tally = Tally(start, end, timezone, streets(inventory, grid))
    try:
        store = open_store(settings)
    except UsageError as error:
        if "in use" in str(error):
            raise UsageError(f"{error}; or have that process do it: --api URL") from None
        raise
    try:
        question = Question(live, draft, start, end)
        plans = load_plans(settings.data_dir / OWN)
        run = Backtest(store, inventory, plans, timezone, question, grid)
        progress = _Progress(start - LEAD, end)
        run.run(tally.hear, lambda: progress.tell(run.at, run.readings))
    finally:
        store.close()
    return tally.result((live.version, draft.version), run.readings, operators)


def _elsewhere(remote: Remote, file: Path, start: int, end: int, operators: int) -> Result:
    """Has a running Xiuhua do it; Ctrl-C cancels it there too."""
    asked = {
        "rulebook": file.read_text("utf-8"),
        "from": to_rfc3339(start),
        "to": to_rfc3339(end),
        "operators": operators,
    }
    path = f"backtests/{remote.call('POST', 'backtests', asked)['id']}"
    progress = _Progress(start - LEAD, end)
    try:
        while (run := remote.call("GET", path))["state"] == "running":
            at = start - LEAD + round(run["progress"] * (end - start + LEAD))
            progress.tell(at, run["readings"])
            time.sleep(_ASKED_EVERY_S)
    except KeyboardInterrupt:
        remote.call("DELETE", path)
        raise
    if run["state"] != "done":
        raise Permanent(f"the backtest was {run['state']} {run['error']}".rstrip())
    return msgspec.convert(run["result"], Result)


class _Progress:
    """Says on standard error every few seconds how far it is."""

    def __init__(self, begin: int, end: int) -> None:
        self._begin, self._end = begin, end
        self._told = self._began = time.monotonic()

    def tell(self, at: int, readings: int) -> bool:
        """True: it is always wanted."""
        now = time.monotonic()
        if now - self._told >= _TOLD_EVERY_S:
            self._told = now
            share = (at - self._begin) / (self._end - self._begin)
            sys.stderr.write(
                f"{share:4.0%} {to_rfc3339(at)} {readings:,} readings, "
                f"{readings / (now - self._began):,.0f} a second\n"
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
