"""Rule tests as data: an inventory, readings in a compact notation, and the events they lead to.

The format is described in ``docs/rule-tests.md``. A file holds one inventory and any number of
tests; each lives through its own span with an engine of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from facility import tomlfile
from facility.asset_rows import Fault, to_asset
from facility.assets import Asset
from facility.clock import DAY, MINUTE, SECOND
from facility.errors import UsageError
from facility.importing import read_inventory
from facility.inventory import Inventory
from facility.measurements import MEASUREMENTS, STATUS
from facility.plans import LightingPlan, load_plans, plans_of
from facility.readings import Floats, split_series
from facility.toml_lines import Keys, key_lines, line_of
from rules.book.check import told
from rules.book.figures import Duration
from rules.book.rulebook import decode
from rules.trials.rule_series import series

_MANY = re.compile(r"\{(\d+)\.\.(\d+)\}")
_OFFSET = re.compile(r"\+(.+)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_DEFAULTS = {"area": "410105", "lon": 113.69, "lat": 34.78}
_DELAY = Duration(SECOND)


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event that must come; ``members`` and ``cause`` only where they are named."""

    at: str
    event: str
    type: str
    subject: str
    members: list[str] | None = None
    cause: str | None = None


class _Test(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    start: datetime
    end: str | None = None
    rulebook: str = ""
    readings: list[dict[str, Any]] = []
    expect: list[Expected] = []


class _File(msgspec.Struct, forbid_unknown_fields=True):
    test: list[_Test]
    timezone: str = "Asia/Shanghai"
    inventory: str | None = None
    asset: list[dict[str, Any]] = []
    plans: dict[str, dict[str, Any]] = {}


class _How(msgspec.Struct, forbid_unknown_fields=True):
    """When the readings of one entry are measured, and when they arrive."""

    device: str | list[str]
    start: str = "+0s"
    every: Duration | None = None
    for_: Duration | None = msgspec.field(name="for", default=None)
    delay: Duration = _DELAY
    arrive: str | None = None
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """Readings of one series: ``ts`` and ``arrived`` (n,) ms, each field (n,)."""

    table: str
    series: str
    ts: np.ndarray[Any, np.dtype[np.int64]]
    arrived: np.ndarray[Any, np.dtype[np.int64]]
    columns: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Span:
    """When an expected event may come, both ends included (ms)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One test. ``rulebook`` is TOML over the built-in book, empty where it says nothing."""

    name: str
    start: int
    end: int
    rulebook: str
    sent: tuple[Sent, ...]
    expected: tuple[tuple[Span, Expected], ...]


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """The tests of one file."""

    path: Path
    timezone: str
    inventory: Inventory
    plans: Mapping[str, LightingPlan]
    tests: tuple[RuleTest, ...]


class _Mistake(ValueError):
    def __init__(self, place: Keys, words: str) -> None:
        super().__init__(words)
        self.place = place


def read(path: Path) -> RuleTestFile:
    """The tests of a file. UsageError, with the line, where it says something that is none."""
    text = tomlfile.read_text(path)
    said = tomlfile.parse(text, str(path))
    try:
        return _file(path, said)
    except _Mistake as mistake:
        line = line_of(key_lines(text), mistake.place)
        raise UsageError(f"{path}:{line}: {mistake}") from None


def find(paths: list[Path]) -> list[Path]:
    """The files named, and those in the folders named."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not found:
        raise UsageError("there are no rule tests there: name a .toml file, or a folder of them")
    return found


def _file(path: Path, said: dict[str, Any]) -> RuleTestFile:
    file = _converted(said, _File, ())
    own = {name: {"name": name, "version": 0, **one} for name, one in file.plans.items()}
    try:
        plans = load_plans() | plans_of(own, "plans")
    except UsageError as error:
        raise _Mistake(("plans",), str(error)) from None
    if file.inventory:
        inventory = read_inventory(path.parent / file.inventory)
    else:
        inventory = Inventory.of(_assets(file.asset, plans))
    zone = ZoneInfo(file.timezone)
    tests = tuple(
        _test(test, ("test", number), inventory, zone) for number, test in enumerate(file.test)
    )
    return RuleTestFile(path, file.timezone, inventory, plans, tests)


def _assets(rows: list[dict[str, Any]], plans: Mapping[str, LightingPlan]) -> Iterator[Asset]:
    for number, row in enumerate(rows):
        for n, name in _names(str(row.get("id", ""))):
            values = {**_DEFAULTS, "name": name, **row, "id": name}
            if row.get("kind") == "streetlight":
                values.setdefault("seq", n)
            try:
                asset, unknown = to_asset(values, plans)
            except Fault as fault:
                raise _Mistake(("asset", number), str(fault)) from None
            if unknown:
                raise _Mistake(("asset", number, unknown[0]), f"there is no {unknown[0]}")
            yield asset


def _names(name: str) -> Iterator[tuple[int, str]]:
    """``L{1..3}`` is L1, L2 and L3, each with its number."""
    many = _MANY.search(name)
    if not many:
        yield 1, name
        return
    for n in range(int(many[1]), int(many[2]) + 1):
        yield n, name[: many.start()] + str(n) + name[many.end() :]


def _test(test: _Test, place: Keys, inventory: Inventory, zone: ZoneInfo) -> RuleTest:
    began = test.start if test.start.tzinfo else test.start.replace(tzinfo=zone)
    start = round(began.timestamp() * 1000)
    sent: list[Sent] = []
    for number, said in enumerate(test.readings):
        sent += _sent(said, (*place, "readings", number), start, inventory, zone)
    expected = tuple(
        (_span(one.at, start, zone, (*place, "expect", number, "at")), one)
        for number, one in enumerate(test.expect)
    )
    last = max((int(one.arrived.max()) for one in sent), default=start)
    end = _when(test.end, start, zone, (*place, "end")) if test.end else last + MINUTE
    return RuleTest(test.name, start, end, test.rulebook, tuple(sent), expected)


def _sent(
    said: dict[str, Any], place: Keys, start: int, inventory: Inventory, zone: ZoneInfo
) -> Iterator[Sent]:
    known = {one.encode_name for one in msgspec.structs.fields(_How)}
    how = _converted({key: said[key] for key in said if key in known}, _How, place)
    fields = {key: said[key] for key in said if key not in known}
    devices = [how.device] if isinstance(how.device, str) else how.device
    for name in (name for word in devices for _, name in _names(word)):
        asset = inventory.assets.get(split_series(name)[0])
        if asset is None:
            raise _Mistake((*place, "device"), f"{name} is not in the inventory")
        table = STATUS if fields.keys() <= MEASUREMENTS[STATUS].keys() else str(asset.kind)
        every = how.every or (asset.report_every_s or 300) * SECOND
        columns, n = _columns(fields, table, place, None if how.for_ is None else how.for_ // every)
        ts = _when(how.start, start, zone, (*place, "start")) + np.arange(n) * every
        arrived = ts + how.delay
        if how.arrive:
            arrived = np.maximum(ts, _when(how.arrive, start, zone, (*place, "arrive")))
        given = ~np.all([np.isnan(values) for values in columns.values()], axis=0)
        kept = {field: values[given] for field, values in columns.items()}
        for again in range(how.repeat):
            late = arrived[given] + again * SECOND
            yield Sent(table, name, ts[given].astype(np.int64), late.astype(np.int64), kept)


def _columns(
    fields: dict[str, Any], table: str, place: Keys, times: int | None
) -> tuple[dict[str, Floats], int]:
    """Each field's values, and how many readings there are."""
    columns: dict[str, Floats] = {}
    for field, text in fields.items():
        measurement = MEASUREMENTS[table].get(field)
        if measurement is None:
            raise _Mistake((*place, field), f"a {table} has no {field}")
        try:
            columns[field] = series(text, measurement)
        except ValueError as error:
            raise _Mistake((*place, field), f"{field}: {error}") from None
    if not columns:
        raise _Mistake(place, "nothing is measured: name a field, as power_w")
    lengths = {len(values): field for field, values in columns.items() if len(values) > 1}
    n = times or max(lengths, default=1)
    for length, field in lengths.items():
        if length != n:
            raise _Mistake((*place, field), f"{field} has {length} readings, others have {n}")
    return {field: np.broadcast_to(values, n) for field, values in columns.items()}, n


def _span(text: str, start: int, zone: ZoneInfo, place: Keys) -> Span:
    """``21:05`` or ``21:05..21:20``."""
    first, _, last = text.partition("..")
    begin = _when(first, start, zone, place)
    return Span(begin, _when(last, start, zone, place) if last else begin)


def _when(text: str, start: int, zone: ZoneInfo, place: Keys) -> int:
    """``+90min`` after the start, or the next time it is ``21:05``; ms."""
    text = text.strip()
    if offset := _OFFSET.fullmatch(text):
        return start + int(_converted(offset[1], Duration, place))
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise _Mistake(place, f'{text!r} is no time of a test; write "21:05" or "+90min"')
    hour, minute, second = (int(part or 0) for part in clock.groups())
    local = datetime.fromtimestamp(start / 1000, zone)
    then = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
    ms = round(then.timestamp() * 1000)
    return ms if ms >= start else ms + DAY


def _converted(value: Any, type_: Any, place: Keys) -> Any:
    try:
        return msgspec.convert(value, type_, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise _Mistake(*told(place, str(error))) from None
