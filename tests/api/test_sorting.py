"""Lists in each of their orders, page by page: nothing twice, nothing left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from cases.database import writing
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.notices.units import EXAMPLE, load
from cases.schema import reports
from cases.supervision.supervised import Ledger
from facility.clock import MINUTE
from tests.api.district import DUSK, District, copied, dark_segment
from tests.cases.residents import told

LISTS = {
    "cases": ("opened_at", "deadline", "changed_at"),
    "reports": ("received_at", "satisfaction", "not_fixed_at"),
    "supervision": ("level", "since", "deadline"),
    "assets": ("id", "name", "last_seen"),
}
EACH = [(name, sort) for name, sorts in LISTS.items() for sort in sorts]


def filled(district: District) -> District:
    """Six cases of one day, supervised in turn, and as many reports, some of them judged."""
    zone = calendar.load("Asia/Shanghai")
    district.desk.filing = Filing(standard.load(), zone, district.inventory.assets.get)
    district.desk.hooks = (Ledger(load(EXAMPLE)).hook,)
    for n in range(6):
        # The cause of no row: it is not filed, and has no deadline.
        more = {"type": "reported"} if n == 3 else {}
        at = DUSK + (n // 2) * MINUTE
        district.desk.record([dark_segment(f"C-{n}", at, subject=f"segment:S{n + 1}", **more)])
    district.clock.ms += 10 * MINUTE
    for n in (4, 0, 5, 3, 1, 2):
        district.clock.ms += MINUTE * (n % 2)
        done = district.act(f"C-{n}", action="supervise", level=1 + n % 3, reason="催办")
        assert done.status_code == 200, done.text
    for n in range(6):
        district.reports.take(told(lon=113.69 + n / 100), DUSK + (n // 2) * MINUTE)
    with writing(district.reports.engine) as connection:
        for number, stars, said_at in ((1, 4, None), (2, 1, 50), (4, 4, 50), (6, None, 70)):
            row = update(reports).where(reports.c.id == number)
            connection.execute(row.values(satisfaction=stars, not_fixed_at=said_at))
    district.lamps_are({"S1-0": "dark"})
    return district


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, empty_cases: Path) -> Iterator[District]:
    """One for all tests, which only look at it."""
    folder = tmp_path_factory.mktemp("full")
    made = District(folder, copied(empty_cases, folder))
    yield filled(made)
    made.close()


def name_of(item: dict[str, Any]) -> Any:
    return item["id"] if "id" in item else item["case"]["id"]


@pytest.mark.parametrize(("name", "sort"), EACH)
def test_pages_add_up_to_the_list(full: District, name: str, sort: str) -> None:
    whole = [name_of(one) for one in full.get(name, sort=sort).json()["items"]]
    paged: list[Any] = []
    query: dict[str, Any] = {"sort": sort, "limit": 2}
    while True:
        page = full.get(name, **query).json()
        paged += [name_of(one) for one in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert paged == whole
    assert len(whole) == len(set(whole)) >= 6


@pytest.mark.parametrize(
    ("name", "sort", "expected"),
    [
        ("reports", "received_at", [6, 5, 4, 3, 2, 1]),
        ("reports", "satisfaction", [2, 1, 4, 3, 5, 6]),
        ("reports", "not_fixed_at", [6, 4, 2, 5, 3, 1]),
        ("supervision", "level", ["C-5", "C-2", "C-4", "C-1", "C-0", "C-3"]),
        ("supervision", "since", ["C-0", "C-4", "C-5", "C-3", "C-1", "C-2"]),
        ("supervision", "deadline", ["C-0", "C-1", "C-2", "C-4", "C-5", "C-3"]),
    ],
)
def test_what_comes_first(full: District, name: str, sort: str, expected: list[Any]) -> None:
    found = [name_of(one) for one in full.get(name, sort=sort).json()["items"]]
    assert found == expected


def test_assets_that_were_never_heard_from_come_first(full: District) -> None:
    found = full.get("assets", sort="last_seen").json()["items"]
    seen = [one["last_seen"] for one in found]
    assert seen[0] is None
    assert seen[-1] is not None
    assert [one["id"] for one in full.get("assets", sort="id", kind="cover").json()["items"]] == [
        "M1"
    ]


@pytest.mark.parametrize("name", [*LISTS, "schedules"])
def test_a_sort_that_a_list_does_not_have_is_named(full: District, name: str) -> None:
    response = full.get(name, sort="colour")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [one["name"] for one in response.json()["errors"]] == ["sort"]


@pytest.mark.parametrize(("name", "sort"), EACH)
def test_a_cursor_is_of_one_sort(full: District, name: str, sort: str) -> None:
    other = next(one for one in LISTS[name] if one != sort)
    for cursor in (full.get(name, sort=other, limit=1).json()["next"], "x", "bnVsbA"):
        response = full.get(name, sort=sort, cursor=cursor)
        assert response.status_code == 422
        assert [one["name"] for one in response.json()["errors"]] == ["cursor"]


def test_what_is_lifted_meanwhile_moves_nothing_else(district: District) -> None:
    full = filled(district)
    first = full.get("supervision", sort="since", limit=2).json()
    assert full.act("C-0", action="unsupervise").status_code == 200
    rest = full.get("supervision", sort="since", cursor=first["next"]).json()
    shown = [name_of(one) for one in (*first["items"], *rest["items"])]
    assert shown == ["C-0", "C-4", "C-5", "C-3", "C-1", "C-2"]
