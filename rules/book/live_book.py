"""The rulebook of a running service: read again when its file changes, each version kept."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from facility.errors import UsageError
from rules.book import rulebook
from rules.book.versions import keep

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 1.0

_Stamp = tuple[int, int, int] | None


class LiveBook:
    """``current`` is the book in use; ``problem`` why the file's is not, empty where it is.

    UsageError where the book is wrong at the start. Later a wrong one changes nothing.
    """

    def __init__(self, path: Path | None, folder: Path | None = None) -> None:
        self._path = path
        self._folder = folder
        self._looked = time.monotonic()
        self._stamp = self._stamped()
        self.problem = ""
        self.current = rulebook.load(path)
        self._keep()

    def look(self) -> bool:
        """Whether another book is in use from now on."""
        if self._path is None or time.monotonic() - self._looked < _LOOK_EVERY_S:
            return False
        self._looked = time.monotonic()
        stamp = self._stamped()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        return self.read()

    def read(self) -> bool:
        """Reads the file now; whether that makes a difference."""
        try:
            book = rulebook.load(self._path)
        except UsageError as error:
            self.problem = str(error)
            log.error("the rulebook stays at %s: %s", self.current.version, error)
            return False
        self.problem = ""
        if book.version == self.current.version:
            return False
        log.info("the rulebook is %s now, it was %s", book.version, self.current.version)
        self.current = book
        self._keep()
        return True

    def _keep(self) -> None:
        if self._folder is None:
            return
        try:
            keep(self._folder, self.current)
        except OSError as error:
            log.warning("version %s is not kept: %s", self.current.version, error)

    def _stamped(self) -> _Stamp:
        try:
            stat = self._path.stat() if self._path else None
        except OSError:
            return None
        return (stat.st_ino, stat.st_mtime_ns, stat.st_size) if stat else None


def problem_words(book: LiveBook) -> tuple[str, str, str]:
    """The problem as ``health`` tells it."""
    first = book.problem.partition("\n")[0]
    version = book.current.version
    return (
        "rulebook",
        f"规则文件有误,仍用 {version} 版:{first}",
        f"the rulebook has mistakes and {version} stays in use: {first}",
    )
