"""What residents may report: the rows of the filing standard that have a name for it.

A service is such a row, called ``CODE-condition`` (``0137-out``). Where residents cannot be
expected to tell the codes of a group apart (what runs under a cover) one code is offered, and which
of the group it is, is asked beside it or seen from the inventory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cases.filing.standard import Edition, Row, Text
from facility.assets import Asset, Cover


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked beside a service: which of these rows' codes it is."""

    ask: Text
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A thing that residents may report; ``row`` is where it is filed where nobody knows better."""

    code: str
    name: Text
    heading: Text
    row: Row
    choice: Choice | None = None


def services(edition: Edition) -> dict[str, Service]:
    """What residents may report under an edition, by its code, in the order of the standard."""
    found: dict[str, Service] = {}
    for row in edition.rows:
        asked, heading, unsure = row.condition.asked, row.group.heading, row.group.unsure
        if asked is None or heading is None or (unsure and unsure.code != row.code.code):
            continue
        choice = None
        if unsure:
            siblings = (edition.row(one.code, row.condition.key) for one in row.group.codes)
            choice = Choice(unsure.ask, tuple(one for one in siblings if one is not None))
        code = service_code(row)
        found[code] = Service(code, asked, heading, row, choice)
    return found


def service_code(row: Row) -> str:
    """What a row is called as a service."""
    return f"{row.code.code}-{row.condition.key}"


def headings(offered: Iterable[Service]) -> dict[Text, list[Service]]:
    """The services under their headings, both in the order of the standard."""
    found: dict[Text, list[Service]] = {}
    for service in offered:
        found.setdefault(service.heading, []).append(service)
    return found


def row_of(service: Service, chosen: str | None, asset: Asset | None) -> Row:
    """The row that a report of a service is filed under.

    An ``asset`` of the service's kind tells which code it is; else the code ``chosen``; else that
    of the service. ValueError where ``chosen`` is none of those that are asked for.
    """
    if service.choice is None:
        if chosen is not None:
            raise ValueError("nothing is asked beside this service")
        return service.row
    by_code = {row.code.code: row for row in service.choice.rows}
    if chosen is not None and chosen not in by_code:
        raise ValueError(f"must be one of {', '.join(by_code)}")
    if isinstance(asset, Cover):
        for row in service.choice.rows:
            if asset.cover_type in row.code.cover_types:
                return row
    return service.row if chosen is None else by_code[chosen]
