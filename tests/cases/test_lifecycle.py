"""The lifecycle, without a database."""

from __future__ import annotations

from typing import get_args

import pytest

from cases.case import STATES, Case, Stage, State
from cases.events import SensorEvent
from cases.lifecycle import Refusal, apply, fold
from cases.stages import STATE_AFTER
from tests.cases.made import event

A_LIFE = [
    event(1, "opened", "L1", "L2", cause="cable", evidence={"dark": 2}, rule="r", rule_version="1"),
    event(2, "joined", "L3", "L2"),
    event(3, "left", "L1", evidence={"lit": ["L1"]}),
    event(4, "recovered", "L2", "L3", evidence={"lit": 3}),
    event(5, "relapsed", "L2", cause="cable again", evidence={"dark": 1}),
    event(6, "recovered", "L2"),
    event(7, "closed", "L2", author="Li", evidence={"reason": "repaired"}),
]


def test_a_case_is_the_sum_of_its_events() -> None:
    states, members = [], []
    for many in range(1, len(A_LIFE) + 1):
        case = fold(A_LIFE[:many])
        assert case is not None
        assert case.version == many
        states.append(case.state)
        members.append("".join(name[1] for name in case.members))
    assert states == ["open", "open", "open", "recovered", "open", "recovered", "closed"]
    assert members == ["12", "123", "23", "23", "2", "2", "2"]


def test_a_member_that_joins_does_not_hide_why_it_was_opened() -> None:
    case = fold([*A_LIFE[:1], event(2, "joined", "L3", evidence={"dark": 1})])
    assert case is not None
    assert (case.cause, case.evidence) == ("cable", {"dark": 2})


def test_recovery_and_closing_do_not_hide_why_it_was_opened() -> None:
    case = fold(A_LIFE)
    assert case is not None
    assert (case.cause, case.evidence) == ("cable again", {"dark": 1})
    assert (case.rule, case.rule_version) == ("r", "1")
    assert (case.opened_at, case.recovered_at, case.closed_at) == (1, 6, 7)


def test_a_relapse_takes_the_recovery_back() -> None:
    case = fold(A_LIFE[:5])
    assert case is not None
    assert case.recovered_at is None


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("name", get_args(SensorEvent))
def test_what_the_table_does_not_name_is_refused_with_what_is_possible(
    state: State | None, name: SensorEvent
) -> None:
    case = None
    if state is not None:
        stage: Stage = "closed" if state == "closed" else "verifying"
        case = Case("c1", "streetlight.segment_unlit", "segment:S1", state, 1, ("L1",), stage=stage)
    outcome = apply(case, event(2, name, "L1"))
    if (state, name) in STATE_AFTER or (state, name) == (None, "opened"):
        assert isinstance(outcome, Case)
    else:
        assert isinstance(outcome, Refusal)
        assert "c1" in outcome.en
        assert "c1" in outcome.zh
        assert name not in outcome.possible
        assert bool(outcome.possible) == (state != "closed")


def test_an_event_of_another_subject_is_refused() -> None:
    outcome = apply(fold(A_LIFE[:1]), event(2, "joined", "L9", subject="segment:S2"))
    assert isinstance(outcome, Refusal)
    assert "segment:S2" in outcome.en


def test_a_case_whose_members_all_moved_to_another_is_over_without_recovering() -> None:
    merged = fold([A_LIFE[0], event(2, "left", "L1", "L2", cause="merged")])
    assert merged is not None
    assert (merged.state, merged.closed_at, merged.recovered_at) == ("closed", 2, None)
    assert (merged.stage, merged.how) == ("closed", "merged")
