"""Weighing: what a station's counters gained, whatever they do."""

from __future__ import annotations

import math

import pytest

from rules.book.rulebook import load
from rules.stations.weighing import Scales, Weighed, weigh

BOOK = load().backlog
MOST = 30.0
NAN = math.nan


def after(*reports: tuple[float, ...]) -> Weighed:
    """What the last of (inbound, outbound[, stock]) says, after those before it."""
    scales, found = Scales(), Weighed()
    for inbound, outbound, *stock in reports:
        found = weigh(scales, inbound, outbound, stock[0] if stock else NAN, MOST, BOOK)
    return found


@pytest.mark.parametrize(
    ("reports", "came", "went"),
    [
        pytest.param([(5000, 4980)], 0, 0, id="the first says nothing"),
        pytest.param([(5000, 4980), (5002, 4989)], 2, 9, id="weighed"),
        pytest.param([(5000, 4980), (NAN, 4989)], 0, 9, id="one of them is left out"),
        pytest.param([(5000, 4980), (4997.5, 4980)], -2.5, 0, id="corrected"),
        pytest.param([(5000, 4980), (2, 0)], 2, 0, id="both began anew"),
        pytest.param([(5000, 4980), (0, 0), (2, 9)], 2, 9, id="and went on from there"),
        pytest.param([(5000, 4980), (5000, 82_000), (5002, 82_009)], 2, 9, id="replaced"),
        pytest.param([(5000, 4980), (9999, 4980), (5002, 4980)], 2, 0, id="slipped upwards"),
        pytest.param([(5000, 4980), (0, 4980), (5002, 4989)], 2, 9, id="slipped to nothing"),
        pytest.param([(20, 11), (1020, 11), (20.5, 11)], 0.5, 0, id="slipped while it was young"),
        pytest.param([(5000, 4980), (4989, 5002)], 2, 9, id="changed places"),
        pytest.param([(5000, 4980), (4989, 5002), (5004, 4998)], 2, 9, id="and back"),
        pytest.param([(5000, 4980), (4989, 5002), (4998, 5004)], 2, 9, id="or for good"),
    ],
)
def test_what_counters_do_is_not_tonnes(
    reports: list[tuple[float, float]], came: float, went: float
) -> None:
    found = after(*reports)
    assert found.came == pytest.approx(came)
    assert found.went == pytest.approx(went)


def test_a_leap_breaks_the_sum_and_a_new_counter_does_not() -> None:
    assert after((5000, 4980), (5000, 82_000)).broken
    assert not after((5000, 4980), (2, 0)).broken
    assert after((5000, 4980), (99_999, 4980), (5002, 4982)).broken
    assert not after((5000, 4980), (99_999, 4980), (5002, 4982), (5004, 4982)).broken


def test_stock_alone_is_weighed_in_steps_and_not_in_noise() -> None:
    stocks = [10.0, 10.1, 9.9, 10.2, 12.3, 12.2, 3.1]
    found = [after(*((NAN, NAN, stock) for stock in stocks[: n + 1])) for n in range(len(stocks))]
    assert [round(one.came - one.went, 2) for one in found] == [0, 0, 0, 0, 2.3, 0, -9.2]


def test_stock_speaks_until_both_counters_do() -> None:
    assert after((5000, NAN, 10), (5002, NAN, 12)) == Weighed(2.0, 0.0)
    assert after((5000, 4980, 10), (5000, 4980, 14)) == Weighed(0.0, 0.0)
