"""A fleet that is not ours, drawn by `bench.foreign`: the rules were not made on it.

One small one here; `python -m bench.foreign` scores many.
"""

from __future__ import annotations

from bench.foreign.run import draw, scored


def test_faults_of_a_foreign_fleet_are_found_and_nothing_else() -> None:
    scores = scored(draw(101, days=3, lamps=100, covers=12, stations=6))
    hits = sum(one.hits for one in scores.values())
    missed = [what for one in scores.values() for what in one.missed]
    false = [what for one in scores.values() for what in one.false_alarms]
    assert hits > 10
    assert len(missed) <= 1, missed
    assert len(false) <= 1, false
