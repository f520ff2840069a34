"""TOML as people write it, and what is said of what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from facility import tomlfile
from facility.errors import UsageError, without_secret


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a = [1\n", "is not TOML: "),
        (b"a = 1\na = 2\n", "line 2"),
        (bytes(range(256)), "is not UTF-8; save it"),
        (b"a = " + b"[" * 5_000 + b"]" * 5_000, "nested too deep"),
        (b"a = 1" + b"0" * 5_000, "is not TOML: Exceeds the limit"),
    ],
)
def test_what_is_none_is_one_line_with_the_file(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        tomlfile.read(file)
    assert str(refused.value).startswith(f"{file} is not ")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        tomlfile.read(tmp_path / "no.toml")
    with pytest.raises(UsageError, match="Is a directory"):
        tomlfile.read(tmp_path)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_bytes(b"\xef\xbb\xbfname = 1\n")
    assert tomlfile.read(file) == {"name": 1}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mqtt://xiuhua:geheim@broker:1883", "…@broker:1883"),
        ("xiuhua:ge@heim@broker", "…@broker"),
        ("broker", "broker"),
    ],
)
def test_no_error_shows_the_secret_of_an_address(address: str, shown: str) -> None:
    assert without_secret(address) == shown
