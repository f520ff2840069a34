"""The indicators of a span, as JSON and as CSV (docs/indicators.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Query
from pydantic import BeforeValidator, Field, WithJsonSchema
from starlette.responses import Response

from api.parameters import Parameters, day_of, moment_of
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter
from api.shapes.figures import Kpi
from api.sheet import csv_of
from cases.indicators.defined import By
from cases.indicators.table import Row, Table
from cases.notices.contacts import Language
from facility.clock import DAY, to_rfc3339

router = APIRouter(tags=["kpi"])

MOST_DAYS = 800
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _edge(value: Any) -> int | date:
    text = str(value)
    return day_of(text) if _DAY.fullmatch(text) else moment_of(text)


Edge = Annotated[
    int | date,
    BeforeValidator(_edge),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {"type": "string", "format": "date-time"},
            ],
            "description": "a time, or a day, which means its beginning in the site's time",
        }
    ),
]


class KpiQuery(Parameters):
    """[`from`, `to`): this month so far unless told otherwise."""

    start: Annotated[Edge | None, Field(alias="from", examples=["2026-06-01"])] = None
    end: Annotated[Edge | None, Field(alias="to", examples=["2026-07-01"])] = None
    by: By = "none"
    format: Annotated[Literal["json", "csv"] | None, Field(description="else as `Accept` says")] = (
        None
    )
    lang: Annotated[Language, Field(description="of the header of CSV")] = "zh"

    def span(self, parts: Parts) -> tuple[int, int]:
        """Start and end in ms."""
        zone = ZoneInfo(parts.site.timezone)
        end = parts.clock.now_ms() if self.end is None else _ms(self.end, zone)
        start = _month_of(end, zone) if self.start is None else _ms(self.start, zone)
        if start >= end:
            raise BadParameter("from", "must be before to", "须早于 to")
        if end - start > MOST_DAYS * DAY:
            raise BadParameter(
                "from", f"must be within {MOST_DAYS} days of to", f"与 to 相距不超过 {MOST_DAYS} 天"
            )
        return start, end


_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "\ufeff街道,名称,受理,…\r\n410105001,花园路街道,31,…\r\n合计,,482,…\r\n",
            }
        }
    }
}


@router.get("/kpi", response_model=Kpi, responses=_CSV)
def kpi(
    parts: FromApp,
    query: Annotated[KpiQuery, Query()],
    accept: Annotated[str, Header(max_length=1_000)] = "",
) -> Response:
    """The indicators of a span, whole and by street, unit, type, source or day.

    A null is unknown, never 0. CSV has a row for each part, then one of the whole.
    """
    start, end = query.span(parts)
    table = parts.indicators.table(start, end, parts.clock.now_ms(), query.by)
    names = _names(parts, query.by)
    if query.format == "csv" or (query.format is None and _wants_csv(accept)):
        return _sheet(table, names, query)
    return answer(
        {
            "from": to_rfc3339(start),
            "to": to_rfc3339(end),
            "by": query.by,
            "items": [_row(row, names) for row in table.rows],
            "total": table.whole,
        }
    )


def _sheet(table: Table, names: Mapping[str, str], query: KpiQuery) -> Response:
    span = "-".join(to_rfc3339(at)[:10] for at in (table.start, table.end))
    return Response(
        csv_of(table, names, query.lang),
        media_type="text/csv; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Vary": "Accept",
            "Content-Disposition": f'attachment; filename="kpi-{span}-{table.by}.csv"',
        },
    )


def _row(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    return {"of": row.of, "name": names.get(row.of or ""), "figures": row.figures}


def _names(parts: Parts, by: By) -> dict[str, str]:
    """What streets are called, by their codes."""
    if by != "street":
        return {}
    return {cell.code: cell.name for cell in parts.grid().cells.values()}


def _wants_csv(accept: str) -> bool:
    """Whether a client asks for CSV, and for JSON not rather."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in accept.split(",")]
    wanted = [kind for kind in kinds if kind in ("text/csv", "application/json")]
    return wanted[:1] == ["text/csv"]


def _ms(edge: int | date, zone: ZoneInfo) -> int:
    if isinstance(edge, int):
        return edge
    return round(datetime(edge.year, edge.month, edge.day, tzinfo=zone).timestamp() * 1000)


def _month_of(end: int, zone: ZoneInfo) -> int:
    """The beginning of the month whose last moment ``end`` may be, ms."""
    day = datetime.fromtimestamp((end - 1) / 1000, UTC).astimezone(zone).date()
    return _ms(day.replace(day=1), zone)
