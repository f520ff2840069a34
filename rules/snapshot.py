"""The engine's state as one piece of bytes, and back into an engine of the same or a changed fleet.

Whoever holds state names it: ``KEPT`` lists attributes that are arrays, other holders of state or
lists of them; ``PLAIN`` gives those that are plain values with their types. Arrays and lists as
long as there are devices are kept by device, so a device that was added to the inventory starts
anew and every other one goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from rules.tracker import Kept as TrackerKept
from rules.tracker import Tracker

_FORMAT = 3


class Damaged(ValueError):
    """The bytes are no state that this version wrote."""


@dataclass(frozen=True, slots=True)
class Part:
    """A holder of state, and the names of its rows."""

    name: str
    holder: object
    rows: Sequence[str]


class _Array(msgspec.Struct, array_like=True, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    content: bytes


class _Kept(msgspec.Struct, frozen=True):
    format: int
    rows: dict[str, list[str]]
    arrays: dict[str, _Array]
    plain: dict[str, Any]
    tracker: TrackerKept


def freeze(parts: Sequence[Part], tracker: Tracker) -> bytes:
    """The state of the parts and of the cases."""
    rows: dict[str, list[str]] = {}
    arrays: dict[str, _Array] = {}
    plain: dict[str, Any] = {}
    for part in parts:
        for path, holder, names in _walk(part):
            rows.setdefault(path, list(names))
            for field in getattr(holder, "KEPT", ()):
                value = getattr(holder, field)
                if isinstance(value, np.ndarray):
                    content = np.ascontiguousarray(value).tobytes()
                    arrays[f"{path}.{field}"] = _Array(value.dtype.str, value.shape, content)
            for field in getattr(holder, "PLAIN", {}):
                plain[f"{path}.{field}"] = msgspec.to_builtins(getattr(holder, field))
    kept = _Kept(_FORMAT, _once(rows), arrays, plain, tracker.kept())
    return msgspec.msgpack.encode(kept)


def thaw(content: bytes, parts: Sequence[Part], tracker: Tracker) -> None:
    """Puts the state into parts that are fresh. Raises Damaged where it is none."""
    try:
        kept = msgspec.msgpack.decode(content, type=_Kept)
        if kept.format != _FORMAT:
            raise Damaged(f"it was written in format {kept.format}, not {_FORMAT}")
        for part in parts:
            for path, holder, names in _walk(part):
                _restore(holder, path, _placed(kept, path, names), len(names), kept)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise Damaged(str(error)) from error
    tracker.take_up(kept.tracker)


def _restore(holder: object, path: str, placed: _Placed | None, n: int, kept: _Kept) -> None:
    for field in getattr(holder, "KEPT", ()):
        value, saved = getattr(holder, field), kept.arrays.get(f"{path}.{field}")
        if saved and placed and isinstance(value, np.ndarray):
            _put(value, saved, placed)
    for field, type_ in getattr(holder, "PLAIN", {}).items():
        if f"{path}.{field}" not in kept.plain:
            continue
        told = msgspec.convert(kept.plain[f"{path}.{field}"], type_)
        value = getattr(holder, field)
        if isinstance(value, list) and len(value) == n:
            if placed:
                for new, old in zip(placed.new.tolist(), placed.old.tolist(), strict=True):
                    value[new] = told[old]
        else:
            setattr(holder, field, told)


@dataclass(frozen=True, slots=True)
class _Placed:
    """Rows that are in both fleets: where they are now, and where they were."""

    new: np.ndarray[Any, np.dtype[np.intp]]
    old: np.ndarray[Any, np.dtype[np.intp]]


def _placed(kept: _Kept, path: str, names: Sequence[str]) -> _Placed | None:
    before = kept.rows.get(path)
    if before is None:
        return None
    while before and before[0].startswith("\0"):
        before = kept.rows[before[0][1:]]
    if before == list(names):
        everything = np.arange(len(before), dtype=np.intp)
        return _Placed(everything, everything)
    old_of = {name: row for row, name in enumerate(before)}
    both = [(row, old_of[name]) for row, name in enumerate(names) if name in old_of]
    new, old = np.array(both, dtype=np.intp).reshape(-1, 2).T
    return _Placed(new, old)


def _put(target: np.ndarray[Any, Any], saved: _Array, placed: _Placed) -> None:
    """Copies rows into place; what has another shape by now is left as it starts."""
    value = np.frombuffer(saved.content, dtype=np.dtype(saved.dtype)).reshape(saved.shape)
    if value.shape[1:] == target.shape[1:] and value.dtype == target.dtype:
        target[placed.new] = value[placed.old]


def _walk(part: Part) -> Iterator[tuple[str, object, Sequence[str]]]:
    """(path, holder, names of its rows) of a part and of what it holds."""
    waiting: list[tuple[str, object, Sequence[str]]] = [(part.name, part.holder, part.rows)]
    while waiting:
        path, holder, rows = waiting.pop()
        rows = getattr(holder, "row_names", rows)
        yield path, holder, rows
        for field in getattr(holder, "KEPT", ()):
            value = getattr(holder, field)
            if isinstance(value, list | tuple):
                waiting += [(f"{path}.{field}.{i}", one, rows) for i, one in enumerate(value)]
            elif not isinstance(value, np.ndarray):
                waiting.append((f"{path}.{field}", value, rows))


def _once(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same rows with each list of names once; others name the path that has it."""
    first: dict[tuple[int, str, str], str] = {}
    once = {}
    for path, names in rows.items():
        key = (len(names), names[0], names[-1]) if names else (0, "", "")
        owner = first.setdefault(key, path)
        once[path] = [f"\0{owner}"] if owner != path and rows[owner] == names else names
    return once
