"""Shelvings end by themselves, are bounded, and are the same on every database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from cases import shelvings as module
from cases.shelvings import LONGEST, NoSuchShelving, Shelving, Shelvings
from facility.clock import DAY, HOUR
from facility.errors import UsageError

NOW = 100 * DAY


@pytest.fixture
def shelvings(url: str) -> Iterator[Shelvings]:
    with closing(Shelvings(url)) as opened:
        yield opened


def shelve(shelvings: Shelvings, until: int = NOW + HOUR, now: int = NOW) -> Shelving:
    return shelvings.shelve(["cover.rattle"], {"road": "花园路"}, "works", "Li", now, until)


def test_one_that_runs_is_kept_until_it_is_over(shelvings: Shelvings) -> None:
    made = shelve(shelvings)
    assert shelvings.not_over(NOW) == [made]
    assert shelvings.not_over(NOW + HOUR) == []
    assert (made.types, made.place) == (("cover.rattle",), {"road": "花园路"})


def test_one_may_be_ended_before(shelvings: Shelvings) -> None:
    made = shelve(shelvings)
    ended = shelvings.end(made.id, "Wang", NOW + HOUR // 2)
    assert (ended.over_at, ended.ended_by) == (NOW + HOUR // 2, "Wang")
    assert shelvings.end(made.id, "Zhao", NOW + HOUR // 2 + 1) == ended
    assert shelvings.not_over(NOW) == [ended]
    assert shelvings.not_over(NOW + HOUR // 2) == []
    with pytest.raises(NoSuchShelving):
        shelvings.end("none", "Wang", NOW)


def test_one_that_is_over_is_not_ended_again(shelvings: Shelvings) -> None:
    made = shelve(shelvings)
    assert shelvings.end(made.id, "Wang", NOW + DAY) == made


@pytest.mark.parametrize("until", [NOW, NOW - 1, NOW + LONGEST + 1])
def test_one_without_an_end_in_sight_is_refused(shelvings: Shelvings, until: int) -> None:
    with pytest.raises(UsageError, match="within 30 days"):
        shelve(shelvings, until)


def test_everything_everywhere_is_refused(shelvings: Shelvings) -> None:
    with pytest.raises(UsageError, match="everything everywhere"):
        shelvings.shelve([], {}, "works", "Li", NOW, NOW + HOUR)


def test_they_are_bounded(shelvings: Shelvings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    shelve(shelvings)
    shelve(shelvings)
    with pytest.raises(UsageError, match="2 shelvings run already"):
        shelve(shelvings)
    shelve(shelvings, NOW + 3 * HOUR, NOW + 2 * HOUR)
