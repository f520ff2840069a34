"""The monthly report: a page that prints."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from starlette.responses import HTMLResponse, Response

from api.parameters import Parameters
from api.parts import FromApp, Parts
from cases.indicators.monthly import Month, Targets, collect
from cases.indicators.monthly_page import page
from cases.notices.contacts import Language
from rules.book import rulebook

router = APIRouter(tags=["kpi"])


class MonthlyQuery(Parameters):
    lang: Language = "zh"


@router.get("/kpi/monthly/{month}", response_class=HTMLResponse)
def monthly(
    parts: FromApp,
    month: Annotated[str, InPath(pattern=r"^\d{4}-\d{2}$", examples=["2026-06"])],
    query: Annotated[MonthlyQuery, Query()],
) -> Response:
    """The report of a month, as a page of HTML that prints on A4; 422 before the month begins."""
    zone = ZoneInfo(parts.site.timezone)
    found = collect(
        Month.read(month),
        parts.clock.now_ms(),
        zone,
        parts.indicators,
        parts.tallies,
        parts.desk,
        _targets(parts),
    )
    return HTMLResponse(page(found, query.lang, zone), headers={"Cache-Control": "no-store"})


def _targets(parts: Parts) -> Targets:
    """What the rules that run hold lighting to; what is shipped, while they have not said."""
    told = (parts.live.told_by_rules().get("lighting") or {}).get("targets")
    if told:
        return Targets(tuple(told["main_classes"]), told["main_target"], told["other_target"])
    shipped = rulebook.load().lighting
    return Targets(shipped.main_classes, shipped.main_target, shipped.other_target)
