"""The rounds of a demo: what its units look at again and again, opened by schedules."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from cases.filing.standard import Text
from cases.people.audit import By
from cases.periodic.form import Field
from cases.periodic.schedules import Plan, Selection
from cases.registers import Registers
from command.house import SYSTEM, cases_url
from command.settings import Settings
from facility.clock import Clock, SystemClock
from facility.measurements import Kind

STATIONS = Plan(
    name="中转站日检",
    purpose="inspection",
    rule="FREQ=DAILY",
    start="2026-01-01T20:30",
    assets=Selection(kind=Kind.STATION),
    per="asset",
    code="0304",
    condition="dirty",
    form=(
        Field(
            "leachate",
            Text("渗滤液液位", "leachate level"),
            "number",
            unit="%",
            least=0,
            most=100,
        ),
        Field("scale", Text("地磅", "weighbridge"), "choice", choices=("正常", "异常")),
        Field("remarks", Text("备注", "remarks"), "text", required=False),
    ),
)
COVERS = Plan(
    name="井盖周边路面巡查",
    purpose="upkeep",
    rule="FREQ=WEEKLY;BYDAY=TU,FR",
    start="2026-01-01T21:00",
    assets=Selection(kind=Kind.COVER),
    per="street",
    code="0103",
    condition="sunk",
    unit="区市政养护中心",
)


def prepare(settings: Settings, clock: Clock) -> None:
    """Makes the schedules of the demo where there are none."""
    registers = Registers(cases_url(settings), ZoneInfo(settings.site.timezone))
    try:
        if not registers.schedules():
            by = By(SYSTEM, SystemClock().now_ms())
            for plan in (STATIONS, COVERS):
                registers.add_schedule(plan, clock.now_ms(), by)
    finally:
        registers.close()
