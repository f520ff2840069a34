"""``report``: the monthly report as a file, without a server."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from zoneinfo import ZoneInfo

from cases.database import upgrade
from cases.desk import Desk
from cases.indicators.monthly import Month, Targets, collect
from cases.indicators.monthly_page import page
from cases.indicators.table import Indicators
from cases.tallies import Tallies
from command.house import read_filing
from command.kept import kept_cases
from command.settings import settings_of
from facility.clock import SystemClock
from facility.kept_inventory import KeptInventory
from facility.whole_file import whole
from rules.book import rulebook


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``report``."""
    parser.add_argument("month", help="like 2026-06")
    parser.add_argument("--out", type=Path, metavar="FILE", help="else standard output")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh")
    parser.add_argument("--data-dir", type=Path)


def report(options: argparse.Namespace) -> int:
    """Writes the report of a month as a page of HTML, to be looked at or printed."""
    settings = settings_of(options)
    month = Month.read(options.month)
    url, zone = kept_cases(settings), ZoneInfo(settings.site.timezone)
    upgrade(url)
    filing = read_filing(settings, KeptInventory(settings.data_dir))
    lighting = rulebook.load(settings.rules.rulebook).lighting
    targets = Targets(lighting.main_classes, lighting.main_target, lighting.other_target)
    with ExitStack() as stack:
        desk = stack.enter_context(closing(Desk(url, filing)))
        tallies = stack.enter_context(closing(Tallies(url)))
        made = Indicators(url, tallies, zone, filing.calendar)
        indicators = stack.enter_context(closing(made))
        now = SystemClock().now_ms()
        found = collect(month, now, zone, indicators, tallies, desk, targets)
    text = page(found, options.lang, zone)
    if options.out is None:
        sys.stdout.write(text)
    else:
        with whole(options.out) as file:
            file.write(text.encode())
    return 0
