"""The shipped standard says what its source says; a wrong one is refused by file and key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cases.filing.standard import SHIPPED, Row, load
from cases.sensed import CASE_TYPES
from facility.assets import CoverType
from facility.errors import UsageError
from facility.measurements import Kind

STANDARD = load()
EDITION = STANDARD.editions[0]


def row(code: str, condition: str) -> Row:
    found = EDITION.row(code, condition)
    assert found is not None
    return found


COVERS = ("0101", "0102", "0103", "0106", "0110", "0111", "0114", "0118", "0123")


@pytest.mark.parametrize(
    ("codes", "condition", "limit", "clock"),
    [
        (COVERS, "dangerous", 2, "urgent_hour"),
        (COVERS, "rattle", 2, "working_day"),
        (COVERS, "sunk", 5, "working_day"),
        (("0137",), "out", 2, "working_day"),
        (("0137",), "not_switched", 2, "working_hour"),
        (("0137",), "broken", 1, "working_day"),
        (("0304",), "not_cleared", 4, "working_hour"),
        (("0304",), "dirty", 1, "working_day"),
        (("0304",), "damaged", 2, "working_day"),
    ],
)
def test_the_published_rows_are_those_of_the_source(
    codes: tuple[str, ...], condition: str, limit: int, clock: str
) -> None:
    for code in codes:
        found = row(code, condition)
        assert (found.condition.limit, found.condition.clock) == (limit, clock)
        assert not found.local


def test_what_the_source_does_not_have_is_marked() -> None:
    published = {(one.code.code, one.condition.key) for one in EDITION.rows if not one.local}
    assert len(published) == 3 * len(COVERS) + 6
    for code, condition in (("L137", "lamps_lost"), ("0304", "gas"), ("L202", "dangerous")):
        assert row(code, condition).local


def test_every_case_of_every_asset_it_can_be_of_has_a_row() -> None:
    for case_type in CASE_TYPES:
        of = case_type.partition(".")[0]
        for kind in Kind if of == "device" else (Kind(of),):
            for cover_type in CoverType if kind is Kind.COVER else (None,):
                found = EDITION.row_for(case_type, kind, cover_type)
                assert found is not None, (case_type, kind, cover_type)
                assert found.group.kind is kind


def test_residents_can_report_what_no_sensor_sees() -> None:
    for code, condition in (("L201", "damaged"), ("L202", "dangerous"), ("0101", "sunk")):
        assert row(code, condition).condition.cases == ()


VALID = """
id = "here"
effective = 2026-01-01
name = { zh = "本地", en = "Here" }
source = "a test"
[[groups]]
table = "component"
kind = "streetlight"
owner = { zh = "单位", en = "unit" }
codes = [{ code = "0118", name = { zh = "路灯", en = "Lamp" } }]
[[groups.conditions]]
key = "out"
when = { zh = "不亮", en = "out" }
limit = 1
clock = "working_day"
closed_when = { zh = "亮", en = "lit" }
severity = "attention"
cases = ["streetlight.unlit"]
"""


def test_an_edition_holds_until_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(VALID.replace("2026-01-01", "2027-07-01"))
    (tmp_path / "b.toml").write_text(VALID.replace("limit = 1", "limit = 3"))
    standard = load(tmp_path)
    assert standard.id == "here"
    versions = {
        day: (edition := standard.on(date.fromisoformat(day))) and edition.version
        for day in ("2025-12-31", "2026-01-01", "2027-06-30", "2027-07-01")
    }
    assert list(versions.values()) == [None, "2026-01-01", "2026-01-01", "2027-07-01"]
    old = standard.row("here", "2026-01-01", "0118", "out")
    assert old is not None
    assert old.condition.limit == 3
    assert standard.row("here", "2020-01-01", "0118", "out") is None
    assert standard.row("there", "2026-01-01", "0118", "out") is None


CONDITION = VALID.partition("[[groups.conditions]]")[2]
CAUSED = CONDITION.replace(
    'cases = ["streetlight.unlit"]', 'causes = { "streetlight.unlit" = ["supply"] }'
)


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("effective = 2026-01-01", "", "effective"),
        ('id = "here"', 'id = "Here!"', r"\$\.id"),
        ("limit = 1", "limit = 0", r"here.toml:14: .*conditions\[0\]\.limit"),
        ("limit = 1", "limit = 1.5", r"conditions\[0\]\.limit"),
        ('clock = "working_day"', 'clock = "day"', r"conditions\[0\]\.clock"),
        ('severity = "attention"', 'severity = "grave"', "severity"),
        ('severity = "attention"', 'severity = "notice"\ncolour = 1', "colour"),
        ('zh = "不亮", ', "", r"conditions\[0\]\.when"),
        ('zh = "不亮"', 'zh = ""', r"conditions\[0\]\.when\.zh"),
        ('code = "0118"', 'code = "118"', r"here.toml:10: groups\[0\]\.codes\[0\]: '118'"),
        ('en = "Lamp" }', 'en = "Lamp" }, cover_types = ["water"]', "0118 has `cover_types`"),
        ('"streetlight.unlit"', '"streetlight.off"', "out: `cases`: .*streetlight.off"),
        ('"streetlight.unlit"', '"cover.rattle"', "cover.rattle is not of the group's `kind`"),
        ('kind = "streetlight"', "", "streetlight.unlit is not of the group's `kind`"),
        ('kind = "streetlight"', 'kind = "lamp"', r"groups\[0\]\.kind"),
        (CONDITION, f"{CONDITION}[[groups.conditions]]{CONDITION}", "'out' twice"),
        (
            CONDITION,
            f"{CONDITION}[[groups.conditions]]{CONDITION.replace('out', 'off')}",
            "streetlight.unlit of a streetlight fits both 0118 out and 0118 off",
        ),
        (
            'cases = ["streetlight.unlit"]',
            'causes = { "streetlight.unlit" = ["moth"] }',
            "out: `causes`: streetlight.unlit names no cause 'moth'; .*lamp",
        ),
        (
            'cases = ["streetlight.unlit"]',
            'causes = { "cover.rattle" = ["impacts"] }',
            "`causes`: cover.rattle is not of the group's `kind`",
        ),
        (
            CONDITION,
            CAUSED + f"[[groups.conditions]]{CAUSED.replace('out', 'off')}",
            "streetlight.unlit, cause supply, of a streetlight fits both 0118 out and 0118 off",
        ),
        (
            'closed_when = { zh = "亮", en = "lit" }',
            'closed_when = { zh = "亮", en = "lit" }\nasked = { zh = "灯不亮", en = "Lamp out" }',
            r"groups\[0\]: `heading` is missing",
        ),
        (
            'table = "component"',
            'table = "component"\nunsure = { code = "0119", ask = { zh = "甲", en = "A" } }',
            r"groups\[0\]\.unsure: '0119' is none",
        ),
        *(
            (CONDITION, f"{CONDITION}[[owners]]\n{owner}", f"here.toml:{line}: .*{said}")
            for owner, line, said in (
                ('codes = ["0118"]', 19, "unit"),
                ('unit = "甲"', 19, r"owners\[0\]: names no `codes`"),
                ('unit = "甲"\ncodes = ["0119"]', 21, r"owners\[0\].codes\[0\]: .*'0119'"),
                ('unit = "甲"\nconditions = ["off"]', 21, "has 'off'"),
                ('unit = "甲"\nkinds = ["lamp"]', 21, r"kinds\[0\]"),
                ('unit = "甲"\nstreets = ["经八路"]', 21, r"streets\[0\]"),
                (
                    'unit="甲"\ncodes=["0118"]\n[[owners]]\nunit="乙"\ncodes=["0118"]\nkinds=["cover"]',
                    22,
                    r"owners\[1\]: is never asked",
                ),
            )
        ),
        ("[[groups]]", "[[groups]", "not TOML"),
    ],
)
def test_a_wrong_edition_is_one_line_with_file_and_key(
    tmp_path: Path, was: str, is_: str, said: str
) -> None:
    assert was in VALID
    (tmp_path / "here.toml").write_text(VALID.replace(was, is_, 1))
    with pytest.raises(UsageError, match=said) as caught:
        load(tmp_path)
    assert "here.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("second", "said"),
    [(VALID, "also that of a.toml"), (VALID.replace('"here"', '"there"'), "one standard")],
)
def test_files_that_do_not_go_together_are_refused(tmp_path: Path, second: str, said: str) -> None:
    (tmp_path / "a.toml").write_text(VALID)
    (tmp_path / "b.toml").write_text(second)
    with pytest.raises(UsageError, match=said):
        load(tmp_path)


def test_a_folder_without_a_standard_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no filing standard"):
        load(tmp_path)


def test_the_shipped_files_are_named_after_what_they_hold() -> None:
    for path in SHIPPED.glob("*.toml"):
        assert path.stem == f"{STANDARD.id}-{EDITION.effective.year}"
