"""A rulebook's text checked against what a rulebook may say, every mistake with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import msgspec

from facility import tomlfile
from facility.errors import UsageError
from facility.toml_lines import Keys, key_lines, line_of
from rules.book.scope import Where

_PLACE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_AT_LINE = re.compile(r"at line (\d+)")
_MANY = 20
"""Mistakes that are told of one book."""


class Mistakes(UsageError):
    """What is wrong with a text: ``found`` has each mistake's line, from 1, and its words."""

    def __init__(self, text: str, found: Iterable[tuple[int, str]]) -> None:
        super().__init__(text)
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class Override:
    """Figures that differ for some assets: section → figure → value."""

    where: Where
    figures: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a book may say.

    ``figures`` are the built-in ones by section, ``sections`` the types they make up, ``scoped``
    those that may differ between assets, ``bands`` (section, lower figure, upper figure),
    ``tables`` what may be said many times over, by name.
    """

    figures: Mapping[str, Mapping[str, Any]]
    sections: Mapping[str, type[msgspec.Struct]]
    scoped: Mapping[str, Iterable[str]]
    bands: Iterable[tuple[str, str, str]]
    tables: Mapping[str, type[msgspec.Struct]]
    dec_hook: Callable[[type, Any], Any]


@dataclass(slots=True)
class Checked:
    """What a text says, over the built-in figures; ``content`` is the same as TOML has it."""

    content: dict[str, Any]
    sections: dict[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    tables: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def check(text: str, name: str, allowed: Allowed) -> Checked:
    """Reads ``text``. Mistakes, a line of words for each, headed ``name:line``."""
    try:
        own = tomlfile.parse(text, name)
    except UsageError as error:
        line = _AT_LINE.search(str(error))
        at = int(line[1]) if line else text.count("\n") + 1  # else "at end of document"
        words = str(error).removeprefix(f"{name} is not TOML: ")
        raise Mistakes(str(error), [(at, words)]) from None
    reading = _Reading(allowed, own)
    if reading.mistakes:
        lines = key_lines(text)
        told = sorted((line_of(lines, place), words) for place, words in reading.mistakes)
        more = [f"and {len(told) - _MANY} more"] if len(told) > _MANY else []
        said = "\n".join([*(f"{name}:{line}: {words}" for line, words in told[:_MANY]), *more])
        raise Mistakes(said, told[:_MANY])
    return reading.checked


class _Reading:
    def __init__(self, allowed: Allowed, own: dict[str, Any]) -> None:
        self._allowed = allowed
        self.mistakes: list[tuple[Keys, str]] = []
        self.checked = Checked({name: dict(one) for name, one in allowed.figures.items()})
        for name, said in own.items():
            if name in allowed.sections:
                self.checked.content[name] |= self._figures((name,), name, said)
            elif name == "override":
                self._each(name, said, self._override)
            elif name in allowed.tables:
                self._each(name, said, self._entry)
            else:
                known = [*allowed.sections, "override", *allowed.tables]
                self._wrong((name,), f"there is no section [{name}]{_meant(name, known)}")
        unsound = {place[0] for place, _ in self.mistakes}
        for name in allowed.sections.keys() - unsound:
            made = self._section((name,), name, self.checked.content[name], own.get(name, {}))
            self.checked.sections[name] = made
        if unsound:
            return
        for number, override in enumerate(self.checked.overrides):
            for name, figures in override.figures.items():
                changed = self.checked.content["override"][number][name]
                content = self.checked.content[name] | changed
                self._section(("override", number, name), name, content, figures)

    def _wrong(self, place: Keys, words: str) -> None:
        if (place, words) not in self.mistakes:
            self.mistakes.append((place, words))

    def _each(self, name: str, said: Any, read: Callable[[str, Keys, dict[str, Any]], Any]) -> None:
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            self._wrong((name,), f"write [[{name}]]: there may be several")
            return
        self.checked.content[name] = said
        made = tuple(read(name, (name, number), one) for number, one in enumerate(said))
        if name == "override":
            self.checked.overrides = made
        else:
            self.checked.tables[name] = made

    def _entry(self, name: str, place: Keys, said: dict[str, Any]) -> Any:
        return self._converted(place, said, self._allowed.tables[name])

    def _override(self, _: str, place: Keys, said: dict[str, Any]) -> Override:
        if not said.get("where"):
            self._wrong(place, "an override says where it holds: where = { street = … }")
        where = self._converted((*place, "where"), said.get("where", {}), Where) or Where()
        figures = {}
        for name, one in said.items():
            if name in self._allowed.sections:
                values = self._figures((*place, name), name, one)
                for figure in values:
                    if figure not in self._allowed.scoped.get(name, ()):
                        words = f"[{name}] {figure} is one for all assets and cannot be overridden"
                        self._wrong((*place, name, figure), words)
                figures[name] = {
                    figure: self._converted((*place, name, figure), value, self._type(name, figure))
                    for figure, value in values.items()
                }
            elif name != "where":
                words = f"there is no section {name}{_meant(name, self._allowed.sections)}"
                self._wrong((*place, name), words)
        return Override(where, figures)

    def _figures(self, place: Keys, name: str, said: Any) -> dict[str, Any]:
        """The figures of a section that can be meant, as they were written."""
        if not isinstance(said, dict):
            self._wrong(place, f"{name} is a section: write [{name}], then its figures")
            return {}
        known = self._allowed.figures[name]
        for figure, value in said.items():
            if figure not in known:
                words = f"[{name}] has no figure {figure}{_meant(figure, known)}"
                self._wrong((*place, figure), words)
            else:
                self._converted((*place, figure), value, self._type(name, figure))
        return {figure: value for figure, value in said.items() if figure in known}

    def _type(self, section: str, figure: str) -> Any:
        fields = msgspec.structs.fields(self._allowed.sections[section])
        return next(one.type for one in fields if one.name == figure)

    def _section(
        self, place: Keys, name: str, content: dict[str, Any], said: Mapping[str, Any]
    ) -> Any:
        """A section's figures held against each other; ``said`` are those written at ``place``."""
        hook = self._allowed.dec_hook
        made = msgspec.convert(content, self._allowed.sections[name], dec_hook=hook)
        for section, lower, upper in self._allowed.bands:
            if section == name and not getattr(made, lower) <= getattr(made, upper):
                words = f"[{name}] {lower} must not be above {upper}"
                self._wrong((*place, upper if upper in said else lower), words)
        return made

    def _converted(self, place: Keys, value: Any, type_: Any) -> Any:
        try:
            return msgspec.convert(value, type_, dec_hook=self._allowed.dec_hook)
        except msgspec.ValidationError as error:
            self._wrong(*told(place, str(error)))
            return None


def told(place: Keys, words: str) -> tuple[Keys, str]:
    """Where in the document msgspec means, and its words without that."""
    found = _PLACE.search(words)
    for name, number in _STEP.findall(found[1] if found else ""):
        place = (*place, name or int(number))
    words = words[: found.start()] if found else words
    if unknown := _UNKNOWN.fullmatch(words):
        place, words = (*place, unknown[1]), "there is no such key"
    words = words[0].lower() + words[1:]
    return place, f"{place[-1]}: {words}" if place else words


def _meant(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), 1)
    return f"; perhaps {close[0]}" if close else ""
