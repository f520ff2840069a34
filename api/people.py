"""Accounts, keys and the audit trail as the API shows them (docs/api.md)."""

from __future__ import annotations

from typing import Any

from api.represent import time_or_none
from api.shapes.shape import Shape, Time
from cases.people.accounts import Account
from cases.people.audit import Entry
from cases.people.keys import Key
from cases.people.who import Role, Who
from facility.clock import to_rfc3339


class Me(Shape):
    name: str
    role: Role
    unit: str | None
    streets: list[str]


class Token(Shape):
    access_token: str
    token_type: str
    expires_in: int


class User(Me):
    disabled: bool
    created_at: Time


class UserPage(Shape):
    items: list[User]


class NewPassword(Shape):
    name: str
    password: str


class MachineKey(Me):
    id: str
    created_at: Time
    revoked_at: Time | None


class MachineKeyPage(Shape):
    items: list[MachineKey]


class NewMachineKey(MachineKey):
    key: str


class AuditEntry(Shape):
    seq: int
    at: Time
    who: str
    address: str
    what: str
    subject: str
    details: dict[str, Any]


class AuditPage(Shape):
    items: list[AuditEntry]
    next: str | None


def who_json(who: Who) -> dict[str, Any]:
    """ME."""
    return {"name": who.name, "role": who.role, "unit": who.unit, "streets": list(who.streets)}


def user_json(account: Account) -> dict[str, Any]:
    """USER."""
    created_at = to_rfc3339(account.created_at)
    return {**who_json(account.who), "disabled": account.disabled, "created_at": created_at}


def key_json(key: Key) -> dict[str, Any]:
    """KEY."""
    times = {
        "created_at": to_rfc3339(key.created_at),
        "revoked_at": time_or_none(key.revoked_at),
    }
    return {"id": key.id, **who_json(key.who), **times}


def entry_json(entry: Entry) -> dict[str, Any]:
    """ENTRY."""
    return {
        "seq": entry.seq,
        "at": to_rfc3339(entry.at),
        "who": entry.who,
        "address": entry.address,
        "what": entry.what,
        "subject": entry.subject,
        "details": entry.details,
    }
