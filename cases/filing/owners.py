"""Whose cases are, where a filing standard says more than the group's owner: by row, kind of
facility and street, as a list of which the first that fits counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import msgspec

from facility.measurements import Kind

_Street = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The unit of the cases of some rows, kinds and streets (codes of the grid).

    What is left out is any.
    """

    unit: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    codes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    streets: tuple[_Street, ...] = ()

    def fits(self, code: str, condition: str, kind: Kind | None, street: str | None) -> bool:
        """Whether a case of this row, about this kind of facility, in this street is the unit's."""
        asked = (code, condition, kind, street)
        return all(not of or one in of for of, one in zip(self._of, asked, strict=True))

    def takes_all_of(self, other: Owner) -> bool:
        """Whether every case that fits the other fits this one."""
        pairs = zip(self._of, other._of, strict=True)
        return all(not mine or (their and set(their) <= set(mine)) for mine, their in pairs)

    @property
    def _of(self) -> tuple[Sequence[str], ...]:
        return self.codes, self.conditions, self.kinds, self.streets


def owner_of(
    owners: Iterable[Owner], code: str, condition: str, kind: Kind | None, street: str | None
) -> str | None:
    """The unit of the first that fits; None where none does."""
    return next((one.unit for one in owners if one.fits(code, condition, kind, street)), None)


def wrong_owners(owners: Sequence[Owner], rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What is wrong with the list, each beginning with its place; ``rows`` are the standard's
    codes and conditions."""
    for at, owner in enumerate(owners):
        where = f"owners[{at}]"
        if not (owner.codes or owner.conditions or owner.kinds or owner.streets):
            yield f"{where}: names no `codes`, `conditions`, `kinds` or `streets`"
        for n, code in enumerate(owner.codes):
            if all(code != known for known, _ in rows):
                yield f"{where}.codes[{n}]: there is no code {code!r} here"
        of_codes = {key for code, key in rows if not owner.codes or code in owner.codes}
        for n, condition in enumerate(owner.conditions):
            if condition not in of_codes:
                yield f"{where}.conditions[{n}]: no row that it is for has {condition!r}"
        for before, earlier in enumerate(owners[:at]):
            if earlier.takes_all_of(owner):
                yield f"{where}: is never asked: owners[{before}] takes all of its cases"
