"""Whose streets: who answers for some decides nothing about facilities in others."""

from __future__ import annotations

from collections.abc import Iterable

from api.parts import Parts
from api.problems import Problem
from cases.filing.responsibility import street_of
from cases.people.who import Who
from facility.assets import Asset


def is_bound(who: Who) -> bool:
    """Whether the caller answers for some streets alone."""
    return who.role != "admin" and bool(who.streets)


def only_within(parts: Parts, who: Who, assets: Iterable[Asset]) -> None:
    """Problem 403 where one of the assets is in none of the caller's streets."""
    if not is_bound(who):
        return
    grid = parts.grid()
    if any(street_of(asset.grid, grid) not in who.streets for asset in assets):
        raise Problem(
            403,
            "that is about facilities which are in none of your streets; narrow it to yours",
            "涉及您负责的街道以外的设施,请缩小到您的街道",
        )
