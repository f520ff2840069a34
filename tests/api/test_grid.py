"""The grid's names through the API, which a page may keep."""

from __future__ import annotations

import pytest

from api.shapes.site import GridTree
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from tests.api.district import STREET, District, a_grid


@pytest.fixture
def gridded(district: District) -> District:
    district.desk.filing = Filing(
        standard.load(),
        calendar.load("Asia/Shanghai"),
        district.inventory.assets.get,
        lambda: district.grid,
    )
    return district


def test_every_cell_is_named_with_who_is_responsible(gridded: District) -> None:
    gridded.grid = a_grid()
    whole, street, community = gridded.answer(GridTree, "grid")["items"]
    assert (whole["level"], whole["parent"]) == ("district", None)
    assert street == {
        "code": STREET,
        "name": "花园路街道",
        "level": "street",
        "parent": "410105",
        "responsible": "花园路街道办事处",
    }
    assert (community["parent"], community["responsible"]) == (STREET, None)


def test_it_is_kept_until_it_is_another(gridded: District) -> None:
    tag = gridded.get("grid").headers["etag"]
    for said in (tag, f'"other", {tag}', f"W/{tag}"):
        kept = gridded.call("GET", "/api/v1/grid", headers={"If-None-Match": said})
        assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", tag)
    gridded.grid = a_grid()
    anew = gridded.call("GET", "/api/v1/grid", headers={"If-None-Match": tag})
    assert anew.status_code == 200
    assert anew.headers["cache-control"] == "private, no-cache"


def test_there_is_none_where_cases_are_not_filed(district: District) -> None:
    assert district.answer(GridTree, "grid") == {"items": []}
