"""Each version of the rulebook that was in use, kept whole: ``rulebooks/VERSION.toml``.

A case event names the version of the book that decided it. The file has every figure, those of the
built-in book too, so it says the same whatever a later Xiuhua builds in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from facility.errors import UsageError
from rules.book.rulebook import Rulebook

FOLDER = "rulebooks"


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was kept, and since when (s since 1970)."""

    name: str
    kept_at: float


def keep(folder: Path, book: Rulebook) -> None:
    """Writes the book down where it is not yet. OSError where that cannot be."""
    path = folder / f"{book.version}.toml"
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(f"# rulebook {book.version}\n{dump(book.content)}", "utf-8")
    fresh.replace(path)


def versions(folder: Path) -> list[Version]:
    """What is kept, the oldest first."""
    found = [Version(path.stem, path.stat().st_mtime) for path in folder.glob("*.toml")]
    return sorted(found, key=lambda one: (one.kept_at, one.name))


def text_of(folder: Path, name: str) -> str:
    """A version's text; the start of its name will do. UsageError where there is no such."""
    found = [path for path in sorted(folder.glob("*.toml")) if path.stem.startswith(name)]
    if len(found) != 1:
        raise UsageError(f"{len(found)} rulebooks are kept in {folder} whose name starts {name!r}")
    return found[0].read_text("utf-8")


def dump(content: Mapping[str, Any]) -> str:
    """A rulebook's content as TOML that reads as the same again."""
    return "\n".join(_lines(content))


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    for name, said in content.items():
        entries = said if isinstance(said, list) else [said]
        for entry in entries:
            yield f"[[{name}]]" if isinstance(said, list) else f"[{name}]"
            for key, value in entry.items():
                yield f"{_key(key)} = {_value(value)}"
            yield ""


def _value(value: Any) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case datetime() | date():
            return value.isoformat()
        case _:  # text, numbers and truth are written as JSON writes them
            return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name)
