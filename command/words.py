"""The words of the command ``xiuhua``, and what each of them runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from command import care, recordings, serving
from command.accounts import add_arguments as add_user_arguments
from command.accounts import user
from command.backtests import add_arguments as add_backtest_arguments
from command.backtests import backtest
from command.doctor import doctor
from command.monthly import add_arguments as add_report_arguments
from command.monthly import report
from command.notify import add_arguments as add_notify_arguments
from command.notify import notify
from command.quarantine import add_arguments as add_quarantine_arguments
from command.quarantine import quarantine
from command.rulebooks import add_arguments as add_rules_arguments
from command.rulebooks import rules


def parser() -> argparse.ArgumentParser:
    """Reads a command line; ``run`` in what it finds takes the rest and gives the exit status."""
    whole = argparse.ArgumentParser(
        "xiuhua", description="绣花 Xiuhua watches a city's facilities."
    )
    whole.add_argument("--config", type=Path, help="settings, instead of ./xiuhua.toml")
    commands = whole.add_subparsers(dest="command", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], words: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.add_argument("--config", type=Path, default=argparse.SUPPRESS)
        sub.set_defaults(run=run)
        return sub

    everything = command("up", serving.up, "everything in one process tree, on embedded parts")
    everything.add_argument("--demo", action="store_true", help="with a simulated district")
    everything.add_argument("--mqtt-port", type=int, default=1883)
    for name in ("ingest", "api"):
        command(name, serving.one_service, f"the {name} service alone, for production")
    command("rules", rules, "the rules service alone, for production; or what follows, of a book")
    for name in ("up", "ingest", "rules", "api"):
        service = commands.choices[name]
        service.add_argument("--data-dir", type=Path)
        service.add_argument("--mqtt", metavar="URL", help="use this broker")
        if name in ("up", "api"):
            service.add_argument("--api-port", type=int)

    add_rules_arguments(commands.choices["rules"])

    bring = command("import", care.import_inventory, "brings an inventory in")
    bring.add_argument("file", type=Path)
    bring.add_argument("--grid", type=Path)
    bring.add_argument("--map", type=Path)
    bring.add_argument("--data-dir", type=Path)

    fleet = command("simulate", recordings.simulate, "a simulated district, recorded or live")
    fleet.add_argument("scenario", help="a scenario's name, or a TOML file")
    fleet.add_argument("--capture", metavar="OUT", help="write a recording; - is standard output")
    fleet.add_argument("--truth", type=Path, metavar="OUT", help="write what went wrong")
    fleet.add_argument("--inventory", type=Path, metavar="OUT", help="write what is installed")
    fleet.add_argument("--grid", type=Path, metavar="OUT", help="write the district's grid")
    fleet.add_argument("--speed", type=float, default=1.0, help="how many times as fast as life")
    fleet.add_argument("--clock", metavar="START,SPEED,ORIGIN", help="another process's clock")
    fleet.add_argument("--mqtt", metavar="URL", help="publish to this broker")

    again = command("replay", recordings.replay, "runs the live engine over a recording")
    again.add_argument("capture", help="what mosquitto_sub -F '%%j' prints; - is standard input")
    again.add_argument("--inventory", type=Path, required=True)
    again.add_argument("--grid", type=Path)

    add_backtest_arguments(
        command("backtest", backtest, "a draft rulebook over the readings, beside the live one")
    )

    care.add_profile_arguments(
        command("profile", care.profile, "device profiles, and how one sensor is installed")
    )

    held = command("quarantine", quarantine, "messages that could not be used")
    held.add_argument("--data-dir", type=Path)
    add_quarantine_arguments(held)

    add_user_arguments(command("user", user, "accounts of people, and new passwords"))
    add_notify_arguments(command("notify", notify, "what is told to whom of cases, tried or sent"))

    add_report_arguments(
        command("report", report, "the monthly report, a page that prints: xiuhua report 2026-06")
    )

    check = command("doctor", doctor, "looks at everything, and says what is wrong")
    check.add_argument("--data-dir", type=Path)
    check.add_argument("--mqtt", metavar="URL")

    mark = command("score", recordings.score, "holds a replay's events against the truth")
    mark.add_argument("--events", type=Path, required=True)
    mark.add_argument("--truth", type=Path, required=True)
    mark.add_argument("--json", action="store_true")
    return whole
