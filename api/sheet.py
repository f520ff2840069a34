"""A table of indicators as CSV that spreadsheets open: UTF-8 with a byte order mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from cases.indicators.defined import INDICATORS, By
from cases.indicators.table import Table
from cases.notices.contacts import Language

_OF: dict[By, tuple[str, str]] = {
    "none": ("范围", "part"),
    "street": ("街道", "street"),
    "unit": ("责任单位", "unit"),
    "type": ("案件类型", "type"),
    "source": ("来源", "source"),
    "day": ("日期", "day"),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(table: Table, names: Mapping[str, str], language: Language) -> bytes:
    """A header, a row for each part, and one of the whole; what is unknown is an empty cell."""
    chosen = 0 if language == "zh" else 1
    out = io.StringIO()
    writer = csv.writer(out)
    heads = [one.zh if language == "zh" else one.en for one in INDICATORS.values()]
    writer.writerow([_OF[table.by][chosen], ("名称", "name")[chosen], *heads])
    for row in table.rows:
        name = names.get(row.of or "", "")
        writer.writerow([_text(row.of or ""), _text(name), *_cells(row.figures)])
    writer.writerow([("合计", "total")[chosen], "", *_cells(table.whole)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cells(figures: Mapping[str, int | float | None]) -> list[int | float | str]:
    found = (figures[key] for key in INDICATORS)
    return ["" if value is None else value for value in found]


def _text(value: str) -> str:
    """A name as it is, and never a formula: whoever dispatches may call a unit anything."""
    return f"'{value}" if value.startswith(_FORMULA) else value
