"""``import`` and ``profile``: what is installed, and what its sensors' messages mean."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from command.settings import settings_of
from facility import importing
from facility.import_report import format_report
from ingest.installed_file import Wish, ask
from ingest.profiles.examples import run_profile_examples


def import_inventory(options: argparse.Namespace) -> int:
    """Brings an inventory in; 1 where a row was refused."""
    settings = settings_of(options)
    result = importing.import_files(settings.data_dir, options.file, options.map, options.grid)
    sys.stderr.write(format_report(result) + "\n")
    return 1 if result.rejected else 0


def add_profile_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``profile``."""
    actions = parser.add_subparsers(dest="action", required=True)
    test = actions.add_parser("test", help="runs a profile's own examples")
    test.add_argument("file", type=Path)
    change = actions.add_parser("set", help="tells a number of one sensor")
    change.add_argument("device")
    change.add_argument("name", help="such as sensor_depth_m")
    change.add_argument("value", type=float)
    forget = actions.add_parser("reset", help="has one sensor's installed position learned anew")
    forget.add_argument("device")
    for action in (change, forget):
        action.add_argument("--data-dir", type=Path)


def profile(options: argparse.Namespace) -> int:
    """What follows ``profile``: its examples run, or how one sensor is installed told."""
    if options.action == "test":
        return _test_profile(options.file)
    wish = Wish(options.device)
    if options.action == "set":
        wish = Wish(options.device, options.name, options.value)
    asked = ask(settings_of(options).data_dir, wish)
    sys.stderr.write(f"asked of {asked} ingest; one that runs does it within seconds\n")
    return 0


def _test_profile(file: Path) -> int:
    """A device profile's own examples; 1 where one does not hold."""
    failures = run_profile_examples(file)
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    if not failures:
        sys.stderr.write(f"{file}: every example holds\n")
    return 1 if failures else 0
