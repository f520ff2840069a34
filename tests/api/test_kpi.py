"""Indicators and coverages through the API: spans, parts, CSV, and what is refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from api.shapes.figures import Coverages, Kpi, Uncovered
from cases.filing import calendar, standard
from cases.filing.basis import Filing
from cases.indicators.defined import INDICATORS
from cases.tallies import Tally
from facility.clock import DAY
from tests.api.district import DUSK, STREET, District, a_grid, dark_segment

SPAN = {"from": "2026-06-01", "to": "2026-07-01"}


@pytest.fixture
def gridded(district: District) -> District:
    """A street and its community; two cases, of which one has a unit."""
    district.grid = a_grid()
    assets = district.inventory.assets.get
    zone = calendar.load("Asia/Shanghai")
    district.desk.filing = Filing(standard.load(), zone, assets, lambda: district.grid)
    district.desk.record([dark_segment("C-1"), dark_segment("C-2", DUSK + DAY, subject="S2")])
    district.act("C-1", action="dispatch", unit="=照明所")
    district.clock.ms = DUSK + 2 * DAY
    return district


def sheet(district: District, **query: Any) -> list[list[str]]:
    response = district.get("kpi", **SPAN, **query)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbf")
    assert "kpi-2026-05-31-2026-06-30" in response.headers["content-disposition"]
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_span_as_a_whole(gridded: District) -> None:
    shown = gridded.answer(Kpi, "kpi", **SPAN)
    assert (shown["from"], shown["to"]) == ("2026-05-31T16:00:00Z", "2026-06-30T16:00:00Z")
    assert shown["items"] == []
    assert list(shown["total"]) == list(INDICATORS)
    assert (shown["total"]["opened"], shown["total"]["dispatch_rate"]) == (2, 0.5)


def test_times_are_taken_as_days_are(gridded: District) -> None:
    at = {"from": "2026-06-21T11:00:00Z", "to": "2026-06-21T13:00:00+00:00"}
    assert gridded.answer(Kpi, "kpi", **at)["total"]["opened"] == 1


def test_this_month_unless_told_otherwise(gridded: District) -> None:
    shown = gridded.answer(Kpi, "kpi", by="day")
    assert shown["from"] == "2026-05-31T16:00:00Z"
    assert [one["of"] for one in shown["items"]][-1] == "2026-06-23"


def test_csv_for_a_spreadsheet(gridded: District) -> None:
    rows = sheet(gridded, by="unit", format="csv")
    assert rows[0][:4] == ["责任单位", "名称", "受理", "受理中已立案"]
    assert [row[0] for row in rows[1:]] == ["'=照明所", "", "合计"]
    assert len({len(row) for row in rows}) == 1
    assert rows[1][rows[0].index("满意度")] == ""
    assert sheet(gridded, lang="en", format="csv")[0][:3] == ["part", "name", "received"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        ("text/csv;q=0.9, */*", "text/csv"),
        ("application/json, text/csv", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_what_is_accepted_decides(gridded: District, accept: str, kind: str) -> None:
    answered = gridded.call("GET", "/api/v1/kpi", headers={"Accept": accept})
    assert answered.headers["content-type"].partition(";")[0] == kind


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-07-01", "to": "2026-06-01"},
        {"from": "2020-01-01", "to": "2026-06-01"},
        {"from": "June"},
        {"from": "2026-06-31"},
        {"by": "lamp"},
        {"format": "xlsx"},
    ],
)
def test_what_cannot_be_meant_is_refused(district: District, query: dict[str, str]) -> None:
    refused = district.get("kpi", **query)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["name"] in query


def test_the_four_coverages(gridded: District) -> None:
    numbers = {"installed": 10.0, "reporting": 9.0, "trusted": 8.0}
    gridded.tallies.put([Tally("coverage", "2026-06-22", numbers, STREET, kind="cover")])
    shown = gridded.answer(Coverages, "coverage/streets")
    street, nowhere = shown["items"]
    assert (street["street"], street["name"]) == (STREET, "花园路街道")
    assert (street["cells"], street["organised"], street["monitored"]) == (2, 0.5, 0.8)
    assert nowhere["street"] is None
    assert (nowhere["cells"], nowhere["assets"], nowhere["gridded"]) == (1, 13, 0.0)
    assert shown["total"]["handled"] == 0.5
    assert shown["total"]["owned"] == 0.0


def test_what_a_coverage_lacks_is_told_one_by_one(gridded: District) -> None:
    counts = gridded.answer(Coverages, "coverage/streets")["total"]
    lacks = {
        "organised": counts["cells"] - counts["cells_responsible"],
        "gridded": counts["assets"] - counts["assets_in_cells"],
        "owned": counts["assets"] - counts["assets_owned"],
        "handled": counts["cases"] - counts["cases_with_unit"],
    }
    for what, many in lacks.items():
        assert gridded.answer(Uncovered, "coverage/missing", what=what)["many"] == many
    (case,) = gridded.answer(Uncovered, "coverage/missing", what="handled")["items"]
    assert (case["of"], case["id"], case["name"]) == ("case", "C-2", "S2")


def test_what_is_lacking_is_of_one_street_or_of_none(gridded: District) -> None:
    (community,) = gridded.answer(Uncovered, "coverage/missing", what="organised", street=STREET)[
        "items"
    ]
    assert (community["id"], community["kind"]) == (f"{STREET}01", "community")
    assert (community["name"], community["cell"]) == ("甲社区", STREET)
    assert community["point"] == [113.5, 34.5]
    nowhere = gridded.answer(Uncovered, "coverage/missing", what="organised", nowhere=True)
    assert [one["id"] for one in nowhere["items"]] == ["410105"]


def test_devices_that_are_not_heard_from_are_told_page_by_page(gridded: District) -> None:
    gridded.lamps_are({"S1-1": "silent", "S2-0": "unknown"}, at=DUSK)
    first = gridded.answer(Uncovered, "coverage/missing", what="monitored", limit=4)
    assert [one["id"] for one in first["items"]] == ["CAB-1", "M1", "S1-1", "S2-0"]
    assert [one["last_seen"] for one in first["items"]] == [
        None,
        None,
        *["2026-06-21T12:00:00Z"] * 2,
    ]
    then = gridded.answer(Uncovered, "coverage/missing", what="monitored", cursor=first["next"])
    assert ([one["id"] for one in then["items"]], then["many"]) == (["T1"], 5)
    assert gridded.get("coverage/missing", what="else").status_code == 422


def test_the_monthly_report_is_a_page(gridded: District) -> None:
    shown = gridded.get("kpi/monthly/2026-06", lang="en")
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "=照明所" in shown.text
    assert "The month is not over yet" in shown.text
    targets = {"main_classes": ["main"], "main_target": 0.97, "other_target": 0.9}
    counts = {"lamps": 1, "lit": 1, "dark": 0, "unknown": 0}
    gridded.tell("rules", lighting={**counts, "targets": targets})
    night = {"lit_min": 95.0, "dark_min": 5.0}
    gridded.tallies.put([Tally("lighting", "2026-06-21", night, STREET, "main", place="S1")])
    assert "97.0%" in gridded.get("kpi/monthly/2026-06").text


@pytest.mark.parametrize("month", ["2026-13", "2026-6", "2026-07", "x"])
def test_a_month_that_is_none_or_has_not_begun(gridded: District, month: str) -> None:
    assert gridded.get(f"kpi/monthly/{month}").status_code == 422
