"""A fleet that is not ours, drawn by `bench.foreign`: the rules were not made on it.

One small one here; `python -m bench.foreign` scores many.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.foreign.roads import read_roads
from bench.foreign.run import draw, scored
from facility.errors import UsageError


def test_faults_of_a_foreign_fleet_are_found_and_nothing_else() -> None:
    scores = scored(draw(101, days=3, lamps=100, covers=12, stations=6))
    hits = sum(one.hits for one in scores.values())
    missed = [what for one in scores.values() for what in one.missed]
    false = [what for one in scores.values() for what in one.false_alarms]
    assert hits > 10
    assert len(missed) <= 1, missed
    assert len(false) <= 1, false


def post(name: str, east_m: float, north_m: float = 0.0) -> dict[str, object]:
    at = [-71.1 + east_m / 111_320 / 0.7388, 42.37 + north_m / 111_320]
    return {"properties": {"StreetName": name}, "geometry": {"coordinates": at}}


def test_lamps_stand_along_real_roads_in_their_order(tmp_path: Path) -> None:
    along = (90, 0, 30, 60, 600, 630)
    posts = [post("MAIN", at) for at in along] + [post("SIDE", 40, 30 * n) for n in range(4)]
    path = tmp_path / "posts.geojson"
    path.write_text(json.dumps({"features": posts}))
    roads = read_roads(path, 113.69, 34.78)
    # MAIN is two stretches: nobody sees half a kilometre without lamps as one row.
    assert sorted(len(road.seq) for road in roads) == [2, 4, 4]
    assert all((road.seq[1:] > road.seq[:-1]).all() for road in roads)
    assert all(abs(road.lat - 34.78).max() < 0.01 for road in roads)
    fleet = draw(1, days=1, lamps=20, covers=0, stations=0, roads=roads)
    assert max(len(one.lamps) for one in fleet.inventory.segments.values()) <= 4


def test_a_file_without_posts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.geojson"
    path.write_text("{}")
    with pytest.raises(UsageError, match="no GeoJSON of lamp posts"):
        read_roads(path, 113.69, 34.78)
