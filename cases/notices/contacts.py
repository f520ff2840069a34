"""How somebody is reached: contacts with their secrets, hours of quiet, and a language.

What ``units.toml`` and ``subscriptions.toml`` have in common. An address may hold a secret: it is
left out of every text that this module makes, and of ``repr``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from facility import tomlfile
from facility.clock import HOUR, MINUTE
from facility.errors import UsageError

Language = Literal["zh", "en"]
ContactName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

SHORTEST_SECRET = 24
"""Characters of a webhook's secret at least."""

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_PLACE = re.compile(r"\$\.(\w+)\[(\d+)\]")
T = TypeVar("T")


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook as it is written: where it is, and the secret that its messages are signed by."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach somebody. With a ``secret`` it is a signed webhook, else apprise's."""

    name: str
    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of a day in which only what is urgent is sent; ms after local midnight."""

    begin: int
    end: int

    def holds(self, now: int, timezone: ZoneInfo) -> bool:
        """Whether ``now`` (ms) lies in them; they may reach over midnight."""
        local = datetime.fromtimestamp(now / 1000, UTC).astimezone(timezone)
        passed = local.hour * HOUR + local.minute * MINUTE
        if self.begin <= self.end:
            return self.begin <= passed < self.end
        return passed >= self.begin or passed < self.end


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told of cases; ``name`` is how the outbox and the API call them."""

    name: str
    contacts: tuple[Contact, ...]
    quiet: Quiet | None = None
    language: Language = "zh"

    def contact(self, name: str) -> Contact | None:
        """The contact of this name."""
        return next((one for one in self.contacts if one.name == name), None)

    def is_quiet(self, now: int, timezone: ZoneInfo) -> bool:
        """Whether they are left in peace now."""
        return self.quiet is not None and self.quiet.holds(now, timezone)


class Reachable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys that units and subscriptions share, as they are written."""

    name: Name
    contacts: dict[ContactName, str | Signed] = {}
    quiet: tuple[str, str] | None = None
    language: Language = "zh"


class Wrong(Exception):
    """What is wrong with the entry at ``index``; the text names the key, never an address."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(text)
        self.index = index


def recipient(written: Reachable, index: int, prefix: str) -> Recipient:
    """The recipient of an entry, named ``PREFIX:NAME``. Wrong where it cannot be."""
    contacts = []
    for name, address in written.contacts.items():
        if isinstance(address, str):
            contacts.append(Contact(name, address))
            continue
        if not address.url.startswith(("http://", "https://")):
            raise Wrong(index, f"`contacts.{name}.url` must begin with https:// or http://")
        if len(address.secret) < SHORTEST_SECRET:
            raise Wrong(
                index, f"`contacts.{name}.secret` must have {SHORTEST_SECRET} characters at least"
            )
        contacts.append(Contact(name, address.url, address.secret))
    quiet = None
    if written.quiet is not None:
        begin, end = (_after_midnight(index, text) for text in written.quiet)
        if begin == end:
            raise Wrong(index, "`quiet` begins when it ends; leave it out")
        quiet = Quiet(begin, end)
    return Recipient(f"{prefix}:{written.name}", tuple(contacts), quiet, written.language)


def read_entries(path: Path, form: type[T], table: str) -> tuple[T, str]:
    """What the file says as ``form``, and its text for :func:`refused`.

    ``table`` names its array of tables. UsageError, with line and key, where it is not of the form.
    """
    text = tomlfile.read_text(path)
    said = tomlfile.parse(text, str(path))
    try:
        return msgspec.convert(said, form), text
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        index = int(place[2]) if place else None
        raise refused(path, text, table, index, str(error)) from None


def refused(path: Path, text: str, table: str, index: int | None, words: str) -> UsageError:
    """The error of the entry at ``index``, with the line that it begins in."""
    heads = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.match(rf"\s*\[\[\s*{table}\s*\]\]", line)
    ]
    if index is None or index >= len(heads):
        return UsageError(f"{path}: {words}")
    return UsageError(f"{path}:{heads[index]}: {table}[{index}]: {words}")


def _after_midnight(index: int, text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise Wrong(index, f"`quiet`: {text!r} is no time of day; write it like 22:00")
    return int(match[1]) * HOUR + int(match[2]) * MINUTE
