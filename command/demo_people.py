"""The people of a demo: an account for each role, and keys for its simulated crews."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import msgspec

from api.access import Access
from cases.people.passwords import make_password
from cases.people.who import ROLES, Who
from command.house import SYSTEM
from facility.errors import UsageError
from facility.inventory import Inventory


def prepare(access: Access, inventory: Inventory, data_dir: Path) -> Path:
    """Makes the accounts that are missing, each called as its role; the file of their passwords.

    A second start keeps them. An account whose password is not in the file gets another one.
    """
    file = data_dir / "demo" / "passwords.json"
    passwords = _read(file)
    unit = _largest_owner(inventory)
    by = access.by(SYSTEM, "")
    for role in ROLES:
        account = access.accounts.get(role)
        if account is not None and role in passwords:
            continue
        password = passwords.setdefault(role, make_password())
        if account is None:
            access.accounts.add(Who(role, role, unit if role == "handler" else None), password, by)
        else:
            access.accounts.set_password(role, password, by)
    _write(file, passwords)
    return file


def crew_key(access: Access, unit: str | None) -> str:
    """A new key for the simulated crew of a unit, or for the dispatchers where that is None.

    The key of the start before counts no more.
    """
    by = access.by(SYSTEM, "")
    who = Who(f"{unit} 模拟班组", "handler", unit) if unit else Who("模拟调度", "dispatcher")
    for key in access.keys.all():
        if key.who.name == who.name and key.revoked_at is None:
            access.keys.revoke(key.id, by)
    _, text = access.keys.add(who, by)
    return text


def _largest_owner(inventory: Inventory) -> str:
    owners = Counter(asset.owner for asset in inventory.assets.values() if asset.owner)
    return owners.most_common(1)[0][0]


def _read(file: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError:
        raise UsageError(f"{file} is damaged; delete it to have passwords made anew") from None


def _write(file: Path, passwords: dict[str, str]) -> None:
    """Readable by its owner alone, from the first byte on."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(passwords), indent=2) + b"\n")
    fresh.replace(file)
