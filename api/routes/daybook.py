"""What was counted of nights and days: lighting rate, coverage, stations; and what is foreseen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.foreseen import lighting_now, share, warnings_now
from api.parameters import Day, Parameters
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter
from api.shapes.daybook import Coverage, Lighting, StationDays, Warnings
from cases.tallies import Column, Total

router = APIRouter(tags=["daybook"])

MOST_DAYS = 800
_WEEK = timedelta(days=6)


class DaysQuery(Parameters):
    """The last seven days unless told otherwise; both ends are included."""

    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None

    def span(self, parts: Parts) -> tuple[date, date]:
        """First and last day, in the site's time."""
        last = self.last or _today(parts)
        first = self.first or last - _WEEK
        if first > last:
            raise BadParameter("from", "must not be after to")
        if (last - first).days >= MOST_DAYS:
            raise BadParameter("from", f"must be within {MOST_DAYS} days of to")
        return first, last


class LightingQuery(DaysQuery):
    by: Literal["night", "street", "road_class", "segment"] = "night"


class CoverageQuery(DaysQuery):
    by: Literal["day", "street", "kind"] = "kind"


@router.get("/lighting", response_model=Lighting)
def lighting(parts: FromApp, query: Annotated[LightingQuery, Query()]) -> Response:
    """The lighting rate 亮灯率 of nights, and how it is now.

    Of lamp-minutes: lit / (lit + dark), with the share of the time that it speaks for beside it.
    Silent lamps are unknown, never lit.
    """
    first, last = query.span(parts)
    told = parts.live.told_by_rules()
    targets = (told.get("lighting") or {}).get("targets")
    totals = parts.tallies.totals("lighting", first, last, _LIGHTING_BY[query.by])
    whole = parts.tallies.totals("lighting", first, last)
    return answer(
        {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "items": [_lighting(total, targets) for total in totals],
            "total": _lighting(whole[0], None) if whole else None,
            "now": lighting_now(told),
        }
    )


@router.get("/coverage", response_model=Coverage)
def coverage(parts: FromApp, query: Annotated[CoverageQuery, Query()]) -> Response:
    """Devices installed, reporting and trusted: means of the days, and how many are now."""
    first, last = query.span(parts)
    by: tuple[Column, ...] = ("kind",) if query.by == "kind" else (query.by, "kind")
    items = [
        {**total.of, "days": total.days, **_means(total)}
        for total in parts.tallies.totals("coverage", first, last, by)
    ]
    now = parts.live.told_by_rules().get("coverage", {})
    days = {"first": first.isoformat(), "last": last.isoformat()}
    return answer({**days, "items": items, "now": now})


@router.get("/stations/days", response_model=StationDays)
def station_days(parts: FromApp, query: Annotated[DaysQuery, Query()]) -> Response:
    """Tonnes in, out and left of each station's service days; the last one may go on yet."""
    first, last = query.span(parts)
    items = [
        {
            "day": total.of["day"],
            "station": total.of["place"],
            "street": total.of["street"],
            **{name: round(value, 2) for name, value in total.numbers.items()},
        }
        for total in parts.tallies.totals("station", first, last, ("day", "street", "place"))
    ]
    return answer({"first": first.isoformat(), "last": last.isoformat(), "items": items})


@router.get("/warnings", response_model=Warnings)
def warnings(parts: FromApp) -> Response:
    """What is foreseen and no case yet: stations that will not be clear by their deadline."""
    told = parts.live.told_by_rules()
    return answer({"items": warnings_now(told, parts.places.now())})


_LIGHTING_BY: dict[str, tuple[Column, ...]] = {
    "night": ("day",),
    "street": ("street",),
    "road_class": ("road_class",),
    "segment": ("street", "road_class", "place"),
}
_CALLED = {"day": "night", "place": "segment"}


def _lighting(total: Total, targets: dict[str, Any] | None) -> dict[str, Any]:
    numbers = total.numbers
    seen = numbers["lit_min"] + numbers["dark_min"]
    shown: dict[str, Any] = {_CALLED.get(name, name): value for name, value in total.of.items()}
    shown["nights"] = total.days
    for name, value in numbers.items():
        # Lamps are so many each night; minutes add up.
        shown[name] = round(value / total.days if name.startswith("lamps") else value, 1)
    shown["rate"] = share(numbers["lit_min"], seen)
    shown["coverage"] = share(seen, seen + numbers["unknown_min"])
    road_class = total.of.get("road_class")
    if targets and road_class is not None:
        main = road_class in targets["main_classes"]
        shown["target"] = targets["main_target" if main else "other_target"]
    return shown


def _means(total: Total) -> dict[str, float]:
    return {name: round(value / total.days, 2) for name, value in total.numbers.items()}


def _today(parts: Parts) -> date:
    now = datetime.fromtimestamp(parts.clock.now_ms() / 1000, UTC)
    return now.astimezone(ZoneInfo(parts.site.timezone)).date()
