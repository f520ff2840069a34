"""The four full coverages (四个全覆盖), street by street, and what each of them lacks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.paging import page_of
from api.parameters import Cursor, Limit, Parameters, Text
from api.parts import FromApp, answer
from api.represent import time_or_none
from api.routes.daybook import DaysQuery
from api.shapes.figures import Coverages, Uncovered
from api.uncovered import Covered, lacking
from cases.indicators.four_coverages import coverages
from facility.grid import Grid

router = APIRouter(tags=["kpi"])


class UncoveredQuery(Parameters):
    what: Covered
    street: Annotated[Text | None, Query(description="the code of a street")] = None
    nowhere: Annotated[bool, Query(description="only what lies in no street")] = False
    limit: Limit = 100
    cursor: Cursor = None

    def within(self, street: str | None) -> bool:
        """Whether this is the street that is asked for."""
        if self.nowhere:
            return street is None
        return self.street is None or street == self.street


@router.get("/coverage/streets", response_model=Coverages)
def four_coverages(parts: FromApp, query: Annotated[DaysQuery, Query()]) -> Response:
    """The four full coverages 组织 网格 监测 管护 by street, and of the whole.

    Devices are means of the days; cells, assets and cases are as they are now.
    """
    first, last = query.span(parts)
    grid = parts.grid()
    devices = parts.tallies.totals("coverage", first, last, ("street",))
    found, whole = coverages(
        grid, parts.places.now().inventory.assets.values(), parts.desk.unclosed(), devices
    )
    return answer(
        {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "items": [
                {"street": street, "name": _name(grid, street), **one.shown()}
                for street, one in found.items()
            ],
            "total": whole.shown(),
        }
    )


@router.get("/coverage/missing", response_model=Uncovered)
def uncovered(parts: FromApp, query: Annotated[UncoveredQuery, Query()]) -> Response:
    """What one of the four full coverages lacks now: cells that name nobody, assets outside of the
    grid, not heard from or without an owner, open cases without a unit; by id.

    A device that reports and cannot be trusted counts as not monitored, but is not among these.
    """
    found = list(lacking(parts, query.what, query.within))
    shown, after = page_of(found, lambda one: (one.id,), "id", query.limit, query.cursor)
    items = [
        {
            **one._asdict(),
            "point": None if one.point is None else [round(each, 6) for each in one.point],
            "last_seen": time_or_none(one.last_seen),
        }
        for one in shown
    ]
    return answer({"items": items, "next": after, "many": len(found)})


def _name(grid: Grid, code: str | None) -> str | None:
    cell = grid.cell(code or "")
    return cell.name if cell else None
