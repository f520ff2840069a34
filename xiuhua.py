"""The command ``xiuhua``: runs what its words name, and says in a line what was wrong."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from facility.errors import XiuhuaError
from facility.garbage import collect_seldom

if TYPE_CHECKING:
    import argparse

_PIPE_CLOSED = 128 + signal.SIGPIPE
"""The status of what a closed pipe ends, as shells tell it."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command; the exit status."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has left, as `| head` does: there is nobody to tell, at the exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED


def _run(arguments: list[str] | None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "amqtt"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of each request that is none, as often as anybody likes to send one.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    options = _read(arguments)
    collect_seldom()
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except XiuhuaError as error:
        sys.stderr.write(f"xiuhua: {error}\n")
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:  # a disk that is full or may not be written: not ours to mend
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"xiuhua: {where}{error.strerror or error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _read(arguments: list[str] | None) -> argparse.Namespace:
    """What the words mean."""
    # Bringing in every room takes seconds on a slow machine; Ctrl-C meanwhile just ends it.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from command.words import parser

    signal.signal(signal.SIGINT, before)
    return parser().parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
