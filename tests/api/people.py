"""Accounts for tests: one of each role, all with the same password."""

from __future__ import annotations

from sqlalchemy import insert

from api.access import Access
from cases.database import connect, writing
from cases.people.passwords import hashed
from cases.people.who import ROLES, Role
from cases.schema import accounts
from facility.clock import HOUR

PASSWORD = "every lamp is lit"


def name_of(role: Role) -> str:
    return f"a-{role}"


def add_accounts(url: str) -> None:
    """Straight into the table: six hashes of one password would be six times as slow."""
    row = {"streets": [], "password": hashed(PASSWORD), "generation": 1, "disabled": False}
    rows = [
        {**row, "name": name_of(role), "role": role, "unit": "unit-1", "created_at": HOUR}
        for role in ROLES
    ]
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(insert(accounts), rows)
    engine.dispose()


def token_of(access: Access, name: str) -> str:
    """A token, without the time that signing in takes."""
    account = access.accounts.get(name)
    assert account is not None
    return access.token(access.renewed(account))
