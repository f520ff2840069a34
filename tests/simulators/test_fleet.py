from collections import Counter
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from facility import inventory_file
from facility.assets import Streetlight
from facility.errors import UsageError
from facility.grid import DEPTH, Level
from facility.importing import import_files
from facility.inventory import Inventory
from facility.measurements import Kind
from simulators import geojson
from simulators.fleet import Fleet, build
from simulators.scenario import parse
from tests.simulators.sent import scenario
from tests.simulators.test_scenario import STREET


@lru_cache(maxsize=3)
def fleet(name: str) -> Fleet:
    return build(scenario(name))


def test_jinshui_has_what_the_district_has() -> None:
    jinshui = fleet("jinshui")
    assert len(jinshui.roads) == 193
    assert len({road.name for road in jinshui.roads}) == 193
    assert len(jinshui.stations) == 21
    classes = Counter(cover.road_class for cover in jinshui.covers.assets)
    assert classes.pop("pavement") == 18_735
    assert sum(classes.values()) == 5_268
    assert set(classes) == {"main", "secondary", "branch"}
    levels = Counter(cell.level for cell in jinshui.cells)
    assert levels == {"district": 1, "street": 17, "community": 68, "grid": 272, "courtyard": 1_088}
    assert 15_000 < len(jinshui.streetlights) < 25_000


def test_the_demo_is_about_a_tenth() -> None:
    whole, tenth = fleet("jinshui"), fleet("jinshui-demo")
    for kind in (Kind.STREETLIGHT, Kind.CABINET, Kind.COVER):
        share = len(tenth.of_kind(kind)) / len(whole.of_kind(kind))
        assert share == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("name", ["street", "jinshui-demo", "jinshui"])
def test_lamps_hang_together_as_real_ones_do(name: str) -> None:
    found = fleet(name)
    inventory = Inventory.of(found.assets())
    assert len(inventory) == len(found)  # no id twice
    for segment in inventory.segments.values():
        assert 10 <= len(segment.lamps) <= 40
        assert [lamp.seq for lamp in segment.lamps] == list(range(1, len(segment.lamps) + 1))
        assert len({lamp.circuit for lamp in segment.lamps}) == 1
    lamps_of = Counter(lamp.cabinet for lamp in inventory.streetlights)
    for cabinet in inventory.cabinets:
        assert 2 <= len(cabinet.circuits) <= 6
        fed = {c for c in cabinet.circuits if inventory.circuits[c][0].cabinet == cabinet.id}
        assert fed == set(cabinet.circuits)
        assert lamps_of[cabinet.id] > 0
    spans = [len({lamp.segment for lamp in lamps}) for lamps in inventory.circuits.values()]
    assert max(spans) > 1
    assert {lamp.plan for lamp in inventory.streetlights} == {"all-night", "half-night"}


def test_gateways_have_a_plausible_number_of_devices() -> None:
    behind = [len(rows) for _, rows in fleet("jinshui").gateways.values()]
    assert min(behind) >= 40
    assert max(behind) <= 220
    assert 100 < np.mean(behind) < 180


def test_lamps_stand_about_35_metres_apart() -> None:
    for segment in Inventory.of(fleet("jinshui-demo").assets()).segments.values():
        gaps = [_metres(a, b) for a, b in pairwise(segment.lamps)]
        assert min(gaps) > 20
        assert np.mean(gaps) == pytest.approx(35, abs=3)


@pytest.mark.parametrize("name", ["street", "jinshui-demo", "jinshui"])
def test_the_inventory_imports_without_a_remark(name: str, tmp_path: Path) -> None:
    files = tmp_path / "inventory.geojson", tmp_path / "grid.geojson"
    files[0].write_bytes(geojson.inventory(fleet(name)))
    files[1].write_bytes(geojson.grid(fleet(name)))
    report = import_files(tmp_path / "kept", files[0], grid_file=files[1])
    assert report.rejected == ()
    assert report.warnings == ()
    assert report.added == len(fleet(name))
    assert report.cells == len(fleet(name).cells)


def test_what_stands_in_a_courtyard_lands_there(tmp_path: Path) -> None:
    files = tmp_path / "inventory.geojson", tmp_path / "grid.geojson"
    files[0].write_bytes(geojson.inventory(fleet("jinshui-demo")))
    files[1].write_bytes(geojson.grid(fleet("jinshui-demo")))
    import_files(tmp_path / "kept", files[0], grid_file=files[1])
    grid = inventory_file.load_grid(tmp_path / "kept")
    found = Counter[Level]()
    for asset in inventory_file.load(tmp_path / "kept").assets.values():
        cell = grid.cell(asset.grid or "")
        assert cell is not None
        found[cell.level] += 1
        assert len(grid.ancestors(cell.code)) == DEPTH[cell.level]
    assert set(found) == {Level.GRID, Level.COURTYARD}
    assert min(found.values()) > 500
    for cell in grid.cells.values():
        if cell.level is Level.COURTYARD:
            assert grid.cells[cell.parent or ""].geometry.covers(cell.geometry)
    courtyards = [cell for cell in grid.cells.values() if cell.level is Level.COURTYARD]
    vacant = sum(cell.responsible is None for cell in courtyards)
    assert 0 < vacant < len(courtyards) / 20


def test_the_same_seed_builds_the_same_district() -> None:
    again = build(scenario("street"))
    assert geojson.inventory(again) == geojson.inventory(fleet("street"))


def test_a_district_needs_a_road() -> None:
    text = STREET.read_text("utf-8")
    for road_class in ("main", "secondary", "branch"):
        text = text.replace(f"{road_class}_roads = 1", f"{road_class}_roads = 0")
    with pytest.raises(UsageError, match=r"street.toml.*at least one road"):
        parse(text, "street.toml")


def _metres(a: Streetlight, b: Streetlight) -> float:
    return float(np.hypot((a.lon - b.lon) * 91_400, (a.lat - b.lat) * 111_320))


def test_assets_have_the_tags_that_the_scenario_gives_them() -> None:
    tagged = {asset.id for asset in fleet("jinshui-demo").assets() if asset.tags == ("易涝点",)}
    assert tagged == set(scenario("jinshui-demo").tags["易涝点"])
    wrong = msgspec.structs.replace(scenario("street"), tags={"易涝点": ("MC-99999",)})
    with pytest.raises(UsageError, match="street: tags: nothing is called MC-99999"):
        build(wrong)
