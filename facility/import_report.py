"""What an import did, as a value and in words for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from facility.rowfile import RowIssue

_RANGES_OF_WARNING = 12


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``rows`` = added + changed + unchanged + those of the file refused.

    ``rejected`` and ``warnings`` name every row concerned, those of the grid's file too.
    ``cells`` is the number of cells of the grid handed in, None where none was.
    """

    source: str
    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: tuple[RowIssue, ...] = ()
    warnings: tuple[RowIssue, ...] = ()
    cells: int | None = None


def format_report(report: ImportReport) -> str:
    """The report in lines: the counts, then each reason once with the rows it was given for.

    Every rejected row is named; of a warning's rows the first, and how many there are.
    """
    refused = report.rows - report.added - report.changed - report.unchanged
    counts = {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "not imported": refused,
    }
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    lines = [f"{report.source}: {report.rows:,} rows: {told}"]
    if report.cells is not None:
        lines.append(f"grid: {report.cells:,} cells")
    if report.rejected:
        lines.append("not imported:")
        lines.extend(_by_reason(report.rejected, None))
    if report.warnings:
        lines.append("imported, but look at:")
        lines.extend(_by_reason(report.warnings, _RANGES_OF_WARNING))
    return "\n".join(lines)


def _by_reason(issues: Sequence[RowIssue], at_most: int | None) -> Iterable[str]:
    """A line a reason, in order of the first row it was given for."""
    groups: dict[tuple[str, str, bool], list[RowIssue]] = {}
    for issue in issues:
        key = (issue.place.source, issue.reason, issue.place.feature is not None)
        groups.setdefault(key, []).append(issue)
    for (source, reason, by_feature), group in groups.items():
        if len(group) == 1:
            issue = group[0]
            subject = f" ({issue.subject})" if issue.subject else ""
            place = f"{source} {issue.place}" if issue.place.line else source
            yield f"  {place}{subject}: {reason}"
        else:
            numbers = [issue.place.feature or issue.place.line for issue in group]
            word = "features" if by_feature else "lines"
            yield f"  {source} {word} {_ranges(numbers, at_most)} ({len(group):,}): {reason}"


def _ranges(numbers: Sequence[int], at_most: int | None) -> str:
    """``1-3, 7, 9-12``; after ``at_most`` ranges an ellipsis."""
    ranges = []
    # Numbers that follow each other keep one distance to their rank.
    ranked = enumerate(sorted(numbers))
    for _, run in groupby(ranked, key=lambda item: item[1] - item[0]):
        members = [number for _, number in run]
        ranges.append(f"{members[0]}-{members[-1]}" if len(members) > 1 else str(members[0]))
    if at_most is not None and len(ranges) > at_most:
        return ", ".join(ranges[:at_most]) + " …"
    return ", ".join(ranges)
