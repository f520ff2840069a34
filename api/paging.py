"""Pages of what is sorted here and not by a database: each begins after the last of the one before.

What comes or goes meanwhile makes no other item repeat or be skipped.
"""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from api.problems import BadParameter

T = TypeVar("T")
Key = tuple[int | str, ...]
"""What an item is sorted by, its id last: no two items have the same."""


def page_of(
    items: Iterable[T], key: Callable[[T], Key], sort: str, limit: int, cursor: str | None
) -> tuple[list[T], str | None]:
    """The items of a page, and the cursor of the next; None after the last.

    BadParameter where ``cursor`` is none of this sort.
    """
    if cursor is not None:
        items = _after(items, key, sort, cursor)
    found = heapq.nsmallest(limit + 1, items, key=key)
    shown = found[:limit]
    return shown, _cursor(sort, key(shown[-1])) if len(found) > limit else None


def _after(items: Iterable[T], key: Callable[[T], Key], sort: str, cursor: str) -> list[T]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, last = msgspec.json.decode(text, type=tuple[str, Key])
        if of == sort:
            return [one for one in items if key(one) > last]
    except (binascii.Error, ValueError, msgspec.MsgspecError, TypeError):
        pass  # no cursor at all, or its values are of other types than these
    raise BadParameter("cursor", "not of this list; start without one")


def _cursor(sort: str, key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((sort, key))).decode().rstrip("=")
