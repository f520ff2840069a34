"""How often somebody may ask; time is an argument."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.limits import Limiter, network_of


def test_so_many_at_once_and_then_one_by_one() -> None:
    limiter = Limiter(3, 30)
    assert [limiter.take("a", 100) for _ in range(4)] == [0, 0, 0, 10]
    assert limiter.take("b", 100) == 0, "each for itself"
    assert limiter.take("a", 109) == pytest.approx(1)
    assert limiter.take("a", 110) == 0
    assert limiter.take("a", 110) == pytest.approx(10)


def test_what_is_given_back_did_not_count() -> None:
    limiter = Limiter(1, 10)
    for _ in range(5):
        assert limiter.take("a", 0) == 0
        limiter.give_back("a")
    limiter.give_back("nobody")


@given(
    many=st.integers(1, 20),
    per_s=st.floats(0.5, 3_600),
    waits=st.lists(st.floats(0, 100), max_size=80),
)
def test_no_span_has_more_than_twice_what_is_said(
    many: int, per_s: float, waits: list[float]
) -> None:
    limiter, now, taken = Limiter(many, per_s), 0.0, []
    for wait in waits:
        now += wait
        if limiter.take("a", now) == 0:
            taken.append(now)
    for start in taken:
        assert sum(start <= one < start + per_s for one in taken) <= 2 * many


@given(st.floats(0.5, 3_600), st.integers(1, 20), st.floats(0, 1e6))
def test_who_waits_as_long_as_told_may_ask(per_s: float, many: int, now: float) -> None:
    limiter = Limiter(many, per_s)
    while (wait := limiter.take("a", now)) == 0:
        pass
    assert limiter.take("a", now + wait) == 0


def test_it_remembers_a_bounded_number_of_keys() -> None:
    limiter = Limiter(1, 10, most=100)
    for n in range(1_000):
        limiter.take(str(n), 0)
    assert len(limiter) == 100
    assert limiter.take("999", 0) == 10


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_what_one_subscriber_has_is_one_key(address: str, network: str) -> None:
    assert network_of(address) == network
