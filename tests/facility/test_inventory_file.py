"""What is kept: normalised, replaced whole or not at all, and checked where a person edited it."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from facility.assets import Asset, Cabinet, Cover, CoverType, Station, Streetlight
from facility.clock import HOUR
from facility.errors import Permanent, Retryable, UsageError
from facility.grid import Cell, Grid, Level
from facility.inventory_file import (
    GRID,
    INVENTORY,
    inventory_of,
    keep_assets,
    keep_grid,
    load,
    load_assets,
    load_grid,
    locked,
    version,
)
from tests.facility.asset_strategies import ASSETS, UNHURRIED

LAMP = Streetlight(id="L-2", area="410105", name="路灯", lon=113.65, lat=34.75, seq=3, rated_w=120)
COVER = Cover(
    id="M-1", area="410105", name="M-1", lon=113.75, lat=34.75, cover_type=CoverType.GAS, grid="X"
)
CABINET = Cabinet(id="C-1", area="410105", name="C-1", lon=113.0, lat=34.0, circuits=("A", "B"))
STATION = Station(id="S-1", area="410105", name="S-1", lon=113.66, lat=34.76, clear_by_ms=22 * HOUR)
CELLS = Grid(
    [
        Cell("D", "金水", Level.DISTRICT, None, None, shapely.box(113.6, 34.7, 113.8, 34.9)),
        Cell("G", "G", Level.GRID, "D", "李", shapely.box(113.6, 34.7, 113.7, 34.8)),
    ]
)


def by_id(assets: Sequence[Asset]) -> dict[str, Asset]:
    return {asset.id: asset for asset in assets}


ALL = by_id([LAMP, COVER, CABINET, STATION])


@UNHURRIED
@given(st.lists(ASSETS, max_size=6))
def test_what_is_kept_comes_back(
    tmp_path_factory: pytest.TempPathFactory, assets: list[Asset]
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    keep_assets(folder, by_id(assets), Grid())
    assert load_assets(folder) == by_id(assets)
    assert load(folder).assets == by_id(assets)
    assert list(load(folder).assets) == sorted(by_id(assets))


def test_nothing_kept_is_an_empty_inventory(tmp_path: Path) -> None:
    assert len(load(tmp_path)) == 0
    assert load_assets(tmp_path) == {}
    assert len(load_grid(tmp_path)) == 0
    assert version(tmp_path / "nowhere") == version(tmp_path)


def test_the_same_content_is_the_same_bytes_and_is_not_written_again(tmp_path: Path) -> None:
    keep_assets(tmp_path, ALL, CELLS)
    before = (tmp_path / INVENTORY).stat()
    keep_assets(tmp_path, dict(reversed(ALL.items())), CELLS)
    after = (tmp_path / INVENTORY).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_there_is_one_asset_a_line_in_order_of_id(tmp_path: Path) -> None:
    keep_assets(tmp_path, ALL, Grid())
    lines = (tmp_path / INVENTORY).read_text("utf-8").splitlines()
    assert len(lines) == len(ALL) + 2
    assert [line.split('"id":"')[1].split('"')[0] for line in lines[1:-1]] == sorted(ALL)
    assert "路灯" in lines[2]


def test_an_asset_is_kept_with_its_cell_and_remembers_that_it_was_worked_out(
    tmp_path: Path,
) -> None:
    keep_grid(tmp_path, CELLS)
    keep_assets(tmp_path, ALL, CELLS)
    grids = {name: asset.grid for name, asset in load(tmp_path).assets.items()}
    assert grids == {"L-2": "G", "M-1": "X", "C-1": None, "S-1": "G"}
    assert load_assets(tmp_path) == ALL
    assert load(tmp_path).assets == inventory_of(ALL.values(), CELLS).assets


def test_the_grid_comes_back(tmp_path: Path) -> None:
    keep_grid(tmp_path, CELLS)
    content = (tmp_path / GRID).read_bytes()
    again = load_grid(tmp_path)
    assert again.cells == CELLS.cells
    keep_grid(tmp_path, again)
    assert (tmp_path / GRID).read_bytes() == content


def test_the_version_is_of_the_content(tmp_path: Path) -> None:
    versions = [version(tmp_path)]
    keep_assets(tmp_path, ALL, Grid())
    versions.append(version(tmp_path))
    assert version(tmp_path) == versions[-1]
    keep_grid(tmp_path, CELLS)
    versions.append(version(tmp_path))
    keep_assets(tmp_path, by_id([LAMP]), Grid())
    versions.append(version(tmp_path))
    assert len(set(versions)) == 4
    assert all(len(v) == 16 for v in versions)


def edit(folder: Path, old: str, new: str, name: str = INVENTORY) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_an_edited_line_counts(tmp_path: Path) -> None:
    keep_grid(tmp_path, CELLS)
    keep_assets(tmp_path, ALL, CELLS)
    edit(tmp_path, "路灯", "路灯 2")
    edit(tmp_path, "[113.65,34.75]", "[113.75,34.75]")
    lamp = load(tmp_path).assets["L-2"]
    # It was moved out of G; the cell is worked out anew.
    assert (lamp.name, lamp.lon, lamp.grid) == ("路灯 2", 113.75, "D")
    others = {name: asset for name, asset in load(tmp_path).assets.items() if name != "L-2"}
    assert others == {
        n: a for n, a in inventory_of(ALL.values(), CELLS).assets.items() if n in others
    }
    # The next import writes it as if it had always been so.
    keep_assets(tmp_path, load_assets(tmp_path), CELLS)
    assert load(tmp_path).assets["L-2"] == lamp


def test_a_deleted_line_is_a_removed_asset(tmp_path: Path) -> None:
    keep_assets(tmp_path, ALL, CELLS)
    lines = (tmp_path / INVENTORY).read_text("utf-8").splitlines(keepends=True)
    (tmp_path / INVENTORY).write_text("".join(lines[:1] + lines[2:]), "utf-8")
    assert sorted(load(tmp_path).assets) == ["L-2", "M-1", "S-1"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"seq":3', '"seq":"M?"', "line 3: seq 'M?' is not a number"),
        ('"id":"M-1"', '"id":"L-2"', "line 4: id L-2 is there twice"),
        ("[113.65,", "[213.65,", "line 3: lon 213.65"),
        ('"Feature","geometry":{"type":"Point","coordinates":[113.65', '"X","g":{"c":[1', "line 3"),
        ('"seq":3', '"seq":', "is not JSON: line 3"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    keep_assets(tmp_path, ALL, Grid())
    edit(tmp_path, old, new)
    for reader in (load, load_assets):
        with pytest.raises(UsageError) as caught:
            reader(tmp_path)
        assert says in str(caught.value)
        assert str(tmp_path / INVENTORY) in str(caught.value)


def test_a_damaged_cell_is_named(tmp_path: Path) -> None:
    keep_grid(tmp_path, CELLS)
    edit(tmp_path, '"level":"grid"', '"level":"town"', GRID)
    with pytest.raises(UsageError, match=r"grid.geojson: line 3: level 'town'"):
        load_grid(tmp_path)


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, Retryable), (errno.EROFS, Permanent)])
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    keep_assets(tmp_path, ALL, Grid())
    content = (tmp_path / INVENTORY).read_bytes()

    def fails(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("facility.inventory_file.os.fsync", fails)
    with pytest.raises(error, match=r"inventory.geojson: cannot be written: [A-Z]"):
        keep_assets(tmp_path, by_id([LAMP]), Grid())
    assert (tmp_path / INVENTORY).read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [INVENTORY]


def test_one_import_at_a_time(tmp_path: Path) -> None:
    # The lock belongs to the open file, so this process is kept out as another would be.
    with (
        locked(tmp_path / "new"),
        pytest.raises(Retryable, match="another import is at work there; try again"),
        locked(tmp_path / "new"),
    ):
        pass
    with locked(tmp_path / "new"):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match="file/data: cannot be written: Not a directory"),
        locked(tmp_path / "file" / "data"),
    ):
        pass
