"""What a data directory must have for the words of the command that only look at it.

Without that a directory whose name is misspelt would be made, and be said to hold nothing.
"""

from __future__ import annotations

from command.house import CASES, READINGS, cases_url
from command.settings import Settings
from facility.errors import UsageError


def kept_cases(settings: Settings) -> str:
    """Where the cases are kept, as SQLAlchemy writes it. UsageError where none ever were."""
    if settings.cases.url is None:
        _look(settings, CASES, "cases")
    return cases_url(settings)


def look_for_readings(settings: Settings) -> None:
    """UsageError where no readings ever were kept."""
    if settings.store.backend == "duckdb":
        _look(settings, READINGS, "readings")


def _look(settings: Settings, file: str, what: str) -> None:
    if not (settings.data_dir / file).exists():
        raise UsageError(
            f"no {what} are kept in {settings.data_dir}: nothing has run there yet; "
            "name its directory by --data-dir"
        )
