"""The place: whether its services are well, its filing standard, its working time."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.shapes.shape import Shape, Time, Words
from cases.filing.standard import Severity
from cases.filing.working_clock import ClockKind
from facility.grid import Level
from facility.measurements import Kind


class ClockNow(Shape):
    virtual: bool
    speed: float


class SiteNow(Shape):
    area: str
    timezone: str


class ServiceProblem(Shape):
    service: str
    code: str
    zh: str
    en: str


class HealthSign(Shape):
    status: Literal["ok", "degraded"]


class Health(HealthSign):
    now: Time
    clock: ClockNow
    site: SiteNow
    services: dict[str, dict[str, Any]]
    problems: list[ServiceProblem]


class StandardRow(Shape):
    """A row that a case may be filed under; ``limit`` is in the unit of ``clock``."""

    code: str
    name: Words
    condition_key: str
    condition: Words
    closed_when: Words
    severity: Severity
    limit: int
    clock: ClockKind
    table: Literal["component", "event"]
    kind: Annotated[Kind | None, Field(strict=False)]
    owner: Words
    local: bool


class FilingStandard(Shape):
    id: str
    version: str
    name: Words
    items: list[StandardRow]


class WorkingCalendar(Shape):
    timezone: str
    working_day_ms: int
    working: list[tuple[int, int]] = Field(strict=False)


class GridCell(Shape):
    code: str
    name: str
    level: Annotated[Level, Field(strict=False)]
    parent: str | None
    responsible: str | None


class GridTree(Shape):
    items: list[GridCell]
