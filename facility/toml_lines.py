"""Where in a TOML text each key stands: tomllib gives the values, but no lines."""

from __future__ import annotations

import re

Keys = tuple[str | int, ...]
"""A place in a document: keys of tables, and positions in arrays."""

_KEY = re.compile(r"""[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*(\.?)""")
_IDLE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_STRINGS = (
    r'"""(?:[^\\]|\\.)*?"{3,5}',
    r"'''.*?'{3,5}",
    r'"(?:[^"\\\n]|\\.)*"',
    r"'[^'\n]*'",
)
_STRING = re.compile("|".join(_STRINGS), re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[Keys, int]:
    """The line, from 1, of every key and table of a text, which tomllib has read without error."""
    return _Reader(text).lines


def line_of(lines: dict[Keys, int], keys: Keys) -> int:
    """The line of a place; of what holds it where the text does not write it out."""
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)


class _Reader:
    """Walks over the text once. Of what TOML forbids nothing is noticed here."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Keys, int] = {}
        self._text = text
        self._at = 0
        self._arrays: dict[Keys, int] = {}
        table: Keys = ()
        while not self._ends():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _ends(self) -> bool:
        if idle := _IDLE.match(self._text, self._at):
            self._at = idle.end()
        return self._at >= len(self._text)

    def _header(self) -> Keys:
        """``[a.b]`` or ``[[a.b]]``; the place of the table that begins there."""
        line = self._line()
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        place: Keys = ()
        names = self._dotted()
        for depth, name in enumerate(names, 1):
            place = (*place, name)
            if many and depth == len(names):
                self._arrays[place] = self._arrays.get(place, -1) + 1
                self.lines.setdefault(place, line)
            if place in self._arrays:
                place = (*place, self._arrays[place])
        self._at += 2 if many else 1
        self.lines.setdefault(place, line)
        return place

    def _pair(self, table: Keys) -> None:
        line = self._line()
        for name in self._dotted():
            table = (*table, name)
            self.lines.setdefault(table, line)
        self._at += 1  # the equals sign
        self._value(table)

    def _value(self, place: Keys) -> None:
        self._ends()
        opening = self._text[self._at]
        if opening in "[{":
            self._at += 1
            number = 0
            while not self._ends() and self._text[self._at] not in "]}":
                if opening == "{":
                    self._pair(place)
                else:
                    self.lines.setdefault((*place, number), self._line())
                    self._value((*place, number))
                    number += 1
                if not self._ends() and self._text[self._at] == ",":
                    self._at += 1
            self._at += 1
            return
        string = _STRING.match(self._text, self._at)
        plain = string or _PLAIN.match(self._text, self._at)
        self._at = plain.end() if plain else len(self._text)

    def _dotted(self) -> list[str]:
        names: list[str] = []
        while key := _KEY.match(self._text, self._at):
            names.append(key[1] or key[2] or key[3] or "")
            self._at = key.end()
            if not key[4]:
                break
        return names

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
