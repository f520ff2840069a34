"""``import``: what is installed."""

from __future__ import annotations

import argparse
import sys

from command.settings import settings_of
from facility import importing
from facility.import_report import format_report


def import_inventory(options: argparse.Namespace) -> int:
    """Brings an inventory in; 1 where a row was refused."""
    settings = settings_of(options)
    result = importing.import_files(settings.data_dir, options.file, options.map, options.grid)
    sys.stderr.write(format_report(result) + "\n")
    return 1 if result.rejected else 0
