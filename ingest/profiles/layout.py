"""Byte layouts: what stands where in a payload, as a profile declares it.

A payload is read by *steps* one after the other, or as *channels*: an id, then that channel's
steps, until the end. What comes out are named raw values; what they mean is for the fields.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import msgspec

_FORMATS = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f"}
_READERS = {
    f"{name}{suffix}": struct.Struct(order + code)
    for name, code in _FORMATS.items()
    for suffix, order in (("", "<"), ("be", ">"))
}

Raw = int | float | bool | str | list[Any] | None


class BadPayload(ValueError):
    """A payload that is not laid out as the profile says. The text says where."""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A raw value that is no reading; ``word`` is what it says instead."""

    word: str


Values = dict[str, Raw | Sentinel]


class Step(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One value, or a group of them.

    ``name`` is where the value goes, nowhere without. The number of ``type``, where it is none of
    the ``sentinels``, is masked, shifted down, raised (10^(n/``log10``)) and scaled. ``bits`` names
    single bits of it. ``when = "name.3"``: the step is there only where bit 3 of an earlier value
    is set. ``repeat`` is a group that goes on to the payload's end: a name's values are combined by
    ``combine`` (``first``, ``sum``, ``max``, ``any``), and a group in which ``whole`` holds speaks
    for all. ``channels`` are read from as many bytes as the value of ``type`` says.
    """

    type: str = ""
    name: str = ""
    scale: float = 1
    mask: int = 0
    shift: int = 0
    log10: float = 0
    sentinels: dict[str, int] = {}
    bits: dict[str, int] = {}
    when: str = ""
    combine: str = "first"
    repeat: list[Step] = []
    whole: dict[str, int] = {}
    channels: dict[str, list[Step]] = {}


@dataclass(slots=True)
class Read:
    """What was read: the values, those of another time (``time``, s) apart, and unknown ids."""

    values: Values = field(default_factory=dict)
    earlier: list[Values] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, size: int, what: str) -> bytes:
        if size > self.left:
            raise BadPayload(f"{what} needs {size} bytes at byte {self.at}, {self.left} are left")
        self.at += size
        return self.data[self.at - size : self.at]


def read_steps(steps: list[Step], data: bytes) -> Read:
    """The values of a payload that is laid out in ``steps``. BadPayload where it is not."""
    read, cursor = Read(), _Cursor(data)
    _read_steps(steps, cursor, read.values, read)
    if cursor.left:
        raise BadPayload(f"{cursor.left} bytes are left over at byte {cursor.at}")
    return read


def read_channels(
    channels: dict[str, list[Step]], skip: dict[str, int], data: bytes, id_bytes: int = 2
) -> Read:
    """The values of a payload of channels, by their ids in hexadecimal.

    Channels of ``skip`` are passed over by their length. Behind an unknown id nothing can be read;
    what stands before it is kept. BadPayload where a channel is cut off.
    """
    read = Read()
    _read_channels(channels, skip, _Cursor(data), read, id_bytes)
    return read


def _read_channels(
    channels: dict[str, list[Step]],
    skip: dict[str, int],
    cursor: _Cursor,
    read: Read,
    id_bytes: int,
) -> None:
    while cursor.left:
        channel = cursor.take(id_bytes, "a channel's id").hex()
        if channel in skip:
            cursor.take(skip[channel], f"channel {channel}")
            continue
        steps = channels.get(channel)
        if steps is None:
            read.unknown.append(channel)
            return
        values: Values = {}
        _read_steps(steps, cursor, values, read)
        if "time" in values:
            read.earlier.append(values)
        else:
            read.values |= values


def _read_steps(steps: list[Step], cursor: _Cursor, values: Values, read: Read) -> None:
    for step in steps:
        if step.when and not _is_set(step.when, values):
            continue
        if step.repeat:
            _read_groups(step, cursor, values, read)
        elif step.channels:
            block = _Cursor(cursor.take(int(_number(step, cursor)), step.name or "a block"))
            inner = Read()
            _read_channels(step.channels, {}, block, inner, id_bytes=1)
            values |= inner.values
            read.unknown += inner.unknown
        else:
            _read_value(step, cursor, values)


def _read_value(step: Step, cursor: _Cursor, values: Values) -> None:
    number = _number(step, cursor)
    for word, value in step.sentinels.items():
        if number == value:
            if step.name:
                values[step.name] = Sentinel(word)
            return
    for bit_name, bit in step.bits.items():
        values[bit_name] = bool(int(number) >> bit & 1)
    if not step.name:
        return
    if step.mask:
        number = int(number) & step.mask
    if step.shift:
        number = int(number) >> step.shift
    if step.log10:
        number = 10 ** (number / step.log10)
    values[step.name] = number * step.scale if step.scale != 1 else number


def _number(step: Step, cursor: _Cursor) -> int | float:
    reader = _READERS[step.type]
    value: int | float = reader.unpack(cursor.take(reader.size, step.name or f"a {step.type}"))[0]
    return value


def _is_set(when: str, values: Values) -> bool:
    name, _, bit = when.partition(".")
    value = values.get(name)
    return isinstance(value, int) and bool(value >> int(bit) & 1)


def _read_groups(step: Step, cursor: _Cursor, values: Values, read: Read) -> None:
    groups: list[Values] = []
    while cursor.left:
        group: Values = {}
        _read_steps(step.repeat, cursor, group, read)
        groups.append(group)
    combine = {inner.name: inner.combine for inner in step.repeat}
    combine |= {bit: inner.combine for inner in step.repeat for bit in inner.bits}
    wholes = [g for g in groups if step.whole and all(g.get(k) == v for k, v in step.whole.items())]
    for name in dict.fromkeys(name for group in groups for name in group):
        whole = [g[name] for g in wholes if name in g]
        found = whole or [g[name] for g in groups if name in g]
        values[name] = _combined(found, combine.get(name, "first"))


def _combined(found: list[Raw | Sentinel], how: str) -> Raw | Sentinel:
    numbers = [value for value in found if isinstance(value, int | float)]
    if not numbers or how == "first":
        return numbers[0] if numbers else found[0]
    if how == "sum":
        return sum(numbers)
    return max(numbers) if how == "max" else any(numbers)


def problems(steps: list[Step]) -> list[str]:
    """What is wrong with a declaration, in words."""
    found = []
    for step in steps:
        if not step.repeat and step.type not in _READERS:
            found.append(f"type {step.type!r} is none of {', '.join(_READERS)}")
        if step.combine not in {"first", "sum", "max", "any"}:
            found.append(f"combine {step.combine!r} is none of first, sum, max, any")
        if step.when and not step.when.rpartition(".")[2].isdigit():
            found.append(f"when {step.when!r} is not of the form name.bit")
        found += problems(step.repeat)
        for inner in step.channels.values():
            found += problems(inner)
        if step.repeat and not any(inner.type and not inner.when for inner in step.repeat):
            found.append("a repeated group needs a step that is always read")
    return found
