"""The command ``xiuhua``: runs what its words name, and says in a line what was wrong."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from facility.errors import XiuhuaError
from facility.garbage import collect_seldom

if TYPE_CHECKING:
    import argparse


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the command; the exit status."""
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
        return 1
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
