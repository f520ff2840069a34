"""The key that sessions are signed with: random, in the data directory, for its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from facility.errors import UsageError

FILE = "session.key"
BYTES = 32


def load(data_dir: Path) -> bytes:
    """The key of this data directory, made where there is none yet.

    Processes that start together agree on one: a whole file is linked to its name, which only the
    first can do. UsageError where what is there is no such key.
    """
    path = data_dir / FILE
    if not path.exists():
        _make(path)
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise UsageError(f"{path} is damaged; delete it, and everybody signs in again")
    return key


def open_to_others(path: Path) -> bool:
    """Whether anybody but its owner may read the file; never where modes do not say."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def _make(path: Path) -> None:
    fresh = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)
    except FileExistsError:
        return  # another process was first
    except OSError as error:
        raise UsageError(f"cannot make {path}: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
