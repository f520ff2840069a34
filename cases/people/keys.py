"""Keys of machines: random, shown once, kept as a digest, revocable.

A key has 256 random bits, so a plain SHA-256 of it gives nothing away and is quick to look up;
argon2 is for what people choose.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from cases import database
from cases.people import audit
from cases.people.audit import By
from cases.people.who import Role, Who, checked
from cases.schema import accounts, api_keys
from facility.errors import Permanent, UsageError

PREFIX = "xhk_"
"""What every key begins with, so that one that leaked can be recognised."""


class NoSuchKey(Permanent):
    """There is no key of that id."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; the key itself is not."""

    id: str
    who: Who
    created_at: int
    revoked_at: int | None = None


class NameTaken(UsageError):
    """An account or a key is called so already."""


class Keys:
    """The keys of one case database, whose tables :func:`cases.database.upgrade` has made."""

    def __init__(self, url: str) -> None:
        self._engine = database.connect(url)

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def add(self, who: Who, by: By) -> tuple[Key, str]:
        """A new key, and its text, which is told only here. NameTaken where the name is."""
        who = checked(who)
        text = PREFIX + secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(8), who, by.at)
        row = {"id": key.id, "name": who.name, "role": who.role, "unit": who.unit}
        told = {"name": who.name, "role": who.role, "unit": who.unit, "streets": list(who.streets)}
        with database.writing(self._engine) as connection:
            person = select(accounts.c.name).where(accounts.c.name == who.name)
            if connection.scalar(person) or name_of_key(connection, who.name):
                raise NameTaken(f"the name {who.name!r} is taken")
            connection.execute(
                insert(api_keys).values(
                    **row, streets=list(who.streets), digest=_digest(text), created_at=by.at
                )
            )
            audit.note(connection, by, "key.added", key.id, told)
        return key, text

    def all(self) -> tuple[Key, ...]:
        """Every key, those that were revoked too, oldest first."""
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        with database.reading(self._engine) as connection:
            return tuple(_key(row) for row in connection.execute(query).mappings())

    def find(self, text: str) -> Key | None:
        """The key of this text, where it was not revoked."""
        query = select(api_keys).where(
            api_keys.c.digest == _digest(text), api_keys.c.revoked_at.is_(None)
        )
        with database.reading(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _key(row)

    def revoke(self, key_id: str, by: By) -> Key:
        """The key stops at once. NoSuchKey; one that was revoked before stays as it is."""
        found = select(api_keys).where(api_keys.c.id == key_id)
        with database.writing(self._engine) as connection:
            row = connection.execute(found).mappings().one_or_none()
            if row is None:
                raise NoSuchKey(f"no key {key_id!r}")
            if row["revoked_at"] is None:
                values: dict[str, Any] = {"revoked_at": by.at}
                connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(**values))
                audit.note(connection, by, "key.revoked", key_id, {"name": row["name"]})
            return _key(connection.execute(found).mappings().one())


def name_of_key(connection: Connection, name: str) -> bool:
    """Whether a key that counts is called so: people and machines share one set of names."""
    query = select(api_keys.c.id).where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
    return connection.scalar(query) is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: RowMapping) -> Key:
    role: Role = row["role"]
    who = Who(row["name"], role, row["unit"], tuple(row["streets"]))
    return Key(row["id"], who, row["created_at"], row["revoked_at"])
