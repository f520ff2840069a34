"""TOML as people write it: what it says, or a line that names the file.

Beside what is no TOML it refuses what tomllib fails at: thousands of brackets one inside another,
numbers of thousands of digits. A byte order mark, which some editors put first, is no matter.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from facility.errors import UsageError


def read(path: Path) -> dict[str, Any]:
    """What a file says. UsageError where it cannot be read or is not TOML."""
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a file. UsageError where it cannot be read or is not UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8; save it as UTF-8") from None


def parse(text: str, name: str) -> dict[str, Any]:
    """What a text says. UsageError, with ``name``, where it is not TOML."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{name} is not TOML that can be read: it is nested too deep") from None
    except ValueError as error:  # a TOMLDecodeError is one
        raise UsageError(f"{name} is not TOML: {str(error).partition(';')[0]}") from None
