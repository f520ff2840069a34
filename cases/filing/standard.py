"""The filing standard (立案、处置与结案标准): which row a case is filed under. It is data.

A standard is a folder of TOML files, one an edition; an edition holds from its effective date until
that of the next. ``standards/yuncheng-2024.toml`` shows the form. An edition is checked when it is
read: a case must find one row at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from cases.filing.owners import Owner, wrong_owners
from cases.filing.working_clock import ClockKind
from cases.sensed import CASE_TYPES, CAUSES
from facility import tomlfile
from facility.assets import CoverType
from facility.errors import UsageError
from facility.measurements import Kind
from facility.toml_lines import Keys, key_lines, line_of

SHIPPED = Path(__file__).with_name("standards")

Severity = Literal["notice", "attention", "urgent"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the least to the gravest."""

_PUBLISHED = re.compile(r"\d{4}")
_LOCAL = re.compile(r"L\d{3}")
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for people."""

    zh: Annotated[str, msgspec.Meta(min_length=1)]
    en: Annotated[str, msgspec.Meta(min_length=1)]


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code (大类 and 小类) and what it is of; for covers also of which types."""

    code: str
    name: Text
    cover_types: tuple[CoverType, ...] = ()


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a case (立案条件), its limit, and what ends it (结案条件).

    ``cases`` are the case types that it is for, whatever their cause; ``causes`` those that it is
    for only where the case names one of these, and then before any other. ``asked`` is what
    residents call it, who may report it; without it they cannot. ``anything`` takes what fits
    nowhere else, so two reports under it are not of one thing for being near each other. ``local``
    marks one that the published standard does not have.
    """

    key: _Name
    when: Text
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    clock: ClockKind
    closed_when: Text
    severity: Severity
    cases: tuple[str, ...] = ()
    causes: dict[str, tuple[str, ...]] = {}
    asked: Text | None = None
    anything: bool = False
    local: bool = False


class Unsure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code for people who cannot tell a group's codes apart, and what they are asked."""

    code: str
    ask: Text


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes of one table that share their conditions, and the unit that is responsible.

    ``kind`` is the asset kind they are of, or None for what is not in the inventory. ``heading`` is
    what residents find them under, ``unsure`` the code that they are offered where it is not each.
    """

    table: Literal["component", "event"]
    owner: Text
    codes: Annotated[tuple[Code, ...], msgspec.Meta(min_length=1)]
    conditions: Annotated[tuple[Condition, ...], msgspec.Meta(min_length=1)]
    kind: Kind | None = None
    heading: Text | None = None
    unsure: Unsure | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a code under one condition."""

    group: Group
    code: Code
    condition: Condition

    @property
    def local(self) -> bool:
        """Whether it is an addition to the published standard."""
        return self.condition.local or _LOCAL.fullmatch(self.code.code) is not None


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    id: _Name
    effective: date
    name: Text
    source: str
    groups: tuple[Group, ...]
    owners: tuple[Owner, ...] = ()


_Sort = tuple[str, Kind, CoverType | None, str | None]
"""What decides of a case's row: type, kind, cover type, and its cause or None for any."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A standard as it holds from the date ``effective`` on.

    ``owners`` say whose the cases of some rows are; of the others that is the group's owner.
    """

    id: str
    effective: date
    name: Text
    rows: tuple[Row, ...]
    owners: tuple[Owner, ...]
    _by_code: dict[tuple[str, str], Row] = field(repr=False)
    _by_case: dict[_Sort, Row] = field(repr=False)

    @property
    def version(self) -> str:
        """What a case calls it: its effective date."""
        return self.effective.isoformat()

    def row(self, code: str, condition: str) -> Row | None:
        """The row of a code under a condition."""
        return self._by_code.get((code, condition))

    def row_for(
        self, case_type: str, kind: Kind, cover_type: CoverType | None, cause: str = ""
    ) -> Row | None:
        """The row that a case of an asset is filed under; ``cover_type`` is None but for covers."""
        named = self._by_case.get((case_type, kind, cover_type, cause)) if cause else None
        return named or self._by_case.get((case_type, kind, cover_type, None))


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard through time: its editions, the newest first."""

    id: str
    editions: tuple[Edition, ...]

    def on(self, day: date) -> Edition | None:
        """The edition that holds on a day; None before the first."""
        return next((one for one in self.editions if one.effective <= day), None)

    def row(self, id_: str, version: str, code: str, condition: str) -> Row | None:
        """The row that a case was filed under; None where its edition is not here."""
        edition = self.edition(id_, version)
        return None if edition is None else edition.row(code, condition)

    def edition(self, id_: str, version: str) -> Edition | None:
        """The edition that a case was filed under; None where it is not here."""
        named = (one for one in self.editions if (one.id, one.version) == (id_, version))
        return next(named, None)


def load(folder: Path = SHIPPED) -> Standard:
    """The standard of a folder. UsageError, with the file, line and key, where one is not right."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise UsageError(f"no filing standard in {folder}: put its *.toml there")
    editions: dict[date, tuple[Path, Edition]] = {}
    for path in paths:
        edition = read(path)
        first = next(iter(editions.values()), (path, edition))[1]
        if edition.id != first.id:
            raise UsageError(
                f"{path}: `id` is {edition.id!r}, but another file here has {first.id!r}; "
                "keep one standard in a folder"
            )
        if edition.effective in editions:
            other = editions[edition.effective][0].name
            raise UsageError(f"{path}: `effective` {edition.version} is also that of {other}")
        editions[edition.effective] = path, edition
    newest_first = sorted(editions, reverse=True)
    return Standard(edition.id, tuple(editions[day][1] for day in newest_first))


def read(path: Path) -> Edition:
    """One edition. UsageError, with the file, line and key, where it is not right."""
    text = tomlfile.read_text(path)
    content = tomlfile.parse(text, str(path))
    try:
        written = msgspec.convert(content, _Written)
        rows = tuple(_rows(written.groups))
        by_code, by_case = _by_code(rows), _by_case(rows)
        _check_owners(written.owners, tuple(by_code))
    except (msgspec.ValidationError, _Wrong) as error:
        lines = key_lines(text)
        line = line_of(lines, _place(str(error)))
        raise UsageError(f"{path}:{line}: {error}") from None
    owners = written.owners
    return Edition(written.id, written.effective, written.name, rows, owners, by_code, by_case)


class _Wrong(Exception):
    """What is wrong with an edition; the text begins with its place, where it has one."""


_PLACE = re.compile(r"`\$\.?([^`]*)`$|^((?:[a-z_]+(?:\[\d+\])?\.?)+):")
_STEP = re.compile(r"([a-z_]+)|\[(\d+)\]")


def _place(error: str) -> Keys:
    """The place that an error names, as ``groups[0].limit: …`` or ``… - at `$.groups[0].limit```;
    the whole file where it names none."""
    found = _PLACE.search(error)
    steps = _STEP.findall(found[1] or found[2] or "") if found else []
    return tuple(name or int(number) for name, number in steps)


def _rows(groups: Iterable[Group]) -> Iterator[Row]:
    for at, group in enumerate(groups):
        _check_asked(f"groups[{at}]", group)
        for number, code in enumerate(group.codes):
            where = f"groups[{at}].codes[{number}]"
            if not _PUBLISHED.fullmatch(code.code) and not _LOCAL.fullmatch(code.code):
                raise _Wrong(
                    f"{where}: {code.code!r} is no code; write four digits, "
                    "or L and three digits for a local addition"
                )
            if code.cover_types and group.kind is not Kind.COVER:
                raise _Wrong(f"{where}: {code.code} has `cover_types` but is no cover's")
        for number, condition in enumerate(group.conditions):
            _check_cases(f"groups[{at}].conditions[{number}]: {condition.key}", group, condition)
            yield from (Row(group, code, condition) for code in group.codes)


def _check_cases(where: str, group: Group, condition: Condition) -> None:
    for key, case_types in (("cases", condition.cases), ("causes", condition.causes)):
        for case_type in case_types:
            if case_type not in CASE_TYPES:
                raise _Wrong(f"{where}: `{key}`: there is no case type {case_type!r}")
            of = case_type.partition(".")[0]
            if group.kind is None or of not in (group.kind, "device"):
                raise _Wrong(f"{where}: `{key}`: {case_type} is not of the group's `kind`")
    for case_type, causes in condition.causes.items():
        known = CAUSES.get(case_type, frozenset())
        for cause in causes:
            if cause not in known:
                raise _Wrong(
                    f"{where}: `causes`: {case_type} names no cause {cause!r}; "
                    f"it may name: {', '.join(sorted(known)) or 'none'}"
                )


def _check_asked(where: str, group: Group) -> None:
    if group.heading is None and any(one.asked for one in group.conditions):
        raise _Wrong(f"{where}: `heading` is missing, under which residents find what is `asked`")
    if group.unsure and group.unsure.code not in {one.code for one in group.codes}:
        raise _Wrong(f"{where}.unsure: {group.unsure.code!r} is none of the group's codes")


def _check_owners(owners: tuple[Owner, ...], rows: tuple[tuple[str, str], ...]) -> None:
    if wrong := next(wrong_owners(owners, rows), None):
        raise _Wrong(wrong)


def _by_code(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = row.code.code, row.condition.key
        if key in found:
            raise _Wrong(f"code {key[0]} has the condition {key[1]!r} twice")
        found[key] = row
    return found


def _by_case(rows: Iterable[Row]) -> dict[_Sort, Row]:
    found: dict[_Sort, Row] = {}
    for row in rows:
        kind = row.group.kind
        if kind is None:
            continue
        cover_types: tuple[CoverType | None, ...] = (None,)
        if kind is Kind.COVER:
            cover_types = row.code.cover_types
        for case_type, cause in _cases_of(row.condition):
            for cover_type in cover_types:
                other = found.setdefault((case_type, kind, cover_type, cause), row)
                if other is not row:
                    of_cause = f", cause {cause}," if cause else ""
                    raise _Wrong(
                        f"a case {case_type}{of_cause} of a {cover_type or kind} fits both "
                        f"{other.code.code} {other.condition.key} and "
                        f"{row.code.code} {row.condition.key}; leave one"
                    )
    return found


def _cases_of(condition: Condition) -> Iterator[tuple[str, str | None]]:
    """(case type, cause or None for any) of what a condition is for."""
    for case_type in condition.cases:
        yield case_type, None
    for case_type, causes in condition.causes.items():
        for cause in causes:
            yield case_type, cause
