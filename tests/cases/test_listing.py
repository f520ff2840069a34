"""Which cases a list has, and in which order, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from cases import words
from cases.actions import Given
from cases.desk import Desk
from cases.listing import CaseFilter, Sort
from cases.opening import Reported
from facility.clock import HOUR
from facility.errors import UsageError
from tests.cases.made import HANDLER, LI, UNIT, do, opened, report
from tests.cases.test_opening import HERE, START


@pytest.fixture
def here(url: str) -> Iterator[Desk]:
    with closing(Desk(url, HERE)) as desk:
        yield desk


@pytest.fixture
def many(here: Desk) -> Desk:
    """Cases at many stages: a new one, one handed over, one accepted, one suspended, and a
    resident's."""
    here.record(
        [opened(START + n, name) for n, name in enumerate(["new", "given", "taken", "put"])]
    )
    here.record([opened(START + 4, "asks", type="cover.rattle", subject="cover:M2")])
    do(here, "given", START + HOUR, "dispatch", "supervise")
    do(here, "taken", START + HOUR, "dispatch", "accept")
    here.act("put", "suspend", LI, START + HOUR, Given(reason="x", until=START + 9 * HOUR))
    do(here, "asks", START + 2 * HOUR, "dispatch", "request_extension")
    here.act("asks", "supervise", LI, START + 2 * HOUR, Given(reason="x", level=1))
    report(here, Reported("R-7", "L201", "damaged", 113.7, 34.8), START + 5)
    return here


def ids(desk: Desk, sort: Sort = "opened_at", **narrow: Any) -> list[str]:
    found = desk.listing(CaseFilter(**narrow), 100, sort=sort).items
    return [case.subject if case.source == "resident" else case.id for case in found]


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ({"stages": ("filed",)}, "put new"),
        ({"stages": ("reported", "handling")}, "report:R-7 taken"),
        ({"source": "resident"}, "report:R-7"),
        ({"unit": UNIT}, "asks taken given"),
        ({"unit": UNIT, "stages": ("dispatched",)}, "asks given"),
        ({"handler": HANDLER.name}, "taken"),
        ({"street": "410105001", "source": "sensor"}, "put taken given new"),
        ({"cell": "410105001001", "stages": ("reported",)}, "report:R-7"),
        ({"suspended": True}, "put"),
        ({"extension_asked": True}, "asks"),
        ({"supervised": 1}, "asks given"),
        ({"supervised": 2}, "given"),
        ({"supervised": 3}, ""),
        ({"opened_from": START + 1, "opened_to": START + 3}, "taken given"),
        ({"words": "r-7"}, "report:R-7"),
        ({"words": "TAK"}, "taken"),
        ({"words": "ake"}, ""),
        ({"words": "cover:m2"}, "asks"),
        ({"words": "M2 asks"}, "asks"),
        ({"words": "M2 taken"}, ""),
        ({"words": "%"}, ""),
        ({"words": "_"}, ""),
    ],
)
def test_lists_are_narrowed(many: Desk, narrow: dict[str, Any], expected: str) -> None:
    assert ids(many, **narrow) == expected.split()


@pytest.mark.parametrize("few", [1_000, 0])
def test_words_find_the_same_whether_few_cases_have_them_or_many(
    many: Desk, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "_FEW", few)
    assert ids(many, words="segment: ") == ["put", "taken", "given", "new"]
    assert ids(many, "changed_at", words="segment ta") == ["taken"]
    first = many.listing(CaseFilter(words="segment"), 3)
    rest = many.listing(CaseFilter(words="segment"), 3, first.next)
    found = [case.id for page in (first, rest) for case in page.items]
    assert found == ["put", "taken", "given", "new"]
    assert rest.next is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ("20260626-0001f4ab", "streetlight:JS_L0123"),
            "20260626-0001f4ab 0001f4ab streetlight:js_l0123 js_l0123 l0123 0123",
        ),
        (("segment:花园路-3",), "segment:花园路-3 花园路-3 园路-3 路-3 3"),
        (("cover:" + "m" * 200,), f"cover:{'m' * 58} {'m' * 64}"),
    ],
)
def test_what_a_case_is_looked_for_by(texts: tuple[str, ...], expected: str) -> None:
    assert words.terms(*texts) == set(expected.split())


def test_a_case_that_ended_is_not_suspended_any_more_nor_waits_for_an_answer(many: Desk) -> None:
    for case in ("put", "asks"):
        many.act(case, "void", LI, START + 3 * HOUR, Given(reason="a drill"))
    assert ids(many, suspended=True) == ids(many, extension_asked=True) == []


def test_the_last_change_comes_first(many: Desk) -> None:
    assert ids(many, "changed_at")[:2] == ["asks", "taken"]
    do(many, "new", START + 3 * HOUR, "note")
    seen: list[str] = []
    cursor = None
    while True:
        page = many.listing(CaseFilter(), 2, cursor, "changed_at")
        seen += [case.id for case in page.items]
        if (cursor := page.next) is None:
            break
    assert seen[0] == "new"
    assert len(seen) == len(set(seen)) == 6
    with pytest.raises(UsageError, match="cursor"):
        many.listing(CaseFilter(), 2, many.listing(CaseFilter(), 2).next, "changed_at")
