"""Lighting plans as data (``plans.toml``): when lamps are lit, by which night and in which area.

A plan has its usual nights, and variants for some of them: by date, weekday, public holiday, area.
A place puts its own plans into the file ``plans.toml`` of its data directory; they stand beside the
built-in ones, or in their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import holidays as public_holidays
import msgspec

from facility import tomlfile
from facility.errors import UsageError

EDGE = re.compile(r"(sunset|sunrise)([+-]\d{1,3})?|([01]\d|2[0-3]):([0-5]\d)")
_DAY = re.compile(r"(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
OWN = "plans.toml"
"""The file of a data directory that has a place's own plans."""

_PLANS = Path(__file__).with_name("plans.toml")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

Percent = Annotated[float, msgspec.Meta(ge=1, le=100)]
Lit = tuple[tuple[str, str], ...]
Dim = tuple[tuple[str, str, Percent], ...]
"""Spans of a night, from and to, with the level in percent of what is dimmed."""


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nights on which a plan is another one: all that is named must hold of the night, which is
    called by the day it begins on.

    ``first`` and ``last`` are dates as ``2026-02-16``, or days of every year as ``02-16``;
    ``holidays`` the country whose public holidays are meant; ``areas`` codes, or their beginnings.
    Without ``lit`` or ``dim`` the plan's own stands.
    """

    lit: Lit | None = None
    dim: Dim | None = None
    first: str = msgspec.field(name="from", default="")
    last: str = msgspec.field(name="to", default="")
    days: tuple[Weekday, ...] = ()
    holidays: str = ""
    areas: tuple[str, ...] = ()

    def holds(self, night: date, area: str) -> bool:
        """Whether it is of this night, in this area."""
        if self.areas and not area.startswith(self.areas):
            return False
        if self.days and _WEEKDAYS[night.weekday()] not in self.days:
            return False
        if self.holidays and night not in _holidays(self.holidays):
            return False
        return self._within(night)

    def _within(self, night: date) -> bool:
        # As ISO writes days, or the days of a year, they stand in the order of their letters.
        day = night.isoformat()[-len(self.first or self.last) :]
        begun = not self.first or day >= self.first
        over = bool(self.last) and day > self.last
        if self.first and self.last and self.first > self.last:
            # Over the turn of the year.
            return begun or not over
        return begun and not over


@dataclass(frozen=True, slots=True)
class LightingPlan:
    """A plan by name: its spans as (from, to) in the words of ``plans.toml``; of its variants the
    first that holds counts."""

    id: str
    name: str
    version: int
    lit: Lit
    dim: Dim = ()
    variants: tuple[Variant, ...] = ()

    @property
    def dims(self) -> bool:
        """Whether it dims lamps in any night."""
        return bool(self.dim) or any(variant.dim for variant in self.variants)

    def on(self, night: date, area: str) -> tuple[Lit, Dim]:
        """When lamps of an area are lit, and dimmed, in the night that begins on a day."""
        for variant in self.variants:
            if variant.holds(night, area):
                lit = self.lit if variant.lit is None else variant.lit
                return lit, self.dim if variant.dim is None else variant.dim
        return self.lit, self.dim


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    version: int
    lit: Lit
    dim: Dim = ()
    variants: tuple[Variant, ...] = ()


def load_plans(own: Path | None = None) -> dict[str, LightingPlan]:
    """The built-in plans by id, with those of the file ``own`` beside or in place of them, where it
    is there. UsageError where a plan cannot be read."""
    plans = plans_of(tomlfile.read(_PLANS), _PLANS.name)
    if own is None or not own.exists():
        return plans
    return plans | plans_of(tomlfile.read(own), str(own))


def plans_of(rows: Mapping[str, Any], name: str) -> dict[str, LightingPlan]:
    """The plans of rows as ``plans.toml`` has them. UsageError where one cannot be read."""
    plans = {}
    for plan_id, written in rows.items():
        try:
            row = msgspec.convert(written, _Row)
        except msgspec.ValidationError as error:
            raise UsageError(f"{name}: plan {plan_id}: {error}") from None
        for wrong in _wrong_edges(row):
            raise UsageError(
                f"{name}: plan {plan_id}: {wrong!r} is no time of a night; "
                'write "sunset", "sunrise+10" or "05:00"'
            )
        for variant in row.variants:
            _check(variant, f"{name}: plan {plan_id}")
        plans[plan_id] = LightingPlan(
            plan_id, row.name, row.version, row.lit, row.dim, row.variants
        )
    return plans


def _wrong_edges(row: _Row) -> list[str]:
    written: tuple[_Row | Variant, ...] = (row, *row.variants)
    edges = [edge for one in written for span in one.lit or () for edge in span]
    edges += [edge for one in written for *span, _ in one.dim or () for edge in span]
    return [edge for edge in edges if not EDGE.fullmatch(edge)]


def _check(variant: Variant, where: str) -> None:
    edges = [edge for edge in (variant.first, variant.last) if edge]
    for edge in edges:
        if not _DAY.fullmatch(edge):
            raise UsageError(f"{where}: {edge!r} is no day; write 2026-02-16, or 02-16 of any year")
    if len({len(edge) for edge in edges}) > 1:
        raise UsageError(f"{where}: `from` and `to` are both dates, or both days of any year")
    if len(variant.first) == 10 and variant.first > variant.last != "":
        raise UsageError(f"{where}: `from` {variant.first} is after `to` {variant.last}")
    if variant.holidays and variant.holidays not in public_holidays.list_supported_countries():
        raise UsageError(f"{where}: `holidays`: none are known of {variant.holidays!r}")
    if not (edges or variant.days or variant.holidays or variant.areas):
        raise UsageError(f"{where}: a variant says where or when it holds: from, to, days …")


@lru_cache(maxsize=8)
def _holidays(country: str) -> Any:
    return public_holidays.country_holidays(country)
