"""The map of a foreign file (``--map MAP.toml``): which of its columns is which property.

A map says for each property of the contract where its value comes from and how it is read, and
which rows to skip or to remark on. The format is described in ``docs/inventory.md``.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facility import tomlfile
from facility.asset_rows import CHECKS
from facility.errors import UsageError
from facility.rowfile import is_missing

_TARGETS = {"kind"}.union(*CHECKS.values())
_SOURCES = ("value", "column", "template")
_STEPS = {"replace": dict, "extract": str, "translate": dict, "scale": (int, float)}
_TESTS = {"missing": bool, "equals": list, "matches": str}


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one value comes from, and the steps it goes through, in the order written here."""

    target: str
    value: Any = None
    column: str | None = None
    template: tuple[str, ...] = ()
    replace: dict[str, str] = field(default_factory=dict)
    extract: re.Pattern[str] | None = None
    translate: dict[str, Any] | None = None
    scale: float | None = None
    default: Any = None

    def evaluate(self, cells: Mapping[str, Any], remarks: list[str]) -> Any:
        """The value, None where there is none; a cell that cannot be used adds a remark."""
        if self.value is not None:
            return self.value
        if self.column is not None:
            cell = cell_of(cells, self.column)
        else:
            cell = next((t for t in (fill(t, cells) for t in self.template) if t), None)
        if is_missing(cell):
            return self.default
        try:
            return self._read(cell)
        except ValueError as error:
            source = self.column or "template"
            outcome = "left out" if self.default is None else f"taken as {self.default!r}"
            remarks.append(f"{source} {text_of(cell)!r:.60} {error}: {self.target} {outcome}")
            return self.default

    def _read(self, cell: Any) -> Any:
        if self.replace:
            cell = text_of(cell)
            for old, new in self.replace.items():
                cell = cell.replace(old, new)
        if self.extract:
            match = self.extract.search(text_of(cell))
            if match is None:
                raise ValueError(f"has nothing that matches {self.extract.pattern}")
            cell = match[1] if self.extract.groups else match[0]
        if self.translate is not None:
            if text_of(cell) not in self.translate:
                raise ValueError("has no translation")
            cell = self.translate[text_of(cell)]
        if self.scale is not None:
            # Ten decimals undo what binary fractions add: 12.7 × 10 is 127.
            cell = round(_float(text_of(cell)) * self.scale, 10)
        return cell


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one column, and what is said of the rows it holds for."""

    column: str
    reason: str
    missing: bool | None = None
    equals: tuple[str, ...] | None = None
    matches: re.Pattern[str] | None = None

    def holds(self, cells: Mapping[str, Any]) -> bool:
        cell = cell_of(cells, self.column)
        if self.missing is not None:
            return is_missing(cell) == self.missing
        if is_missing(cell):
            return False
        if self.equals is not None:
            return text_of(cell) in self.equals
        return self.matches is not None and self.matches.search(text_of(cell)) is not None


@dataclass(frozen=True, slots=True)
class ImportMap:
    """How to read a foreign file. ``columns`` are those of the file that the map speaks of."""

    name: str
    properties: tuple[Rule, ...]
    derived: tuple[Rule, ...]
    skip: tuple[Condition, ...]
    warn: tuple[Condition, ...]
    columns: frozenset[str]

    def apply(self, cells: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]] | str:
        """(property → value, remarks) of a row; the reason alone where the row is skipped."""
        remarks: list[str] = []
        cells = dict(cells)
        for rule in self.derived:
            cells[rule.target] = rule.evaluate(cells, [])
        for condition in self.skip:
            if condition.holds(cells):
                return condition.reason
        remarks.extend(condition.reason for condition in self.warn if condition.holds(cells))
        values = {rule.target: rule.evaluate(cells, remarks) for rule in self.properties}
        return values, remarks


def cell_of(cells: Mapping[str, Any], column: str) -> Any:
    """A column's cell: the one of that very name, else the one the dotted path leads to."""
    if column in cells:
        return cells[column]
    found: Any = cells
    for part in column.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def text_of(cell: Any) -> str:
    """A cell as text: trimmed, and a whole number without its ``.0``."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def fill(template: str, cells: Mapping[str, Any]) -> str | None:
    """The template with its columns filled in; None where one of them is missing."""
    parts: list[str] = []
    for literal, column, _, _ in string.Formatter().parse(template):
        parts.append(literal)
        if column is not None:
            cell = cell_of(cells, column)
            if is_missing(cell):
                return None
            parts.append(text_of(cell))
    return "".join(parts)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is not a number") from None


def load_map(path: Path) -> ImportMap:
    """The map in a TOML file. UsageError with the file and the key that is wrong."""
    document = tomlfile.read(path)
    _known(path, document, "", {"properties", "derived", "skip", "warn"})
    properties = _rules(path, document, "properties")
    if not properties:
        raise UsageError(f"{path}: has no [properties]; say which column is which property")
    for rule in properties:
        if rule.target not in _TARGETS:
            raise UsageError(
                f"{path}: properties.{rule.target} is no property; "
                f"there are {', '.join(sorted(_TARGETS))}"
            )
    derived = _rules(path, document, "derived")
    skip, warn = _conditions(path, document, "skip"), _conditions(path, document, "warn")
    named = {condition.column for condition in (*skip, *warn)}
    for rule in (*derived, *properties):
        named.update([rule.column] if rule.column else [])
        named.update(column for text in rule.template for column in _columns_of(text))
    foreign = frozenset(named - {rule.target for rule in derived})
    return ImportMap(path.name, properties, derived, skip, warn, foreign)


def _columns_of(template: str) -> list[str]:
    parts = string.Formatter().parse(template)
    return [column for _, column, _, _ in parts if column is not None]


def _known(path: Path, table: Mapping[str, Any], where: str, keys: set[str]) -> None:
    for key in table:
        if key not in keys:
            raise UsageError(
                f"{path}: unknown key {where}{key}; there are {', '.join(sorted(keys))}"
            )


def _typed(path: Path, value: Any, where: str, expected: Any) -> Any:
    # TOML's true is an int to isinstance; where a number is meant it is a mistake.
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        raise UsageError(f"{path}: {where} cannot be {value!r:.60}")
    return value


def _regex(path: Path, text: str | None, where: str) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise UsageError(f"{path}: {where} {text!r} is no regular expression: {error}") from error


def _rules(path: Path, document: Mapping[str, Any], section: str) -> tuple[Rule, ...]:
    tables = _typed(path, document.get(section, {}), section, dict)
    return tuple(_rule(path, table, section, target) for target, table in tables.items())


def _rule(path: Path, table: Any, section: str, target: str) -> Rule:
    where = f"{section}.{target}"
    _typed(path, table, where, dict)
    _known(path, table, f"{where}.", {*_SOURCES, *_STEPS, "default"})
    if len([source for source in _SOURCES if source in table]) != 1:
        raise UsageError(f"{path}: {where} needs exactly one of {', '.join(_SOURCES)}")
    given = {
        key: _typed(path, table[key], f"{where}.{key}", _STEPS[key])
        for key in _STEPS.keys() & table.keys()
    }
    if "column" in table:
        given["column"] = _typed(path, table["column"], f"{where}.column", str)
    if "template" in table:
        given["template"] = _templates(path, table["template"], f"{where}.template")
    given["extract"] = _regex(path, given.get("extract"), f"{where}.extract")
    for old, new in given.get("replace", {}).items():
        _typed(path, new, f"{where}.replace.{old}", str)
    return Rule(target, value=table.get("value"), default=table.get("default"), **given)


def _templates(path: Path, value: Any, where: str) -> tuple[str, ...]:
    templates = value if isinstance(value, list) else [value]
    for template in templates:
        try:
            columns = _columns_of(_typed(path, template, where, str))
        except ValueError as error:
            raise UsageError(f"{path}: {where} {template!r}: {error}") from error
        if not columns or "" in columns:
            raise UsageError(f"{path}: {where} {template!r} names no {{column}}; use value")
    return tuple(templates)


def _conditions(path: Path, document: Mapping[str, Any], section: str) -> tuple[Condition, ...]:
    conditions = []
    for number, table in enumerate(_typed(path, document.get(section, []), section, list), 1):
        where = f"{section} {number}"
        _typed(path, table, where, dict)
        _known(path, table, f"{where}: ", {"column", "reason", *_TESTS})
        for key in ("column", "reason"):
            _typed(path, table.get(key), f"{where}: {key}", str)
        tests = _TESTS.keys() & table.keys()
        if len(tests) != 1:
            raise UsageError(f"{path}: {where} needs exactly one of {', '.join(_TESTS)}")
        test = tests.pop()
        value = _typed(path, table[test], f"{where}: {test}", _TESTS[test])
        if test == "matches":
            value = _regex(path, value, f"{where}: matches")
        elif test == "equals":
            value = tuple(text_of(item) for item in value)
        conditions.append(Condition(table["column"], table["reason"], **{test: value}))
    return tuple(conditions)
