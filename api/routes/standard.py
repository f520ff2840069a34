"""The rows that a case may be filed under: for whoever files one, or plans periodic ones."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.parameters import Moment, Parameters
from api.parts import FromApp, answer
from api.problems import Problem
from api.shapes.site import FilingStandard
from cases.filing.standard import Row

router = APIRouter(tags=["cases"])


class StandardQuery(Parameters):
    at: Annotated[
        Moment | None, Field(description="the edition of this day, such as a case's opening")
    ] = None


@router.get("/standard", response_model=FilingStandard)
def standard(parts: FromApp, query: Annotated[StandardQuery, Query()]) -> Response:
    """The filing standard (立案标准) as it holds on a day, by default today; its own order."""
    filing = parts.desk.filing
    if filing is None:
        raise Problem(
            404, "cases are not filed here, so there is no standard", "此系统未配置立案标准"
        )
    at = parts.clock.now_ms() if query.at is None else query.at
    edition = filing.standard.on(filing.calendar.day_of(at))
    if edition is None:
        raise Problem(404, "no edition of the standard held on that day", "当日没有生效的立案标准")
    return answer(
        {
            "id": edition.id,
            "version": edition.version,
            "name": edition.name,
            "items": [_row(row) for row in edition.rows],
        }
    )


def _row(row: Row) -> dict[str, Any]:
    condition = row.condition
    return {
        "code": row.code.code,
        "name": row.code.name,
        "condition_key": condition.key,
        "condition": condition.when,
        "closed_when": condition.closed_when,
        "severity": condition.severity,
        "limit": condition.limit,
        "clock": condition.clock,
        "table": row.group.table,
        "kind": row.group.kind,
        "owner": row.group.owner,
        "local": row.local,
    }
