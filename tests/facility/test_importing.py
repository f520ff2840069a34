"""Importing a file: what gets in, what is refused and why, and that again changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from facility.assets import Cabinet, Cover, CoverType, Streetlight
from facility.errors import Retryable, UsageError
from facility.import_report import ImportReport
from facility.importing import import_files, read_assets, read_inventory
from facility.inventory_file import GRID, INVENTORY, load, load_assets, locked, version

AREA = "410105"


def feature(lon: float = 113.65, lat: float = 34.75, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"area": AREA} | properties,
    }


def lamp(id_: str, number: int, **properties: Any) -> dict[str, Any]:
    return feature(113.65 + number / 10_000, id=id_, kind="streetlight", **properties)


def write(path: Path, features: list[dict[str, Any]]) -> Path:
    lines = ",\n".join(json.dumps(item) for item in features)
    path.write_text('{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n", "utf-8")
    return path


def cell(code: str, size: float, level: str, **properties: Any) -> dict[str, Any]:
    ring = [[113.6, 34.7], [113.6 + size, 34.7], [113.6 + size, 34.7 + size], [113.6, 34.7 + size]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {"code": code, "level": level} | properties,
    }


def told(issues: tuple[Any, ...]) -> list[tuple[int, str, str]]:
    return [(issue.place.line, issue.subject, issue.reason) for issue in issues]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.rows == report.added + report.changed + report.unchanged + len(
        [issue for issue in report.rejected if issue.place.source == report.source]
    )
    return report.added, report.changed, report.unchanged, len(report.rejected)


MIXED = [
    lamp("L-1", 1, segment="S", seq=1, road="A"),
    lamp("L-2", 2, seq="M?"),
    lamp("L-1", 3),
    feature(id="M-1", kind="cover", colour="red"),
    {"type": "Feature", "geometry": None, "properties": {"id": "L-3", "kind": "streetlight"}},
    lamp("L-4", 4, segment="S", seq=2, road="A"),
]


def test_good_rows_get_in_and_bad_ones_are_named(tmp_path: Path) -> None:
    report = import_files(tmp_path / "data", write(tmp_path / "a.geojson", MIXED))
    assert counts(report) == (3, 0, 0, 3)
    assert told(report.rejected) == [
        (3, "L-2", "seq 'M?' is not a number"),
        (4, "L-1", "id L-1 is taken by line 2 of this file"),
        (6, "L-3", "area is missing; lon is missing; lat is missing"),
    ]
    assert told(report.warnings) == [(5, "M-1", "colour is no property of a cover: ignored")]
    assert sorted(load(tmp_path / "data").assets) == ["L-1", "L-4", "M-1"]


def test_the_second_of_an_id_is_good_where_the_first_was_bad(tmp_path: Path) -> None:
    rows = [lamp("L-1", 1, seq="x"), lamp("L-1", 2, seq=2)]
    assert counts(import_files(tmp_path, write(tmp_path / "a.geojson", rows))) == (1, 0, 0, 1)


def test_importing_again_changes_nothing_in_any_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    grid = write(tmp_path / "grid.geojson", [cell("D", 0.2, "district")])
    first = import_files(data, write(tmp_path / "a.geojson", MIXED[:1] + MIXED[3:]), None, grid)
    kept = {name: (data / name).read_bytes() for name in (INVENTORY, GRID)}
    again = import_files(
        data, write(tmp_path / "b.geojson", MIXED[3:][::-1] + MIXED[:1]), None, grid
    )
    assert counts(first) == (3, 0, 0, 1)
    assert counts(again) == (0, 0, 3, 1)
    assert {name: (data / name).read_bytes() for name in kept} == kept


def test_what_was_kept_can_be_imported_elsewhere_to_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    grid = write(tmp_path / "cells.geojson", [cell("D", 0.2, "district")])
    import_files(one, write(tmp_path / "a.geojson", MIXED), None, grid)
    report = import_files(other, one / INVENTORY, None, one / GRID)
    assert (report.rejected, report.warnings) == ((), ())
    assert version(other) == version(one)


def test_a_row_takes_the_place_of_the_one_of_its_id(tmp_path: Path) -> None:
    import_files(tmp_path, write(tmp_path / "a.geojson", MIXED))
    rows = [lamp("L-1", 1, segment="S", seq=7), lamp("L-5", 5)]
    report = import_files(tmp_path, write(tmp_path / "b.geojson", rows))
    assert counts(report) == (1, 1, 0, 0)
    assets = load(tmp_path).assets
    assert sorted(assets) == ["L-1", "L-4", "L-5", "M-1"]
    changed = assets["L-1"]
    assert isinstance(changed, Streetlight)
    assert (changed.seq, changed.road) == (7, None)


def test_an_id_belongs_to_its_kind(tmp_path: Path) -> None:
    import_files(tmp_path, write(tmp_path / "a.geojson", MIXED))
    rows = [feature(id="L-1", kind="cover"), feature(113.7, id="M-2", kind="cover")]
    report = import_files(tmp_path, write(tmp_path / "b.geojson", rows))
    assert counts(report) == (1, 0, 0, 1)
    assert told(report.rejected) == [
        (2, "L-1", "id L-1 is a streetlight in the inventory, not a cover")
    ]
    assert isinstance(load(tmp_path).assets["L-1"], Streetlight)


def test_a_table_is_as_good_as_geojson(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text(
        "id,kind,area,name,lon,lat,circuits,cabinet,circuit,cover_type,seq\n"
        "C-1,cabinet,410105,北配电柜,113.65,34.75,C1;C2,,,,\n"
        "L-1,streetlight,410105,,113.651,34.75,,C-1,C2,,4\n"
        "M-1,cover,410105,,113.652,34.75,,,,gas,\n"
        "M-2,cover,410105,,213.652,34.75,,,,gas,\n",
        "utf-8",
    )
    report = import_files(tmp_path, table)
    assert counts(report) == (3, 0, 0, 1)
    assert told(report.rejected)[0][:2] == (5, "M-2")
    assert report.warnings == ()
    assert list(load(tmp_path).assets.values()) == [
        Cabinet(id="C-1", area=AREA, name="北配电柜", lon=113.65, lat=34.75, circuits=("C1", "C2")),
        Streetlight(
            id="L-1",
            area=AREA,
            name="L-1",
            lon=113.651,
            lat=34.75,
            cabinet="C-1",
            circuit="C2",
            seq=4,
        ),
        Cover(id="M-1", area=AREA, name="M-1", lon=113.652, lat=34.75, cover_type=CoverType.GAS),
    ]


def test_assets_get_the_cell_they_stand_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rows = [lamp("L-1", 1), lamp("L-2", 2, grid="D"), lamp("L-3", 9_000), lamp("L-4", 4, grid="Z")]
    cells = [cell("D", 0.2, "district"), cell("S", 0.1, "street", parent="D")]
    source = write(tmp_path / "a.geojson", rows)
    report = import_files(data, source, None, write(tmp_path / "cells.geojson", cells))
    assert report.cells == 2
    grids = {name: asset.grid for name, asset in load(data).assets.items()}
    assert grids == {"L-1": "S", "L-2": "D", "L-3": None, "L-4": "Z"}
    assert told(report.warnings) == [
        (4, "L-3", "lies in no cell of the grid"),
        (5, "L-4", "its grid code Z is not in the grid"),
    ]
    # Without a grid file the kept grid holds; a new grid locates anew what had no code of its own.
    assert told(import_files(data, source).warnings) == told(report.warnings)
    smaller = write(tmp_path / "cells.geojson", [cell("E", 0.2, "district")])
    report = import_files(data, source, None, smaller)
    assert counts(report) == (0, 0, 4, 0)
    grids = {name: asset.grid for name, asset in load(data).assets.items()}
    assert grids == {"L-1": "E", "L-2": "D", "L-3": None, "L-4": "Z"}


def test_bad_cells_are_named_and_the_good_ones_kept(tmp_path: Path) -> None:
    cells = [cell("D", 0.2, "district"), cell("S", 0.1, "street", parent="X")]
    grid = write(tmp_path / "cells.geojson", cells)
    source = write(tmp_path / "a.geojson", MIXED[:1])
    report = import_files(tmp_path / "data", source, None, grid)
    assert [(i.place.source, i.place.line, i.subject) for i in report.rejected] == [
        ("cells.geojson", 3, "S")
    ]
    assert counts(report) == (1, 0, 0, 1)
    assert load(tmp_path / "data").assets["L-1"].grid == "D"
    # A grid without one good cell does not replace the one there is.
    write(grid, cells[1:])
    assert import_files(tmp_path / "data", source, None, grid).cells == 0
    assert load(tmp_path / "data").assets["L-1"].grid == "D"


def test_rows_that_speak_against_each_other_are_remarked_on(tmp_path: Path) -> None:
    rows = [
        feature(113.61, id="C-1", kind="cabinet", circuits=["C1"]),
        lamp("L-1", 1, segment="S", road="A", cabinet="C-1", circuit="C1"),
        lamp("L-2", 2, segment="S", road="A", cabinet="C-2"),
        lamp("L-3", 3, segment="S", road="B", cabinet="C-1", circuit="C9"),
        lamp("L-4", 1, segment="T", road="B", cabinet="L-1"),
        feature(113.61, id="M-1", kind="cover"),
    ]
    report = import_files(tmp_path, write(tmp_path / "a.geojson", rows))
    assert counts(report) == (6, 0, 0, 0)
    assert sorted(told(report.warnings)) == [
        (4, "L-2", "its cabinet C-2 is not in the inventory"),
        (5, "L-3", "its circuit C9 is not one of cabinet C-1"),
        (5, "L-3", "its road is B, but segment S is on A"),
        (6, "L-4", "is exactly where streetlight L-1 is"),
        (6, "L-4", "its cabinet L-1 is not in the inventory"),
    ]


def test_cabinets_may_have_come_with_an_earlier_file(tmp_path: Path) -> None:
    cabinet = feature(113.61, id="C-1", kind="cabinet")
    import_files(tmp_path, write(tmp_path / "a.geojson", [cabinet]))
    rows = [lamp("L-1", 1, cabinet="C-1", circuit="C1")]
    assert import_files(tmp_path, write(tmp_path / "b.geojson", rows)).warnings == ()


def test_only_plans_that_there_are(tmp_path: Path) -> None:
    source = write(tmp_path / "a.geojson", [lamp("L-1", 1, plan="tunnel"), lamp("L-2", 2)])
    assert list(read_assets(source).assets) == ["L-2"]
    assert list(read_assets(source, plans={"all-night", "tunnel"}).assets) == ["L-1", "L-2"]


def test_a_foreign_file_needs_a_map(tmp_path: Path) -> None:
    table = tmp_path / "poles.csv"
    table.write_text("PoleID,X,Y\nP/1,113.65,34.75\nP/1,113.66,34.75\n,113.67,34.75\n")
    with pytest.raises(
        UsageError, match=r"has no columns id, kind, area but PoleID, X, Y; .*--map"
    ):
        import_files(tmp_path, table)
    mapped = tmp_path / "map.toml"
    mapped.write_text(
        '[properties]\nkind = {value = "streetlight"}\narea = {value = 410105}\n'
        'id = {column = "PoleID", replace = {"/" = "."}}\nlon = {column = "X"}\n'
        'lat = {column = "Y"}\nowner = {column = "Owner"}\n'
    )
    report = import_files(tmp_path, table, mapped)
    assert counts(report) == (1, 0, 0, 2)
    assert told(report.rejected) == [
        (3, "P.1", "id P.1 is taken by line 2 of this file"),
        (4, "", "id is missing"),
    ]
    assert told(report.warnings) == [(0, "", "map.toml speaks of column Owner, which no row has")]
    assert load(tmp_path).assets["P.1"].lon == 113.65


def test_a_skipped_row_is_reported(tmp_path: Path) -> None:
    mapped = tmp_path / "map.toml"
    mapped.write_text(
        '[[skip]]\ncolumn = "state"\nequals = ["planned"]\nreason = "is not built yet"\n'
        '[properties]\nid = {column = "id"}\nkind = {column = "kind"}\narea = {column = "area"}\n'
    )
    rows = [lamp("L-1", 1, state="planned"), lamp("L-2", 2, state="built")]
    report = import_files(tmp_path, write(tmp_path / "a.geojson", rows), mapped)
    assert told(report.rejected) == [(2, "L-1", "is not built yet")]
    assert list(load(tmp_path).assets) == ["L-2"]


def test_a_file_without_one_good_row_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    report = import_files(data, write(tmp_path / "a.geojson", [lamp("L 1", 1)]))
    assert counts(report) == (0, 0, 0, 1)
    assert not (data / INVENTORY).exists()


@pytest.mark.parametrize("bad", ["file", "map", "grid"])
def test_a_file_that_cannot_be_read_changes_nothing(tmp_path: Path, bad: str) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    mapped = tmp_path / "map.toml"
    mapped.write_text('[properties]\nid = {column = "id"}\n', "utf-8")
    files = {
        "file": write(tmp_path / "a.geojson", MIXED),
        "map": mapped,
        "grid": write(tmp_path / "cells.geojson", [cell("D", 0.2, "district")]),
    } | {bad: broken}
    with pytest.raises(UsageError, match=r"broken.json"):
        import_files(tmp_path / "data", files["file"], files["map"], files["grid"])
    assert not (tmp_path / "data").exists()


def test_an_import_gives_way_to_one_at_work(tmp_path: Path) -> None:
    source = write(tmp_path / "a.geojson", MIXED)
    with locked(tmp_path / "data"), pytest.raises(Retryable, match="another import is at work"):
        import_files(tmp_path / "data", source)
    assert load_assets(tmp_path / "data") == {}


def test_an_inventory_can_be_read_without_being_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "a.geojson", MIXED)
    grid = write(tmp_path / "cells.geojson", [cell("D", 0.2, "district")])
    reports: list[ImportReport] = []
    inventory = read_inventory(source, grid_file=grid, on_report=reports.append)
    assert list(inventory.assets) == ["L-1", "L-4", "M-1"]
    assert {asset.grid for asset in inventory.assets.values()} == {"D"}
    assert [lamp_.id for lamp_ in inventory.segments["S"].lamps] == ["L-1", "L-4"]
    assert counts(reports[0]) == (3, 0, 0, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.geojson", "cells.geojson"]


def test_the_order_of_the_rows_is_of_no_account(tmp_path: Path) -> None:
    rows = [lamp(f"L-{n}", n, segment="S") for n in range(9)]
    forwards = read_inventory(write(tmp_path / "a.geojson", rows))
    backwards = read_inventory(write(tmp_path / "b.geojson", rows[::-1]))
    assert forwards == backwards
    assert list(forwards.assets) == list(backwards.assets)


def test_an_inventory_without_one_good_row_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "a.geojson", [lamp("L-1", 1, seq="x")])
    with pytest.raises(UsageError, match=r"not one row is good; line 2: seq 'x' is not a number"):
        read_inventory(source)
