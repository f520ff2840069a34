"""The grid: which cell a place lies in, and which rows make no cell."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.grid import Grid, Level, read_grid, to_feature
from facility.rowfile import Row, RowPlace
from tests.facility.asset_strategies import UNHURRIED, finite


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def row(line: int, code: Any, level: str, geometry: Any, **values: Any) -> Row:
    return Row(RowPlace("grid.geojson", line), {"code": code, "level": level} | values, geometry)


def district() -> list[Row]:
    """A district of 4 × 4, a street in its west, four grids in that, a courtyard in the first."""
    return [
        row(1, "D-S-1-y", "courtyard", square(10.2, 10.2, 0.2), parent="D-S-1"),
        *[
            row(2 + n, f"D-S-{n + 1}", "grid", square(10, 10 + n, 1), parent="D-S")
            for n in range(4)
        ],
        row(
            6,
            "D-S",
            "street",
            {
                "type": "MultiPolygon",
                "coordinates": [
                    square(10, 10, 2)["coordinates"],
                    square(10, 12.5, 1.5)["coordinates"],
                ],
            },
            parent="D",
            name="花园路",
            responsible="街道办",
        ),
        row(7, 410105, "district", square(0, 0, 1)),
        row(8, "D", "district", square(10, 10, 4)),
    ]


def grid_of(rows: list[Row]) -> Grid:
    grid, rejected = read_grid(rows)
    assert rejected == []
    return grid


def reasons(rows: list[Row]) -> dict[int, str]:
    return {issue.place.line: issue.reason for issue in read_grid(rows)[1]}


def test_a_place_belongs_to_the_deepest_cell_around_it() -> None:
    grid = grid_of(district())
    lon = [10.3, 10.5, 10.5, 11.5, 13.0, 0.5, 20.0]
    lat = [10.3, 10.5, 13.5, 10.5, 13.0, 0.5, 20.0]
    assert grid.locate(lon, lat) == ["D-S-1-y", "D-S-1", "D-S-4", "D-S", "D", "410105", None]


def test_a_border_belongs_to_the_cell_of_higher_code() -> None:
    grid = grid_of(district())
    assert grid.locate([10.5, 10.0], [11.0, 10.0]) == ["D-S-2", "D-S-1"]


def test_no_places_and_no_cells_are_fine() -> None:
    assert grid_of(district()).locate([], []) == []
    assert Grid().locate([1.0], [2.0]) == [None]
    assert len(Grid()) == 0


def test_cells_know_what_is_above_them() -> None:
    grid = grid_of(district())
    assert [cell.code for cell in grid.ancestors("D-S-1-y")] == ["D-S-1", "D-S", "D"]
    assert grid.ancestors("D") == ()
    assert grid.ancestors("nowhere") == ()
    cell = grid.cell("D-S")
    assert cell is not None
    assert (cell.name, cell.level, cell.responsible) == ("花园路", Level.STREET, "街道办")
    assert grid.cell("nowhere") is None


def test_the_order_of_the_rows_is_of_no_account() -> None:
    forwards, backwards = grid_of(district()), grid_of(district()[::-1])
    assert list(forwards.cells) == list(backwards.cells)


def test_a_cell_survives_its_feature() -> None:
    for cell in grid_of(district()).cells.values():
        feature = json.loads(json.dumps(to_feature(cell)))
        again = Row(RowPlace("grid.geojson", 1), {**feature["properties"], "parent": None}, None)
        grid, rejected = read_grid([Row(again.place, again.values, feature["geometry"])])
        assert rejected == []
        read = grid.cells[cell.code]
        assert (read.name, read.level, read.responsible) == (
            cell.name,
            cell.level,
            cell.responsible,
        )
        assert read.geometry == cell.geometry


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row(1, "", "street", square(0, 0, 1)), "code is missing"),
        (row(1, "x" * 65, "street", square(0, 0, 1)), "is longer than 64"),
        (row(1, "A", "", square(0, 0, 1)), "level is missing"),
        (row(1, "A", "town", square(0, 0, 1)), "level 'town' is none of district, street"),
        (row(1, "A", "street", square(0, 0, 1), name=[1]), "name [1] is not text"),
        (row(1, "A", "street", square(0, 0, 1), parent="D"), "parent D is not among the cells"),
        (row(1, "A", "street", square(0, 0, 1), parent="A"), "parent A is a street, not above"),
        (row(1, "A", "street", None), "its geometry is a None, not a Polygon"),
        (row(1, "A", "street", {"type": "Point", "coordinates": [0, 0]}), "is a 'Point'"),
        (row(1, "A", "street", {"type": "Polygon"}), "cannot be read"),
        (row(1, "A", "street", {"type": "Polygon", "coordinates": [[[0, "x"]]]}), "cannot be read"),
        (
            row(1, "A", "street", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}),
            "closed",
        ),
        (row(1, "A", "street", {"type": "Polygon", "coordinates": []}), "is empty"),
        (row(1, "A", "street", square(179.5, 0, 1)), "outside of WGS 84"),
        (row(1, "A", "street", square(500_000, 3_800_000, 9)), "outside of WGS 84"),
        (row(1, "A", "street", BOW_TIE), "Self-intersection"),
        (row(1, "A", "town", BOW_TIE), "level 'town' is none of"),
    ],
)
def test_a_bad_cell_is_named_with_its_reason(bad: Row, says: str) -> None:
    assert says in reasons([bad])[1]


def test_everything_that_is_wrong_with_a_cell_is_told() -> None:
    told = reasons([row(1, None, "town", BOW_TIE)])[1]
    assert all(part in told for part in ("code is missing", "level 'town'", "not valid"))


def test_the_second_of_a_code_is_the_bad_one() -> None:
    rows = [row(1, "A", "street", square(0, 0, 1)), row(2, "A", "grid", square(0, 0, 1))]
    assert reasons(rows) == {2: "code A is taken by line 1"}


def test_parents_that_go_round_are_refused() -> None:
    rows = [
        row(1, "A", "grid", square(0, 0, 1), parent="B"),
        row(2, "B", "grid", square(0, 0, 1), parent="C"),
        row(3, "C", "grid", square(0, 0, 1), parent="A"),
    ]
    grid, rejected = read_grid(rows)
    assert len(grid) == 0
    assert {issue.subject for issue in rejected} == {"A", "B", "C"}


def test_cells_below_a_bad_one_are_refused_with_it() -> None:
    rows = [
        row(3, "D-S-1", "grid", square(0, 0, 1), parent="D-S"),
        row(2, "D-S", "street", square(0, 0, 2), parent="D"),
        row(1, "D", "district", BOW_TIE),
        row(4, "E", "street", square(0, 0, 3)),
    ]
    grid, rejected = read_grid(rows)
    assert list(grid.cells) == ["E"]
    assert {issue.place.line for issue in rejected} == {1, 2, 3}


@UNHURRIED
@given(st.lists(st.tuples(finite(9, 15), finite(9, 15)), max_size=20))
def test_many_places_are_located_as_each_alone(places: list[tuple[float, float]]) -> None:
    grid = grid_of(district())
    lon, lat = np.array(places, dtype=float).reshape(-1, 2).T
    together = grid.locate(lon, lat)
    alone = [grid.locate([x], [y])[0] for x, y in places]
    assert together == alone
    for (x, y), code in zip(places, together, strict=True):
        assert (code is None) == (not (10 <= x <= 14 and 10 <= y <= 14))
