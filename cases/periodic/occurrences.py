"""Periodic cases (周期案件): what a schedule is due for is opened, a case for each group of assets.

The case of an occurrence is opened as of the occurrence's time and is known by it: opening it again
is opening it once, whatever died in between. After a time in which nothing ran only the latest
occurrence is opened; those before it are recorded as missed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Engine

from cases import database
from cases.case import Case
from cases.desk import Desk, Refused
from cases.events import CaseEvent
from cases.filing.responsibility import street_of
from cases.opening import Periodic
from cases.periodic import schedules
from cases.periodic.schedules import Occurrence, Per, Schedule, Selection
from facility.assets import Asset, Cover, Streetlight
from facility.clock import to_rfc3339
from facility.errors import Permanent
from facility.grid import Grid
from facility.inventory import Inventory

log = logging.getLogger(__name__)

_MOST_MISSED = 1_000
"""Missed occurrences of a schedule that are recorded at once: the newest."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """Opens what is due. ``inventory`` and ``grid`` answer what is installed now."""

    desk: Desk
    engine: Engine
    inventory: Callable[[], Inventory]
    grid: Callable[[], Grid]
    timezone: ZoneInfo

    def open_due(self, now: int) -> int:
        """Opens the cases of all schedules that are due at ``now`` (ms); how many."""
        with database.reading(self.engine) as connection:
            found = schedules.due(connection, now)
        return sum(self._open(schedule, now) for schedule in found)

    def _open(self, schedule: Schedule, now: int) -> int:
        rule = schedules.when(schedule.plan, self.timezone)
        due = rule.between(schedule.next_at or now, now + 1)
        opened = 0
        if due:
            groups = grouped(schedule.plan.assets, schedule.plan.per, self.inventory(), self.grid())
            if not groups:
                log.warning("schedule %s has no assets: nothing was opened", schedule.id)
            for group, assets in groups.items():
                opened += self._open_group(schedule, due[-1], group, assets)
        missed = [Occurrence(schedule.id, at, "", None) for at in due[:-1][-_MOST_MISSED:]]
        with database.writing(self.engine) as connection:
            schedules.note(connection, missed)
            schedules.advance(connection, schedule, rule.next(now + 1))
        return opened

    def _open_group(self, schedule: Schedule, at: int, group: str, assets: list[Asset]) -> int:
        plan = schedule.plan
        owners = {asset.owner for asset in assets}
        owner = owners.pop() if len(owners) == 1 else None
        middle = assets[len(assets) // 2]
        what = Periodic(
            schedule=f"{schedule.id}/{group}",
            code=plan.code,
            condition=plan.condition,
            members=tuple(asset.id for asset in assets),
            unit=plan.unit or owner or "",
            lon=middle.lon,
            lat=middle.lat,
            street=street_of(middle.grid, self.grid()),
            cell=middle.grid,
            evidence={
                "schedule": schedule.id,
                "name": plan.name,
                "purpose": plan.purpose,
                "group": group,
                "occurrence": to_rfc3339(at),
                "form": msgspec.to_builtins(plan.form),
            },
        )

        def also(connection: Connection, _: Case | None, after: Case, event: CaseEvent) -> None:
            if event.event == "opened":
                schedules.note(connection, [Occurrence(schedule.id, at, group, after.id)])

        try:
            self.desk.open_periodic(what, at, also)
        except Refused:
            return 0  # it is there already
        except Permanent as error:
            log.error("schedule %s cannot open its case: %s", schedule.id, error)
            with database.writing(self.engine) as connection:
                schedules.note(connection, [Occurrence(schedule.id, at, group, None)])
            return 0
        return 1


def grouped(
    selection: Selection, per: Per, inventory: Inventory, grid: Grid
) -> dict[str, list[Asset]]:
    """The assets of a selection by what one case is opened for, in the inventory's order."""
    groups: dict[str, list[Asset]] = {}
    for asset in selected(selection, inventory, grid):
        groups.setdefault(_group(asset, per, grid), []).append(asset)
    return groups


def selected(selection: Selection, inventory: Inventory, grid: Grid) -> list[Asset]:
    """The assets that a selection means."""
    streets, roads, ids = {*selection.streets}, {*selection.roads}, {*selection.ids}
    kind = selection.kind
    found = inventory.assets.values() if kind is None else inventory.of_kind(kind)
    return [
        asset
        for asset in found
        if (not selection.area or asset.area == selection.area)
        and (not ids or asset.id in ids)
        and (not roads or _road(asset) in roads)
        and (not streets or street_of(asset.grid, grid) in streets)
    ]


def _group(asset: Asset, per: Per, grid: Grid) -> str:
    match per:
        case "asset":
            return asset.id
        case "road":
            return _road(asset) or "-"
        case "street":
            return street_of(asset.grid, grid) or "-"
    return "all"


def _road(asset: Asset) -> str | None:
    return asset.road if isinstance(asset, Streetlight | Cover) else None
