"""The parameters that routes share: bounded, and refused by name when they are wrong."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from facility.clock import from_rfc3339
from facility.plain import is_plain

_EARLIEST = from_rfc3339("1970-01-01T00:00:00Z")
_LATEST = from_rfc3339("2200-01-01T00:00:00Z")


def moment_of(value: Any) -> int:
    """Milliseconds of an RFC 3339 time. ValueError where it is none."""
    try:
        ms = from_rfc3339(str(value))
    except (ValueError, OverflowError) as error:
        raise ValueError(
            "write a time as RFC 3339, like 2026-06-21T12:00:00Z (in an address, + is %2B)"
        ) from error
    if not _EARLIEST <= ms <= _LATEST:
        raise ValueError("a time must be between the years 1970 and 2200")
    return ms


Moment = Annotated[
    int,
    BeforeValidator(moment_of),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Milliseconds, of an RFC 3339 time."""


def day_of(value: Any) -> date:
    """A day written as ISO 8601 has it. ValueError where it is none."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("write a day as 2026-06-21") from error
    if not 1970 <= day.year < 2200:
        raise ValueError("a day must be between the years 1970 and 2200")
    return day


Day = Annotated[date, BeforeValidator(day_of), WithJsonSchema({"type": "string", "format": "date"})]
"""A local day, or the night that begins on it."""


def plain(text: str) -> str:
    """The text. ValueError where it has control characters."""
    if not is_plain(text):
        raise ValueError("has control characters; leave them out")
    return text


PLAIN = AfterValidator(plain)
"""Refuses control characters in a text of a body."""

Text = Annotated[str, Field(max_length=200)]
Limit = Annotated[int, Field(ge=1, le=1_000, description="how many at most")]
Cursor = Annotated[
    str | None, Field(max_length=400, description="`next` of the page before this one")
]


class Parameters(BaseModel):
    """Query parameters of a call; one that it does not have is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")
