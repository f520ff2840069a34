"""``user``: accounts, for the operator at the machine itself, who may have forgotten a password."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cases.database import upgrade
from cases.people.accounts import Accounts
from cases.people.audit import By
from cases.people.passwords import make_password
from cases.people.who import ROLES, Who
from command.house import SYSTEM, cases_url, make_folder
from command.kept import kept_cases
from command.settings import settings_of
from facility.clock import SystemClock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that follow ``user``."""
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="makes an account, and prints its password once")
    new = actions.add_parser("password", help="a new password, printed once; sessions end")
    shut = actions.add_parser("disable", help="shuts an account; its sessions end at once")
    again = actions.add_parser("enable", help="opens it again")
    for action in (add, new, shut, again):
        action.add_argument("name")
    add.add_argument("--role", choices=ROLES, required=True)
    add.add_argument("--unit", help="whose cases a handler handles")
    add.add_argument("--street", action="append", default=[], help="a grid code; may be repeated")
    for action in (add, new, shut, again, actions.add_parser("list", help="every account")):
        action.add_argument("--data-dir", type=Path)


def user(options: argparse.Namespace) -> int:
    """Does what the second word says."""
    actions: dict[str, Callable[[argparse.Namespace, Accounts, By], None]] = {
        "add": _add,
        "list": _list,
        "password": _password,
        "disable": _disable,
        "enable": _disable,
    }
    settings = settings_of(options)
    if options.action == "add":  # the first account may be made before the first start
        make_folder(settings.data_dir)
        url = cases_url(settings)
    else:
        url = kept_cases(settings)
    upgrade(url)
    with closing(Accounts(url)) as accounts:
        actions[options.action](options, accounts, By(SYSTEM, SystemClock().now_ms()))
    return 0


def _add(options: argparse.Namespace, accounts: Accounts, by: By) -> None:
    password = make_password()
    who = Who(options.name, options.role, options.unit, tuple(options.street))
    accounts.add(who, password, by)
    sys.stdout.write(f"{password}\n")


def _list(_options: argparse.Namespace, accounts: Accounts, _by: By) -> None:
    for account in accounts.all():
        who = account.who
        state = "disabled" if account.disabled else ""
        streets = ",".join(who.streets)
        sys.stdout.write(f"{who.name}\t{who.role}\t{who.unit or ''}\t{streets}\t{state}\n")


def _password(options: argparse.Namespace, accounts: Accounts, by: By) -> None:
    password = make_password()
    accounts.set_password(options.name, password, by)
    sys.stdout.write(f"{password}\n")


def _disable(options: argparse.Namespace, accounts: Accounts, by: By) -> None:
    accounts.change(options.name, {"disabled": options.action == "disable"}, by)
