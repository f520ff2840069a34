"""Where the rules keep their state, so that a crash between loses and repeats nothing.

The file is written before the events it led to are recorded, and has them with it. Whoever starts
from it records those first: recording an event twice is recording it once. Events that came after
the file was written had not been recorded, and are found again from the readings that came since.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from cases.events import CaseEvent

log = logging.getLogger(__name__)


class Saved(msgspec.Struct, frozen=True):
    """What was saved: the engine's state, the events that may not be recorded yet, and how many
    of the desk's events had been read."""

    state: bytes
    events: list[CaseEvent]
    seen_seq: int


class StateFile:
    """One file, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decode = msgspec.msgpack.Decoder(Saved).decode

    def write(self, saved: Saved) -> None:
        """Returns when it is on disk. Raises OSError where it cannot be."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.msgpack.encode(saved))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self) -> Saved | None:
        """What was saved last; None where nothing was, or nothing that can be read."""
        try:
            return self._decode(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("%s cannot be used, the rules start anew: %s", self._path, error)
            return None
