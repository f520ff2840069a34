"""The report in words: every refused row is named, and a reason is told once."""

from facility.import_report import ImportReport, format_report
from facility.rowfile import RowIssue, RowPlace


def issue(line: int, reason: str, subject: str = "", feature: int | None = None) -> RowIssue:
    return RowIssue(RowPlace("a.csv", line, feature), reason, subject)


def test_the_counts_come_first_and_nothing_else_where_all_is_well() -> None:
    report = ImportReport("a.csv", 70_000, 69_000, 900, 100)
    assert format_report(report) == (
        "a.csv: 70,000 rows: 69,000 added, 900 changed, 100 unchanged, 0 not imported"
    )


def test_a_grid_is_counted() -> None:
    report = ImportReport("a.csv", 1, 1, 0, 0, cells=1_617)
    assert format_report(report).splitlines()[1] == "grid: 1,617 cells"


def test_rows_of_one_reason_stand_together() -> None:
    rejected = (
        issue(2, "id is missing"),
        issue(3, "seq 'x' is not a number", "L-3"),
        *(issue(line, "id is missing") for line in (4, 5, 6, 9)),
        RowIssue(RowPlace("grid.geojson", 7), "code is missing"),
    )
    report = ImportReport("a.csv", 10, 4, 0, 0, rejected)
    assert format_report(report).splitlines() == [
        "a.csv: 10 rows: 4 added, 0 changed, 0 unchanged, 6 not imported",
        "not imported:",
        "  a.csv lines 2, 4-6, 9 (5): id is missing",
        "  a.csv line 3 (L-3): seq 'x' is not a number",
        "  grid.geojson line 7: code is missing",
    ]


def test_features_of_one_line_are_named_by_number() -> None:
    rejected = tuple(issue(1, "id is missing", feature=number) for number in (5, 6, 8))
    alone = issue(1, "kind is missing", "A", feature=9)
    lines = format_report(ImportReport("a.csv", 9, 5, 0, 0, (*rejected, alone))).splitlines()
    assert lines[2:] == [
        "  a.csv features 5-6, 8 (3): id is missing",
        "  a.csv line 1, feature 9 (A): kind is missing",
    ]


def test_every_refused_row_is_named_and_of_warnings_the_first() -> None:
    many = tuple(issue(line, "no owner") for line in range(2, 202, 2))
    report = ImportReport("a.csv", 200, 100, 0, 0, rejected=many, warnings=many)
    refused, warned = (line for line in format_report(report).splitlines() if "(100)" in line)
    assert refused.count(",") == 99
    assert warned.startswith("  a.csv lines 2, 4, 6, ")
    assert warned.endswith(" … (100): no owner")
    assert warned.count(",") == 11


def test_what_is_said_of_the_whole_file_has_no_line() -> None:
    report = ImportReport("a.csv", 1, 1, 0, 0, warnings=(issue(0, "has no column Owner"),))
    assert format_report(report).splitlines()[1:] == [
        "imported, but look at:",
        "  a.csv: has no column Owner",
    ]
