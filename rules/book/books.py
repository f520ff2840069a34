"""The book in use and those before it: what each says otherwise than the built-in one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facility.errors import UsageError
from facility.toml_lines import key_lines
from rules.book import rulebook
from rules.book.versions import Version, dump, versions


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as TOML has it; ``line`` of the own text, None where it is the built-in one.

    ``built_in`` is None where what is built in has no such figure any more.
    """

    name: str
    value: Any
    built_in: Any
    line: int | None


@dataclass(frozen=True, slots=True)
class Read:
    """What a book says: ``own`` is TOML of all that differs from what is built in."""

    own: str
    sections: Mapping[str, tuple[Figure, ...]]


class Books:
    """The book that the file at ``path`` makes, and the versions that were kept in ``folder``."""

    def __init__(self, path: Path | None, folder: Path) -> None:
        self._path = path
        self._folder = folder

    def in_use(self) -> str:
        """The version that the file makes. UsageError where it has mistakes."""
        return rulebook.load(self._path).version

    def versions(self) -> list[Version]:
        """Those that were kept, the newest first."""
        return versions(self._folder)[::-1]

    def read(self, version: str) -> Read | None:
        """What a version says; None where nobody kept it."""
        if any(one.name == version for one in self.versions()):
            return read(tomllib.loads((self._folder / f"{version}.toml").read_text("utf-8")))
        for book in self._unkept():
            if book.version == version:
                return read(book.content)
        return None

    def _unkept(self) -> list[rulebook.Rulebook]:
        """Books that are there without having been in use here."""
        try:
            return [rulebook.load(self._path), rulebook.load()]
        except UsageError:
            return [rulebook.load()]


def read(content: Mapping[str, Any]) -> Read:
    """A book's content held against what is built in."""
    built_in = rulebook.load().content
    own: dict[str, Any] = {}
    for name, said in content.items():
        if isinstance(said, Mapping):
            known = built_in.get(name, {})
            said = {figure: value for figure, value in said.items() if known.get(figure) != value}
        if said:
            own[name] = said
    text = dump(own)
    lines = key_lines(text)
    return Read(
        text,
        {
            name: tuple(
                Figure(figure, value, built_in.get(name, {}).get(figure), lines.get((name, figure)))
                for figure, value in said.items()
            )
            for name, said in content.items()
            if isinstance(said, Mapping)
        },
    )
