"""``notify``: what is told to whom, tried on the events that were last; or sent, once, here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from cases import database
from cases.case import Case
from cases.database import upgrade
from cases.desk import Desk
from cases.events import CaseEvent
from cases.lifecycle import Refusal, apply
from cases.notices.courier import Courier, routes
from cases.notices.telling import Telling
from command.house import cases_url, open_residents, read_filing
from command.kept import kept_cases
from command.offices import read_offices
from command.settings import Settings, settings_of
from facility.clock import SystemClock, to_rfc3339
from facility.kept_inventory import KeptInventory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``notify``."""
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would go to whom, and send nothing"
    )
    parser.add_argument("--last", type=int, default=50, metavar="N", help="of the last N events")


def notify(options: argparse.Namespace) -> int:
    """Prints what would go to whom, or sends what is due; 1 where something could not be sent."""
    settings = settings_of(options)
    upgrade(kept_cases(settings))
    telling = read_offices(
        settings, read_filing(settings, KeptInventory(settings.data_dir))
    ).telling
    if options.dry_run:
        _print(settings, telling, options.last)
        return 0
    return _send(settings, telling)


def _print(settings: Settings, telling: Telling, last: int) -> None:
    desk = Desk(cases_url(settings))
    quiet = ZoneInfo(settings.site.timezone)
    try:
        for before, after, event in _recent(desk, last):
            for notice in telling.notices(before, after, event):
                who = notice.recipient
                contacts = ", ".join(contact.name for contact in who.contacts) or "no contact"
                held = who.is_quiet(event.at, quiet) and not notice.urgent
                words = telling.book.line(notice.facts, who.language)
                sys.stdout.write(
                    f"{to_rfc3339(event.at)} {who.name} ({contacts})"
                    f"{', after its quiet hours' if held else ''}: {words}\n"
                )
    finally:
        desk.close()


def _recent(desk: Desk, last: int) -> Iterator[tuple[Case | None, Case, CaseEvent]]:
    """The last events of all cases, in their order, with their cases before and after them."""
    found = desk.events_after(desk.last_seq() - last, last)
    steps: dict[int, tuple[Case | None, Case]] = {}
    for case_id in {stored.event.case for stored in found}:
        case: Case | None = None
        for stored in desk.events_of(case_id):
            after = apply(case, stored.event)
            if not isinstance(after, Refusal):
                steps[stored.seq] = case, after
                case = after
    for stored in found:
        if stored.seq in steps:
            yield (*steps[stored.seq], stored.event)


def _send(settings: Settings, telling: Telling) -> int:
    engine = database.connect(cases_url(settings))
    ways = routes(telling.recipients(), settings.notify.gateways)
    residents = open_residents(settings, engine, telling.book.timezone)
    courier = Courier(engine, ways, telling.book, settings.notify, SystemClock(), residents)
    try:
        while courier.work():
            pass
        standing = courier.standing()
    finally:
        engine.dispose()
    sys.stderr.write(", ".join(f"{many} {state}" for state, many in standing.counts.items()) + "\n")
    for who, by, why in standing.failing:
        sys.stderr.write(f"{who} ({by}): {why}\n")
    return 1 if standing.failing else 0
