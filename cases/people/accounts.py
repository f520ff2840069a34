"""Accounts of people: their roles, their passwords, and what ends their sessions.

Each change is one transaction together with its row in the audit trail. Methods raise Retryable
while the database is away, UsageError for what a person must put right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from sqlalchemy import Connection, func, insert, select, update

from cases import database
from cases.people import audit
from cases.people.audit import By, Entry
from cases.people.keys import NameTaken, name_of_key
from cases.people.passwords import check_password, fits, hashed, make_password
from cases.people.who import Role, Who, checked
from cases.schema import accounts
from facility.errors import Permanent, UsageError

FIRST = "admin"
"""The account that a database without any is given."""


class NoSuchAccount(Permanent):
    """There is no account of that name."""


@dataclass(frozen=True, slots=True)
class Account:
    """One person's. ``generation`` is that of the sessions which count."""

    who: Who
    generation: int
    disabled: bool
    created_at: int


class Changes(TypedDict, total=False):
    """What is to be different of an account; see :class:`cases.people.who.Who`."""

    role: Role
    unit: str | None
    streets: tuple[str, ...]
    disabled: bool


class Accounts:
    """The accounts of one case database, whose tables :func:`cases.database.upgrade` has made."""

    def __init__(self, url: str) -> None:
        self._engine = database.connect(url)

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def first_admin(self, by: By) -> str | None:
        """Makes the account ``admin`` where there is none at all; its password, told only here."""
        with database.reading(self._engine) as connection:
            if _count(connection):
                return None
        password = make_password()
        hash_ = hashed(password)
        with database.writing(self._engine) as connection:
            if _count(connection):  # another process was first
                return None
            _insert(connection, Who(FIRST, "admin"), hash_, by)
        return password

    def add(self, who: Who, password: str, by: By) -> Account:
        """A new account. NameTaken where the name is."""
        who = checked(who)
        check_password(password, who.name)
        hash_ = hashed(password)
        with database.writing(self._engine) as connection:
            if _find(connection, who.name) or name_of_key(connection, who.name):
                raise NameTaken(f"the name {who.name!r} is taken")
            _insert(connection, who, hash_, by)
        return Account(who, 1, False, by.at)

    def get(self, name: str) -> Account | None:
        """The account, or None."""
        with database.reading(self._engine) as connection:
            row = _find(connection, name)
        return None if row is None else _account(row)

    def all(self) -> tuple[Account, ...]:
        """Every account, by name."""
        query = select(accounts).order_by(accounts.c.name)
        with database.reading(self._engine) as connection:
            return tuple(_account(dict(row)) for row in connection.execute(query).mappings())

    def with_password(self, name: str, password: str) -> Account | None:
        """The account, where it is not disabled and this is its password."""
        with database.reading(self._engine) as connection:
            row = _find(connection, name)
        right = fits(password, None if row is None else row["password"])
        return _account(row) if row is not None and right and not row["disabled"] else None

    def set_password(self, name: str, password: str, by: By) -> Account:
        """Another password; the sessions there are end. NoSuchAccount."""
        check_password(password, name)
        hash_ = hashed(password)
        with database.writing(self._engine) as connection:
            before = _existing(connection, name)
            values = {"password": hash_, "generation": before["generation"] + 1}
            _update(connection, name, values)
            audit.note(connection, by, "account.password", name)
        return _account({**before, **values})

    def change(self, name: str, changes: Changes, by: By) -> Account:
        """Gives the account what ``changes`` names; the rest stays. NoSuchAccount.

        One that is disabled is shut out at once. UsageError where no admin would be left, or
        what it would become cannot be.
        """
        with database.writing(self._engine) as connection:
            before = _existing(connection, name)
            now = _account(before).who
            who = checked(
                Who(
                    name,
                    changes.get("role", now.role),
                    changes.get("unit", now.unit),
                    changes.get("streets", now.streets),
                )
            )
            values = {
                "role": who.role,
                "unit": who.unit,
                "streets": list(who.streets),
                "disabled": changes.get("disabled", before["disabled"]),
            }
            told = {key: value for key, value in values.items() if before[key] != value}
            if told.get("disabled"):
                values["generation"] = before["generation"] + 1
            _update(connection, name, values)
            if told:
                audit.note(connection, by, "account.changed", name, told)
            _some_admin_left(connection)
        return _account({**before, **values})

    def note(self, by: By, what: str, subject: str, **details: Any) -> None:
        """Appends to the audit trail what is no change of an account, such as a failed sign-in."""
        with database.writing(self._engine) as connection:
            audit.note(connection, by, what, subject, details)

    def trail(
        self, limit: int, before: int | None = None, sought: audit.Sought = audit.ALL
    ) -> tuple[Entry, ...]:
        """The audit trail, newest first; what is older than number ``before`` where given."""
        with database.reading(self._engine) as connection:
            return audit.entries(connection, limit, before, sought)


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(accounts)) or 0


def _find(connection: Connection, name: str) -> dict[str, Any] | None:
    query = select(accounts).where(accounts.c.name == name)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else dict(row)


def _account(row: dict[str, Any]) -> Account:
    role: Role = row["role"]
    who = Who(row["name"], role, row["unit"], tuple(row["streets"]))
    return Account(who, row["generation"], row["disabled"], row["created_at"])


def _insert(connection: Connection, who: Who, hash_: str, by: By) -> None:
    connection.execute(
        insert(accounts).values(
            name=who.name,
            role=who.role,
            unit=who.unit,
            streets=list(who.streets),
            password=hash_,
            generation=1,
            disabled=False,
            created_at=by.at,
        )
    )
    told = {"role": who.role, "unit": who.unit, "streets": list(who.streets)}
    audit.note(connection, by, "account.added", who.name, told)


def _existing(connection: Connection, name: str) -> dict[str, Any]:
    row = _find(connection, name)
    if row is None:
        raise NoSuchAccount(f"no account {name!r}")
    return row


def _update(connection: Connection, name: str, values: dict[str, Any]) -> None:
    connection.execute(update(accounts).where(accounts.c.name == name).values(**values))


def _some_admin_left(connection: Connection) -> None:
    admins = accounts.c.role == "admin"
    query = select(func.count()).select_from(accounts).where(admins, ~accounts.c.disabled)
    if not connection.scalar(query):
        raise UsageError("that would leave nobody who can look after accounts: no admin")
