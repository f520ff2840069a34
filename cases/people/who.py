"""Who acts on a case: a person's name, role, unit and streets, or one of the system's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from facility.errors import UsageError
from facility.plain import is_plain

Role = Literal["viewer", "operator", "dispatcher", "handler", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

SYSTEM = ("rules", "clock", "resident")
"""Authors of events that are no persons: nobody may be called so."""

NAME_MAX = 64
"""Characters of a name; an event's author holds as many."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts. ``unit`` is a handler's own; ``streets`` are grid codes, empty meaning all."""

    name: str
    role: Role
    unit: str | None = None
    streets: tuple[str, ...] = ()


def checked(who: Who) -> Who:
    """``who`` with its name trimmed. UsageError where that may not be an account or a key."""
    name = who.name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise UsageError(f"a name has 1 to {NAME_MAX} characters that can be printed")
    if name.casefold() in SYSTEM:
        raise UsageError(f"{name!r} is what the system itself is called; choose another name")
    if who.role not in ROLES:
        raise UsageError(f"unknown role {who.role!r}; possible: {', '.join(ROLES)}")
    unit = (who.unit or "").strip() or None
    if not all(is_plain(words) for words in (unit or "", *who.streets)):
        raise UsageError("a unit and streets have no control characters")
    if who.role == "handler" and unit is None:
        raise UsageError("a handler needs the unit whose cases they handle")
    return Who(name, who.role, unit, who.streets)
