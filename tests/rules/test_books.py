"""Rulebooks to be looked at: what each says otherwise than is built in, and where."""

from __future__ import annotations

from pathlib import Path

from rules.book.books import Books, read
from rules.book.rulebook import load, parse
from rules.book.versions import keep

OWN = """
[displaced]
tilt_deg = 12.0
hold = "0s"
[[override]]
where = { street = "花园路" }
lamps.unlit_hold = "20min"
[[off]]
type = "cover.rattle"
"""


def test_what_differs_stands_in_its_line_and_makes_the_same_book_again() -> None:
    book = parse(OWN, "own")
    found = read(book.content)
    assert parse(found.own, "again").version == book.version
    tilt, *others = found.sections["displaced"]
    assert (tilt.name, tilt.value, tilt.built_in) == ("tilt_deg", 12.0, 15.0)
    assert found.own.splitlines()[(tilt.line or 0) - 1] == "tilt_deg = 12.0"
    assert {one.line for one in others} == {None}, "a hold that is said as it is built in"
    assert "[[override]]" in found.own
    assert "[[off]]" in found.own


def test_the_built_in_book_says_nothing_of_its_own() -> None:
    found = read(load().content)
    assert found.own == ""
    assert set(found.sections) == set(load().content)


def test_a_kept_book_is_shown_with_figures_that_are_no_more(tmp_path: Path) -> None:
    (tmp_path / "0123456789ab.toml").write_text('[displaced]\ntilt = 3.0\n[wind]\nhold = "9s"\n')
    found = Books(None, tmp_path).read("0123456789ab")
    assert found is not None
    [tilt] = found.sections["displaced"]
    assert (tilt.value, tilt.built_in, tilt.line) == (3.0, None, 2)
    assert found.sections["wind"][0].line == 5


def test_books_are_found_by_their_whole_version(tmp_path: Path) -> None:
    path = tmp_path / "book.toml"
    path.write_text(OWN)
    kept = parse("[cases]\nlate = '5h'", "kept")
    keep(tmp_path / "kept", kept)
    books = Books(path, tmp_path / "kept")
    assert [one.name for one in books.versions()] == [kept.version]
    assert books.read(kept.version) is not None
    assert books.read(books.in_use()) is not None, "in use, and not kept here"
    assert books.read(load().version) is not None
    assert books.read(kept.version[:6]) is None
    path.write_text("[nothing]")
    assert books.read("0" * 12) is None
