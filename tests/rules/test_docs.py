"""The documentation names every figure of the rulebook, with its value, and every case type."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from rules.book import rulebook
from rules.tracker import FAMILY

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text("utf-8")
BOOK = tomllib.loads((ROOT / "rules" / "book" / "default.toml").read_text("utf-8"))


@pytest.mark.parametrize("section", BOOK)
def test_each_figure_is_on_the_page_with_its_value(section: str) -> None:
    assert f"`[{section}]`" in PAGE
    for name, value in BOOK[section].items():
        text = value if isinstance(value, str) else str(value)
        rows = re.findall(rf"\| `{name}` \| ([^ |]+)", PAGE)
        assert text in rows or any(_same(row, value) for row in rows), f"{section}.{name}"


def _same(row: str, value: object) -> bool:
    try:
        return isinstance(value, int | float) and float(row) == value
    except ValueError:
        return False


@pytest.mark.parametrize("type_", FAMILY)
def test_each_case_type_is_on_the_page(type_: str) -> None:
    assert f"`{type_}`" in PAGE


def test_what_the_page_shows_as_a_rulebook_is_one(tmp_path: Path) -> None:
    example = re.search(r"```toml\n# my-rules.toml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    path = tmp_path / "my-rules.toml"
    path.write_text(example[1])
    assert rulebook.load(path).lamps.unlit_hold == 15 * 60_000


def test_every_piece_of_a_rulebook_on_the_page_is_one() -> None:
    pieces = re.findall(r"```toml\n((?:\[\[|# my-rules).*?)```", PAGE, re.DOTALL)
    assert len(pieces) >= 3
    for piece in pieces:
        rulebook.parse(piece, "docs/rules.md")
