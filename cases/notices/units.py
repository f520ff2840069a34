"""The units (责任单位) that work on cases, who serves which streets, and who stands above whom.

It is data: ``units.toml`` in the data directory, of the form of ``examples/units.toml``.
Supervision climbs from the unit upward: the street's office, the district, the deputy head.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import msgspec

from cases.notices.contacts import Reachable, Recipient, Wrong, read_entries, recipient, refused

Rank = Literal["crew", "street", "district", "head"]
RANKS: tuple[Rank, ...] = get_args(Rank)
"""From the bottom to the top; a unit stands below one of a higher rank."""

STREET_OFFICE = "@street"
"""``up`` of a unit whose superior is the office of the case's own street."""

EXAMPLE = Path(__file__).with_name("examples") / "units.toml"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit. ``streets`` are grid codes, empty meaning all; ``up`` is None for the head alone."""

    name: str
    rank: Rank
    up: str | None
    streets: tuple[str, ...]
    recipient: Recipient

    def serves(self, street: str | None) -> bool:
        """Whether the street is among those it serves."""
        return not self.streets or street in self.streets


class Units:
    """The units of a place; there may be none."""

    def __init__(self, units: Sequence[Unit] = ()) -> None:
        self._by_name = {unit.name: unit for unit in units}
        self._head = next((unit for unit in units if unit.up is None), None)
        self._offices = {
            street: unit for unit in units if unit.rank == "street" for street in unit.streets
        }

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str | None) -> Unit | None:
        """The unit of this name."""
        return self._by_name.get(name or "")

    def office(self, street: str | None) -> Unit | None:
        """The office that answers for a street."""
        return self._offices.get(street or "")

    def above(self, unit: str | None, street: str | None) -> tuple[Unit, ...]:
        """Who stands above a unit in a case of the street, the nearest first.

        For a unit that is not here, or none, it begins with the street's office, or the head.
        """
        chain: list[Unit] = []
        at = self.get(unit)
        following = self._up(at, street) if at else self.office(street) or self._head
        while following is not None:
            chain.append(following)
            following = self._up(following, street)
        return tuple(chain)

    def told(self, unit: str | None, street: str | None, level: int) -> Unit | None:
        """Who is told when a case is supervised at a level; level 0 is the unit's own notice.

        Above the head there is nobody: the head is told again.
        """
        if level == 0:
            return self.get(unit)
        chain = self.above(unit, street)
        if not chain:
            return None
        return chain[min(level, len(chain)) - 1]

    def _up(self, unit: Unit, street: str | None) -> Unit | None:
        if unit.up == STREET_OFFICE:
            return self.office(street) or self._head
        return self.get(unit.up)


def load(path: Path) -> Units:
    """The units of a file; none where it is not there. UsageError, with line and key."""
    if not path.exists():
        return Units()
    written, text = read_entries(path, _Written, "units")
    try:
        return Units(_checked(written.units))
    except Wrong as error:
        raise refused(path, text, "units", error.index, str(error)) from None


def give_example(folder: Path) -> None:
    """Puts the units of the demo into a data directory that has none yet."""
    path = folder / "units.toml"
    if not path.exists():
        path.write_bytes(EXAMPLE.read_bytes())


class _WrittenUnit(Reachable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rank: Rank
    up: str | None = None
    streets: tuple[str, ...] = ()


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    units: tuple[_WrittenUnit, ...]


def _checked(written: Sequence[_WrittenUnit]) -> list[Unit]:
    ranks: dict[str, int] = {}
    offices: dict[str, str] = {}
    head: str | None = None
    for index, one in enumerate(written):
        if one.name in ranks:
            raise Wrong(index, f"`name`: {one.name!r} is there twice")
        ranks[one.name] = RANKS.index(one.rank)
        if one.rank == "street":
            if not one.streets:
                raise Wrong(index, f"`streets`: the office {one.name!r} must name its streets")
            for street in one.streets:
                if street in offices:
                    raise Wrong(index, f"`streets`: {street} is also that of {offices[street]!r}")
                offices[street] = one.name
        if one.up is None:
            if head is not None:
                raise Wrong(index, f"`up` is missing; {head!r} is the head already")
            head = one.name
    for index, one in enumerate(written):
        _check_up(index, one, ranks)
    if written and head is None:
        raise Wrong(0, "`up`: no unit is the head; leave `up` out of the one above all others")
    return [
        Unit(one.name, one.rank, one.up, one.streets, recipient(one, index, "unit"))
        for index, one in enumerate(written)
    ]


def _check_up(index: int, one: _WrittenUnit, ranks: dict[str, int]) -> None:
    """Who stands above must be there and of a higher rank, so that every chain ends."""
    if one.up is None:
        return
    if one.up == STREET_OFFICE:
        if one.rank != "crew":
            raise Wrong(index, f"`up`: {STREET_OFFICE} is for a unit of rank crew")
        return
    if one.up not in ranks:
        raise Wrong(index, f"`up`: there is no unit {one.up!r}")
    if ranks[one.up] <= ranks[one.name]:
        raise Wrong(index, f"`up`: {one.up!r} is not of a higher rank than {one.name!r}")
