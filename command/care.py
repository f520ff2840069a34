"""``import`` and ``profile``: what is installed, and what its sensors' messages mean."""

from __future__ import annotations

import argparse
import sys

from command.settings import settings_of
from facility import importing
from facility.import_report import format_report
from ingest.profiles.examples import run_profile_examples


def import_inventory(options: argparse.Namespace) -> int:
    """Brings an inventory in; 1 where a row was refused."""
    settings = settings_of(options)
    result = importing.import_files(settings.data_dir, options.file, options.map, options.grid)
    sys.stderr.write(format_report(result) + "\n")
    return 1 if result.rejected else 0


def test_profile(options: argparse.Namespace) -> int:
    """A device profile's own examples; 1 where one does not hold."""
    failures = run_profile_examples(options.file)
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    if not failures:
        sys.stderr.write(f"{options.file}: every example holds\n")
    return 1 if failures else 0
