"""The map of a foreign file: what it takes from a row, what it remarks on, what it refuses."""

from pathlib import Path
from typing import Any

import pytest

from facility.errors import UsageError
from facility.importmap import ImportMap, load_map

KIND = 'kind = { value = "streetlight" }\n'


def written(path: Path, text: str) -> Path:
    file = path / "map.toml"
    file.write_text(text, "utf-8")
    return file


def of(path: Path, properties: str, rest: str = "") -> ImportMap:
    return load_map(written(path, f"{rest}\n[properties]\n{properties}"))


def applied(mapped: ImportMap, **cells: Any) -> tuple[dict[str, Any], list[str]]:
    answer = mapped.apply(cells)
    assert not isinstance(answer, str)
    return answer


@pytest.mark.parametrize(
    ("rule", "cells", "value"),
    [
        ('{ value = "x" }', {}, "x"),
        ("{ value = 0 }", {}, 0),
        ('{ column = "A" }', {"A": 7}, 7),
        ('{ column = "A" }', {}, None),
        ('{ column = "A", default = "d" }', {"A": "  "}, "d"),
        ('{ column = "a.b" }', {"a": {"b": "x"}}, "x"),
        ('{ column = "a.b" }', {"a.b": "x", "a": {"b": "y"}}, "x"),
        ('{ column = "a.b.c" }', {"a": {"b": 1}}, None),
        ('{ template = "{A}-{B}" }', {"A": 11.0, "B": " 7 "}, "11-7"),
        ('{ template = "{A}-{B}" }', {"A": "x"}, None),
        ('{ template = ["{A}-{B}", "{A}"] }', {"A": "x"}, "x"),
        ('{ template = ["{A}", "{B}"], default = "d" }', {}, "d"),
        ('{ template = "{a.b}!" }', {"a": {"b": 1}}, "1!"),
        ('{ column = "A", replace = { "/" = "_", " " = "" } }', {"A": "5A / B"}, "5A_B"),
        ('{ column = "A", extract = "[0-9]+" }', {"A": "M12?"}, "12"),
        ('{ column = "A", extract = "^M([0-9]+)" }', {"A": "M12?"}, "12"),
        ('{ column = "A", extract = "[0-9.]+", scale = 10 }', {"A": "12.7"}, 127),
        ('{ column = "A", scale = 0.001 }', {"A": 1500}, 1.5),
        ('{ column = "A", translate = { x = 1, y = 2 } }', {"A": "y"}, 2),
        ('{ column = "A", translate = { "3" = "three" } }', {"A": 3.0}, "three"),
        (
            '{column="A", replace={m = "M"}, extract="M", translate={M = 2}, scale=3, default=1}',
            {"A": "m1"},
            6,
        ),
    ],
)
def test_a_rule_gives_a_value(tmp_path: Path, rule: str, cells: dict[str, Any], value: Any) -> None:
    values, remarks = applied(of(tmp_path, f"name = {rule}\n"), **cells)
    assert values == {"name": value}
    assert remarks == []


@pytest.mark.parametrize(
    ("rule", "cell", "value", "remark"),
    [
        ('extract = "[0-9]+"', "M?", None, "A 'M?' has nothing that matches [0-9]+: seq left out"),
        ("translate = { x = 1 }", "`", None, "A '`' has no translation: seq left out"),
        (
            "translate = { x = 1 }\ndefault = 60",
            "`",
            60,
            "A '`' has no translation: seq taken as 60",
        ),
        ("scale = 10", "twelve", None, "A 'twelve' is not a number: seq left out"),
        ("scale = 10", [1], None, "A '[1]' is not a number: seq left out"),
    ],
)
def test_a_cell_that_cannot_be_used_is_remarked_on(
    tmp_path: Path, rule: str, cell: Any, value: Any, remark: str
) -> None:
    mapped = load_map(written(tmp_path, f'[properties.seq]\ncolumn = "A"\n{rule}\n'))
    assert applied(mapped, A=cell) == ({"seq": value}, [remark])


def test_derived_columns_are_columns_for_what_follows(tmp_path: Path) -> None:
    mapped = of(
        tmp_path,
        'segment = { template = ["{Street}-{row}", "{Street}"] }\n',
        '[derived]\nrow = { column = "Pole", extract = "^([A-Z]+)" }\n'
        'both = { template = "{row}!" }\n'
        '[[warn]]\ncolumn = "both"\nequals = ["M!"]\nreason = "an M pole"\n',
    )
    assert applied(mapped, Street=7, Pole="M1") == ({"segment": "7-M"}, ["an M pole"])
    assert applied(mapped, Street=7, Pole="1") == ({"segment": "7"}, [])
    assert mapped.columns == {"Street", "Pole"}


@pytest.mark.parametrize(
    ("test", "holds", "not_"),
    [
        ("missing = true", [None, "", " "], ["x", 0, False]),
        ("missing = false", ["x", 0], [None, " "]),
        ('equals = ["0", 1]', ["0", 0, 0.0, 1, "1"], ["", None, 2, "01"]),
        ("matches = '[?]'", ["M?", "?"], ["M", None, ""]),
    ],
)
def test_conditions_tell_rows_apart(
    tmp_path: Path, test: str, holds: list[Any], not_: list[Any]
) -> None:
    mapped = of(tmp_path, KIND, f'[[skip]]\ncolumn = "A"\n{test}\nreason = "so"\n')
    assert [mapped.apply({"A": cell}) for cell in holds] == ["so"] * len(holds)
    assert all(not isinstance(mapped.apply({"A": cell}), str) for cell in not_)


def test_the_first_reason_to_skip_is_told_and_every_warning(tmp_path: Path) -> None:
    condition = '[[{}]]\ncolumn = "A"\nmissing = true\nreason = "{}"\n'
    warned = of(tmp_path, KIND, condition.format("warn", "one") + condition.format("warn", "two"))
    assert applied(warned) == ({"kind": "streetlight"}, ["one", "two"])
    skipped = of(tmp_path, KIND, condition.format("skip", "one") + condition.format("skip", "two"))
    assert skipped.apply({}) == "one"


def condition(text: str) -> str:
    return f"[[warn]]\n{text}\n[properties]\n{KIND}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no [properties]"),
        ("[properties]\n", "has no [properties]"),
        ("properties = 1\n", "properties cannot be 1"),
        ("[properties\n", "is not TOML"),
        (f"[property]\n{KIND}", "unknown key property; there are derived, properties"),
        ('[properties]\ncolor = { column = "A" }\n', "properties.color is no property"),
        ('[properties]\nid = "A"\n', "properties.id cannot be 'A'"),
        ("[properties]\nid = {}\n", "properties.id needs exactly one of value, column, template"),
        ('[properties]\nid = { column = "A", value = 1 }\n', "exactly one of"),
        ('[properties]\nid = { column = "A", scal = 1 }\n', "unknown key properties.id.scal"),
        ("[properties]\nid = { column = 1 }\n", "properties.id.column cannot be 1"),
        ('[properties]\nid = { column = "A", scale = "x" }\n', "properties.id.scale cannot be 'x'"),
        ('[properties]\nid = { column = "A", scale = true }\n', "scale cannot be True"),
        ('[properties]\nid = { column = "A", extract = "(" }\n', "no regular expression"),
        ('[properties]\nid = { column = "A", translate = 1 }\n', "translate cannot be 1"),
        ('[properties]\nid = { column = "A", replace = { a = 1 } }\n', "id.replace.a cannot be 1"),
        ('[properties]\nid = { template = "x" }\n', "names no {column}; use value"),
        ('[properties]\nid = { template = "{}" }\n', "names no {column}; use value"),
        ('[properties]\nid = { template = "{A" }\n', "properties.id.template '{A'"),
        ("[properties]\nid = { template = 1 }\n", "properties.id.template cannot be 1"),
        (f"[derived]\nx = {{}}\n[properties]\n{KIND}", "derived.x needs exactly one"),
        ("skip = 1\n[properties]\n" + KIND, "skip cannot be 1"),
        (condition('column = "A"\nreason = "r"'), "warn 1 needs exactly one of missing, equals"),
        (condition('column = "A"\nmissing = true'), "warn 1: reason cannot be None"),
        (condition('reason = "r"\nmissing = true'), "warn 1: column cannot be None"),
        (condition('column = "A"\nreason = "r"\nmissing = "yes"'), "warn 1: missing cannot be"),
        (condition('column = "A"\nreason = "r"\nequals = "x"'), "warn 1: equals cannot be 'x'"),
        (condition('column = "A"\nreason = "r"\nmatches = "("'), "no regular expression"),
        (condition('column = "A"\nreason = "r"\nless = 1'), "unknown key warn 1: less"),
    ],
)
def test_a_wrong_map_names_the_file_and_the_key(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load_map(path)
    message = str(caught.value)
    assert says in message
    assert message.startswith(str(path))
    assert "\n" not in message


def test_a_map_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_map(tmp_path / "map.toml")
