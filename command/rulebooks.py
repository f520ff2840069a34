"""``rules``: the service alone; or, with a second word, what is done with a rulebook."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from command.serving import one_service
from command.settings import settings_of
from facility import inventory_file
from facility.clock import SECOND, to_rfc3339
from facility.errors import UsageError
from rules.book import rulebook
from rules.book.overrides import reach
from rules.book.versions import FOLDER, text_of, versions
from rules.trials.rule_test_run import run
from rules.trials.rule_tests import find, read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that may follow ``rules``."""
    actions = parser.add_subparsers(dest="action")
    check = actions.add_parser("check", help="looks for mistakes in a rulebook")
    check.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS)
    check.add_argument("file", type=Path, nargs="?", help="instead of the one in the settings")
    test = actions.add_parser("test", help="runs rule tests")
    test.add_argument("paths", type=Path, nargs="+", metavar="FILE", help="or a folder of them")
    test.add_argument("--rules", type=Path, help="the rulebook that is tried; else the settings'")
    kept = actions.add_parser("versions", help="the rulebooks that were in use")
    show = actions.add_parser("show", help="one of them, every figure")
    show.add_argument("version", help="as case events name it; its first letters will do")
    for action in (kept, show):
        action.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS)


def rules(options: argparse.Namespace) -> int:
    """Runs the service where no second word follows; else does what that says."""
    actions: dict[str | None, Callable[[argparse.Namespace], int]] = {
        None: one_service,
        "check": _check,
        "test": _test,
        "versions": _versions,
        "show": _show,
    }
    return actions[options.action](options)


def _check(options: argparse.Namespace) -> int:
    """Says what a rulebook changes; mistakes, with their lines, come out as the command's error."""
    settings = settings_of(options)
    file = options.file or settings.rules.rulebook
    book = rulebook.load(file)
    sys.stdout.write(f"{file or 'the built-in rulebook'} is in order: version {book.version}\n")
    if options.data_dir and not settings.data_dir.is_dir():
        raise UsageError(f"there is no data directory {settings.data_dir}")
    inventory = inventory_file.load(settings.data_dir)
    if inventory.assets:
        for words in reach(book, inventory, inventory_file.load_grid(settings.data_dir)):
            sys.stdout.write(f"{words}\n")
    return 0


def _test(options: argparse.Namespace) -> int:
    """Runs rule tests; 1 where one does not hold."""
    settings = settings_of(options)
    book = rulebook.load(options.rules or settings.rules.rulebook)
    held = failed = 0
    for path in find(options.paths):
        for outcome in run(read(path), book):
            held += not outcome.faults
            failed += bool(outcome.faults)
            if outcome.faults:
                sys.stdout.write(f"FAIL {path}: {outcome.test.name}\n")
                sys.stdout.writelines(f"     {fault}\n" for fault in outcome.faults)
    sys.stdout.write(f"{held} rule tests hold, {failed} do not\n")
    return 1 if failed else 0


def _versions(options: argparse.Namespace) -> int:
    """Each rulebook that was in use, and since when, the oldest first."""
    for one in versions(_kept(options)):
        sys.stdout.write(f"{to_rfc3339(int(one.kept_at) * SECOND)}  {one.name}\n")
    return 0


def _show(options: argparse.Namespace) -> int:
    sys.stdout.write(text_of(_kept(options), options.version))
    return 0


def _kept(options: argparse.Namespace) -> Path:
    """Where the rulebooks are that were in use. UsageError where none was yet."""
    data_dir = settings_of(options).data_dir
    if not versions(data_dir / FOLDER):
        raise UsageError(f"no rules have run on {data_dir} yet; name its directory by --data-dir")
    return data_dir / FOLDER
