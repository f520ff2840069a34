"""Units: who stands above whom, and what a wrong file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cases.notices import units
from cases.notices.contacts import Quiet
from cases.notices.units import EXAMPLE, Units, load
from facility.errors import UsageError
from tests.cases.filings import SHANGHAI, local

SECRET = "a secret of many characters"
HEAD = '[[units]]\nname = "head"\nrank = "head"\n'
CREW = '[[units]]\nname = "crew"\nrank = "crew"\nup = "head"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "units.toml"
    path.write_text(text, "utf-8")
    return path


def names(chain: tuple[units.Unit, ...]) -> list[str]:
    return [unit.name for unit in chain]


def test_supervision_climbs_from_the_street_to_the_head() -> None:
    demo = load(EXAMPLE)
    above = ["花园路街道办事处", "金水区城市管理局", "分管副区长"]
    assert names(demo.above("金水区照明管理中心", "410105008")) == above
    told = [demo.told("金水区照明管理中心", "410105008", level) for level in (0, 1, 2, 3, 4)]
    assert names(tuple(unit for unit in told if unit)) == [
        "金水区照明管理中心",
        *above,
        "分管副区长",
    ]


def test_the_office_of_a_street_is_told_of_what_nobody_has_yet() -> None:
    demo = load(EXAMPLE)
    assert names(demo.above(None, "410105001"))[0] == "大石桥街道办事处"
    assert names(demo.above("nobody knows them", None)) == ["分管副区长"]
    assert demo.told(None, "410105001", 0) is None


def test_a_unit_of_no_known_street_is_under_the_head() -> None:
    assert names(load(EXAMPLE).above("金水区环卫中心", "999999")) == ["分管副区长"]


def test_where_there_are_no_units_nobody_is_told(tmp_path: Path) -> None:
    none = load(tmp_path / "units.toml")
    assert len(none) == 0
    assert none.told("x", "410105001", 1) is None
    assert Units().above(None, None) == ()


def test_contacts_are_read_and_not_shown(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEAD
        + 'contacts.group = "wecombot://hush-hush"\n'
        + f'contacts.system = {{ url = "https://hush/x", secret = "{SECRET}" }}\n'
        + 'quiet = ["22:00", "07:00"]\nlanguage = "en"\n',
    )
    recipient = next(iter(load(path))).recipient
    assert recipient.name == "unit:head"
    group, system = recipient.contacts
    assert (group.url, group.secret) == ("wecombot://hush-hush", None)
    assert (system.url, system.secret) == ("https://hush/x", SECRET)
    assert recipient.contact("system") is system
    assert recipient.contact("mail") is None
    assert "hush" not in repr(recipient)
    assert SECRET not in repr(recipient)


@pytest.mark.parametrize(
    ("begin", "end", "quiet", "loud"),
    [
        (22, 7, ["22:00", "23:59", "00:00", "06:59"], ["07:00", "12:00", "21:59"]),
        (12, 14, ["12:00", "13:59"], ["11:59", "14:00", "00:00"]),
    ],
)
def test_quiet_hours_may_reach_over_midnight(
    begin: int, end: int, quiet: list[str], loud: list[str]
) -> None:
    hours = Quiet(begin * 3_600_000, end * 3_600_000)
    for text in quiet + loud:
        assert hours.holds(local(f"2026-06-21 {text}"), SHANGHAI.timezone) == (text in quiet)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + CREW.replace('"head"\n', '"nobody"\n'), 4, "no unit 'nobody'"),
        (HEAD + HEAD, 4, "there twice"),
        (HEAD + CREW.replace('up = "head"', ""), 4, "head already"),
        (CREW.replace("head", "@street"), 1, "no unit is the head"),
        (HEAD + CREW + CREW.replace('"crew"\nr', '"c2"\nr').replace("head", "crew"), 8, "rank"),
        (HEAD + CREW.replace('"crew"\nup', '"street"\nup'), 4, "must name its streets"),
        (HEAD + CREW.replace('rank = "crew"', 'rank = "boss"'), 4, "rank"),
        (HEAD + CREW + "streets = [1]\n", 4, "streets"),
        (HEAD + 'quiet = ["22:00", "7"]\n', 1, "'7' is no time of day"),
        (HEAD + 'quiet = ["22:00", "22:00"]\n', 1, "begins when it ends"),
        (HEAD + f'contacts.x = {{ url = "ftp://hush", secret = "{SECRET}" }}\n', 1, "https"),
        (HEAD + 'contacts.x = { url = "https://hush", secret = "hush" }\n', 1, "24 characters"),
        (HEAD + 'contacts.x = ["hush"]\n', 1, "contacts"),
        (HEAD + 'phone = "hush"\n', 1, "phone"),
    ],
)
def test_a_wrong_file_says_where_and_keeps_the_secret(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(UsageError, match=rf"units\.toml:{line}: units\[") as caught:
        load(written(tmp_path, text))
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_offices_cannot_have_one_street(tmp_path: Path) -> None:
    office = '[[units]]\nname = "{}"\nrank = "street"\nup = "head"\nstreets = ["1"]\n'
    with pytest.raises(UsageError, match=r":9: .*1 is also that of 'a'"):
        load(written(tmp_path, HEAD + office.format("a") + office.format("b")))


def test_what_is_no_toml_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="line 1"):
        load(written(tmp_path, "[[units\n"))
