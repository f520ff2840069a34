"""What residents may report, of the shipped standard and of one of a place's own."""

from __future__ import annotations

import pytest

from cases.filing.services import Service, headings, row_of, services
from cases.filing.standard import load
from facility.assets import CoverType
from tests.cases.filings import ASSETS

EDITION = load().editions[0]
SERVICES = services(EDITION)


def service(code: str) -> Service:
    return SERVICES[code]


def test_every_kind_of_trouble_can_be_reported() -> None:
    codes = set(SERVICES)
    assert {
        "0137-out",
        "0123-dangerous",
        "0123-rattle",
        "0304-dirty",
        "L201-damaged",
        "L202-damaged",
        "L301-found",
        "L308-found",
        "L299-found",
        "L399-found",
    } <= codes
    for one in SERVICES.values():
        assert one.code == f"{one.row.code.code}-{one.row.condition.key}"


def test_what_only_a_sensor_can_tell_is_not_asked() -> None:
    for code in ("0137-silent", "0304-gas", "L137-lamps_lost"):
        assert code not in SERVICES


def test_names_are_told_apart_in_both_languages() -> None:
    for language in ("zh", "en"):
        names = [getattr(one.name, language) for one in SERVICES.values()]
        assert len(set(names)) == len(names)


def test_a_heading_is_there_once_whatever_the_groups() -> None:
    found = headings(SERVICES.values())
    assert [one.zh for one in found][:3] == ["井盖", "路灯", "垃圾转运站"]
    assert sum(map(len, found.values())) == len(SERVICES)
    roads = next(group for heading, group in found.items() if heading.en == "Roads")
    assert {"L201-damaged", "L204-blocked"} <= {one.code for one in roads}


def test_one_cover_is_offered_and_the_others_are_asked_for() -> None:
    covers = [code for code in SERVICES if SERVICES[code].heading.en == "Manhole covers"]
    assert covers == ["0123-dangerous", "0123-rattle", "0123-sunk", "0123-flooding"]
    choice = service("0123-rattle").choice
    assert choice is not None
    assert {row.code.code for row in choice.rows} >= {"0101", "0123", "L101"}
    assert {row.condition.key for row in choice.rows} == {"rattle"}


@pytest.mark.parametrize(
    ("chosen", "asset", "code"),
    [
        (None, None, "0123"),
        ("0103", None, "0103"),
        (None, f"M-{CoverType.GAS}", "0111"),
        ("0103", f"M-{CoverType.GAS}", "0111"),
        (None, "L1", "0123"),
    ],
)
def test_the_row_is_that_of_the_asset_or_of_what_was_said(
    chosen: str | None, asset: str | None, code: str
) -> None:
    found = row_of(service("0123-rattle"), chosen, ASSETS.get(asset or ""))
    assert (found.code.code, found.condition.key) == (code, "rattle")


@pytest.mark.parametrize("offered", ["0123-rattle", "0137-out"])
def test_an_answer_that_was_not_offered_is_refused(offered: str) -> None:
    with pytest.raises(ValueError, match=r"asked beside|one of 0101"):
        row_of(service(offered), "0304", None)
