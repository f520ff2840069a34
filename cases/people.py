"""Who acts on a case: a person's name, role, unit and streets, or one of the system's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "operator", "dispatcher", "handler", "supervisor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts. ``unit`` is a handler's own; ``streets`` are grid codes, empty meaning all."""

    name: str
    role: Role
    unit: str | None = None
    streets: tuple[str, ...] = ()
