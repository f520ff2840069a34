"""How the simulated people of a district work: data, in ``habits.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from simulators.people.lot import Minutes

Share = Annotated[float, Meta(ge=0, le=1)]


class Dispatcher(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever files, hands over and checks."""

    files_after_min: Minutes
    voids: Share
    dispatches_after_min: Minutes
    leaves: Share
    misdirects: Share
    answers_after_min: Minutes
    refuses: Share
    checks_after_min: Minutes
    finds_undone: Share


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever goes there and repairs."""

    accepts_after_min: Minutes
    looks_after_min: Minutes
    works_min: Minutes
    hands_in_early: Share
    early_after_min: Minutes
    asks_for_time: Share
    asks_after_min: Minutes
    waits_for_parts: Share


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What residents notice of a type of sensors' cases, and report as ``service``."""

    type: str
    service: str
    share: Share
    after_min: Minutes
    says: str


class Matter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What no sensor sees."""

    service: str
    says: str


class Residents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever lives there."""

    reports_a_day: Annotated[float, Meta(ge=0, le=10_000)]
    wants_news: Share
    rates: Share
    rates_after_min: Minutes
    unhappy: Share
    channels: Annotated[tuple[str, ...], Meta(min_length=1)]
    notices: tuple[Notice, ...]
    others: Annotated[tuple[Matter, ...], Meta(min_length=1)]


class Habits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The habits of ``habits.toml``."""

    dispatcher: Dispatcher
    unit: Unit
    residents: Residents


@cache
def shipped() -> Habits:
    """The habits that come with the program."""
    text = Path(__file__).with_name("habits.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Habits)
