"""What was learned of how sensors are installed, kept over restarts, and changed by people.

Each ingest process keeps its own beside its spool; what a person sets or forgets is asked of all
of them by a file each picks up.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import msgspec

from facility.errors import UsageError
from ingest.messages import Decoded, Messages
from ingest.pipeline import Pipeline
from ingest.profiles.installed import Installed
from ingest.profiles.profile import Profiles

log = logging.getLogger(__name__)

_KEPT_EVERY_S = 2.0


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """A person's change: ``name`` set to ``value``, or the learned position forgotten."""

    device: str
    name: str | None = None
    value: float | None = None


class RememberingPipeline(Pipeline):
    """A pipeline that keeps what it learns of sensors in a file. Used by one thread."""

    def __init__(self, root: str, path: Path, profiles: Profiles | None = None) -> None:
        self._path = path
        self._wishes = wishes_of(path)
        self._known = _read(path)
        self._kept_version = self._known.version
        self._looked = 0.0
        super().__init__(root, profiles, self._known)

    def decode(self, messages: Messages, oversized: frozenset[int] = frozenset()) -> Decoded:
        if time.monotonic() - self._looked >= _KEPT_EVERY_S:
            self.keep()
        return super().decode(messages, oversized)

    def keep(self) -> None:
        """Does what people asked for, and writes down what has changed."""
        self._looked = time.monotonic()
        for wish in _taken(self._wishes):
            if wish.name is None or wish.value is None:
                self._known.reset(wish.device)
            else:
                self._known.set(wish.device, wish.name, wish.value)
        if self._known.version != self._kept_version:
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(self._known.to_json())
            fresh.replace(self._path)
            self._kept_version = self._known.version


def wishes_of(path: Path) -> Path:
    """Where changes to the record at ``path`` are asked for."""
    return path.with_suffix(".wishes")


def ask(data_dir: Path, wish: Wish) -> int:
    """Asks every ingest on a data directory for a change; how many there are.

    Those not running do it when they next start. UsageError where there is none.
    """
    spools = sorted(data_dir.glob("*.spool"))
    if not spools:
        raise UsageError(f"no ingest has run on {data_dir} yet; name its directory by --data-dir")
    line = msgspec.json.encode(wish) + b"\n"
    for spool in spools:
        with wishes_of(record_of(spool)).open("ab") as file:
            file.write(line)
    return len(spools)


def record_of(spool: Path) -> Path:
    """The record beside a spool."""
    return spool.with_suffix(".installed.json")


def _read(path: Path) -> Installed:
    try:
        return Installed.from_json(path.read_bytes())
    except FileNotFoundError:
        return Installed()
    except (ValueError, OSError) as error:
        raise UsageError(
            f"{path} cannot be read ({error}); restore it, or delete it to learn anew"
        ) from None


def _taken(path: Path) -> list[Wish]:
    """The wishes there are, which are then no more."""
    taken = path.with_suffix(".taken")
    try:
        path.replace(taken)
        lines = taken.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    taken.unlink()
    wishes = []
    for line in lines:
        try:
            wishes.append(msgspec.json.decode(line, type=Wish))
        except msgspec.DecodeError as error:
            log.warning("a change to a sensor cannot be read: %s", error)
    return wishes
