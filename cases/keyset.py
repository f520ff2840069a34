"""Pages of a sorted list: each begins after the last row of the one before it.

Not at a count of rows: what comes or goes meanwhile makes no other row repeat or be skipped. A
cursor is of one sort, and names the last row by its value in it and its id.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, UnaryExpression, or_, tuple_

from facility.errors import UsageError


@dataclass(frozen=True, slots=True)
class Order:
    """Rows by an integer column and, where that is the same, by their id, in the same direction.

    ``nullable`` says that the column may be null; those rows come last either way.
    """

    column: ColumnElement[Any]
    id: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False

    def clauses(self) -> tuple[UnaryExpression[Any], UnaryExpression[Any]]:
        """What to order by."""
        if self.descending:
            column, id_ = self.column.desc(), self.id.desc()
        else:
            column, id_ = self.column.asc(), self.id.asc()
        return (column.nulls_last() if self.nullable else column), id_

    def after(self, at: int | None, last: str | int) -> ColumnElement[bool]:
        """The rows that come after the one of this value and id."""
        null = self.column.is_(None)
        if at is None:
            return null & (self.id < last if self.descending else self.id > last)
        here, there = tuple_(self.column, self.id), tuple_(at, last)
        later = here < there if self.descending else here > there
        return or_(later, null) if self.nullable else later


def cursor_of(sort: str, at: int | None, last: str | int) -> str:
    """The cursor of the page that ends with the row of this value and id."""
    key = msgspec.json.encode((sort, at, last))
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def read(cursor: str, sort: str, order: Order) -> tuple[int | None, str | int]:
    """The value and id that a cursor names. UsageError where it is none of this sort."""
    refused = UsageError(f"not a cursor of this list: {cursor!r}; start without one")
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, at, last = msgspec.json.decode(key, type=tuple[str, int | None, str | int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise refused from error
    if of != sort or (at is None and not order.nullable):
        raise refused
    if not isinstance(last, order.id.type.python_type):
        raise refused
    if not all(-(2**63) <= one < 2**63 for one in (at, last) if isinstance(one, int)):
        raise refused
    return at, last
