"""Rule tests as data: those that ship hold, and what is wrong with one is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facility.errors import UsageError
from facility.measurements import MEASUREMENTS
from rules.book import rulebook
from rules.families import FAMILY
from rules.trials.rule_series import series
from rules.trials.rule_test_run import run
from rules.trials.rule_tests import find, read
from xiuhua import main

SHIPPED = find([Path(__file__).parent])
HEAD = """
[[asset]]
id = "M{1..2}"
kind = "cover"
report_every_s = 900
[[test]]
name = "tilted"
start = 2026-06-21T12:00:00
"""
READINGS = """
[[test.readings]]
device = "M1"
tilt_deg = "1, 30 x 3"
"""
EXPECT = """
[[test.expect]]
at = "12:10"
event = "opened"
type = "cover.displaced"
subject = "cover:M1"
"""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_holds(path: Path) -> None:
    faults = {one.test.name: one.faults for one in run(read(path), rulebook.load())}
    assert {name: told for name, told in faults.items() if told} == {}


def test_each_case_type_has_a_test_that_expects_it_and_files_have_some_that_stay_quiet() -> None:
    expected, quiet = set(), 0
    for path in SHIPPED:
        for test in read(path).tests:
            expected |= {one.type for _, one in test.expected}
            quiet += not test.expected
    assert expected == FAMILY.keys()
    assert quiet >= 15


def test_a_failure_says_what_was_expected_and_what_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.toml"
    path.write_text(HEAD + READINGS + EXPECT)
    assert main(["rules", "test", str(tmp_path)]) == 1
    assert capsys.readouterr().out == (
        f"FAIL {path}: tilted\n"
        "     expected, did not come: 12:10 opened cover.displaced cover:M1\n"
        "     came, not expected:     12:30:01 opened cover.displaced cover:M1, cause tilt,"
        " members M1\n"
        "0 rule tests hold, 1 do not\n"
    )


def test_a_rulebook_of_ones_own_is_tried(tmp_path: Path) -> None:
    path, book = tmp_path / "t.toml", tmp_path / "book"
    path.write_text(HEAD + READINGS)
    book.write_text("[displaced]\ntilt_deg = 40.0\n")
    assert main(["rules", "test", str(path)]) == 1
    assert main(["rules", "test", str(path), "--rules", str(book)]) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tilt_deg = 'x'", "t.toml:11: tilt_deg: 'x' is not a number"),
        ("tilt_deg = '1 2'", "t.toml:11: tilt_deg: '1 2' is no item"),
        ("tilt_deg = 400", "t.toml:11: tilt_deg: 400 is not between 0 and 180"),
        ("power_w = 3", "t.toml:11: a cover has no power_w"),
        ("tilt_deg = '1 x 3'\nhits = '1 x 4'", "t.toml:11: tilt_deg has 3 readings, others have 4"),
        ("tilt_deg = 1\nevery = 'x'", "t.toml:12: every: 'x' is no duration"),
        ("tilt_deg = 1\nstart = '25:00'", "t.toml:12: '25:00' is no time of a test"),
        ("", "t.toml:9: nothing is measured"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(HEAD + f'[[test.readings]]\ndevice = "M1"\n{text}\n')
    with pytest.raises(UsageError) as caught:
        read(path)
    assert told in str(caught.value)


def test_a_device_that_is_not_installed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(HEAD + '[[test.readings]]\ndevice = "M9"\ntilt_deg = 1\n')
    with pytest.raises(UsageError, match=r"t\.toml:10: M9 is not in the inventory"):
        read(path)


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("60 x 2, 0", "power_w", [60, 60, 0]),
        ("0..3 x 4", "power_w", [0, 1, 2, 3]),
        ("1, _ x 2", "power_w", [1, np.nan, np.nan]),
        (True, "on", [1]),
        ("gear_failure+leakage, none", "faults", [66, 0]),
        (12, "power_w", [12]),
    ],
)
def test_the_notation(text: object, field: str, values: list[float]) -> None:
    np.testing.assert_array_equal(series(text, MEASUREMENTS["streetlight"][field]), values)


def test_the_example_of_the_page_holds(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rule-tests.md").read_text("utf-8")
    path = tmp_path / "lamp.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    assert [outcome.faults for outcome in run(read(path), rulebook.load())] == [()]
