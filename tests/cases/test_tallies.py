"""Tallies add up over any span, by whatever they have in common, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from cases.tallies import Tallies, Tally, Total

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 30)


@pytest.fixture
def tallies(url: str) -> Iterator[Tallies]:
    with closing(Tallies(url)) as opened:
        yield opened


def night(day: str, place: str, lit: float, **more: str) -> Tally:
    numbers = {"lamps": 10.0, "lit_min": lit, "dark_min": 100 - lit}
    return Tally("lighting", day, numbers, kind="streetlight", place=place, **more)


def test_they_are_summed_by_what_is_asked(tallies: Tallies) -> None:
    tallies.put(
        [
            night("2026-06-21", "S1", 90, street="A", road_class="main"),
            night("2026-06-21", "S2", 80, street="A"),
            night("2026-06-22", "S1", 70, street="A", road_class="main"),
            night("2026-06-22", "S3", 60, street="B"),
            night("2026-07-01", "S1", 50, street="A", road_class="main"),
            Tally("station", "2026-06-21", {"in_t": 40.0}, street="A", kind="station", place="W1"),
        ]
    )
    by_street = tallies.totals("lighting", FIRST, LAST, ["street"])
    assert [(one.of, one.days, one.numbers["lit_min"]) for one in by_street] == [
        ({"street": "A"}, 2, 240.0),
        ({"street": "B"}, 1, 60.0),
    ]
    by_night = tallies.totals("lighting", FIRST, LAST, ["day", "road_class"])
    assert [(tuple(one.of.values()), one.numbers["lamps"]) for one in by_night] == [
        (("2026-06-21", ""), 10.0),
        (("2026-06-21", "main"), 10.0),
        (("2026-06-22", ""), 10.0),
        (("2026-06-22", "main"), 10.0),
    ]
    assert tallies.totals("station", FIRST, LAST) == [
        Total({}, 1, {"in_t": 40.0, "out_t": 0.0, "left_t": 0.0})
    ]


def test_those_of_a_day_are_read_as_they_were_put(tallies: Tallies) -> None:
    one = night("2026-06-21", "S1", 90, street="A", road_class="main")
    others = [night("2026-06-22", "S1", 70), Tally("coverage", "2026-06-21", {"installed": 3.0})]
    tallies.put([one, *others])
    assert tallies.of_day("lighting", date(2026, 6, 21)) == [one]
    assert tallies.of_day("station", date(2026, 6, 21)) == []


def test_counting_again_stands_in_place_of_what_was_counted(tallies: Tallies) -> None:
    tallies.put([night("2026-06-21", "S1", 10), night("2026-06-21", "S2", 10)])
    tallies.put([night("2026-06-21", "S1", 30), night("2026-06-21", "S1", 40)])
    assert tallies.totals("lighting", FIRST, LAST)[0].numbers["lit_min"] == 50


def test_a_span_without_any_has_no_total(tallies: Tallies) -> None:
    assert tallies.totals("coverage", FIRST, LAST) == []
    assert tallies.totals("coverage", FIRST, LAST, ["day"]) == []


def test_many_are_kept_at_once(tallies: Tallies) -> None:
    rows = [night("2026-06-21", f"S{i}", 1) for i in range(1234)]
    tallies.put(rows)
    tallies.put(rows)
    total = tallies.totals("lighting", FIRST, LAST)[0]
    assert total.numbers["lit_min"] == 1234
