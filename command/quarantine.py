"""``quarantine``: messages that could not be used, looked at and put through the door again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from command.settings import Settings, settings_of
from facility.clock import to_rfc3339
from facility.errors import UsageError
from ingest.messages import REASONS
from ingest.pipeline import Pipeline
from ingest.quarantine import Held, Outcome, listed, retried, shown

_SHOWN_OF_PAYLOAD = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``quarantine``."""
    actions = parser.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="one message, its bytes as they came")
    newest = actions.add_parser("list", help="the newest messages")
    show.add_argument("numbers", nargs=1, type=int, metavar="N")
    again = actions.add_parser("retry", help="puts messages through the door again")
    again.add_argument("numbers", nargs="*", type=int, metavar="N")
    for which in (show, newest, again):
        which.add_argument("--data-dir", type=Path, default=argparse.SUPPRESS)
    for which in (newest, again):
        which.add_argument("--reason", choices=[*REASONS, "refused"])
        which.add_argument("--topic", default="", help="only topics that begin so")
        which.add_argument("--limit", type=int, default=100)


def quarantine(options: argparse.Namespace) -> int:
    """Does what the second word says; 1 where a message is still in quarantine after a retry."""
    actions: dict[str, Callable[[argparse.Namespace, Settings], int]] = {
        "list": _list,
        "show": _show,
        "retry": _retry,
    }
    return actions[options.action](options, settings_of(options))


def _list(options: argparse.Namespace, settings: Settings) -> int:
    for held in _chosen(options, settings):
        message = held.message
        payload = message.payload[:_SHOWN_OF_PAYLOAD].decode("utf-8", "backslashreplace")
        sys.stdout.write(
            f"{held.id}\t{to_rfc3339(message.arrived)}\t{message.reason}\t{message.topic}\t"
            f"{payload!r}\n"
        )
    return 0


def _show(options: argparse.Namespace, settings: Settings) -> int:
    message = shown(_spool(settings), options.numbers[0]).message
    words = message.detail or REASONS.get(message.reason, "")
    sys.stderr.write(
        f"topic: {message.topic}\narrived: {to_rfc3339(message.arrived)}\n"
        f"reason: {message.reason}: {words}\n"
    )
    sys.stdout.buffer.write(message.payload)
    sys.stdout.buffer.flush()
    return 0


def _retry(options: argparse.Namespace, settings: Settings) -> int:
    numbers = options.numbers
    if not numbers:
        if options.reason is None and not options.topic:
            raise UsageError("say which: retry N …, or --reason REASON, or --topic TOPIC")
        numbers = [held.id for held in _chosen(options, settings)]
    for number in numbers:
        shown(_spool(settings), number)  # what is not there is not repaired either
    outcomes = retried(_spool(settings), Pipeline(settings.ingest.root), numbers)
    for outcome in outcomes:
        sys.stderr.write(f"{outcome.id}: {_words(outcome)}\n")
    return 0 if all(outcome.repaired for outcome in outcomes) else 1


def _chosen(options: argparse.Namespace, settings: Settings) -> list[Held]:
    path = _spool(settings)
    return listed(path, reason=options.reason, topic=options.topic, limit=options.limit)


def _words(outcome: Outcome) -> str:
    if outcome.repaired:
        return "repaired"
    if outcome.waiting:
        return "ingest has not come to it yet"
    return f"still in quarantine: {outcome.reason} {outcome.detail}".rstrip()


def _spool(settings: Settings) -> Path:
    return settings.ingest.spool_path(settings.data_dir)
