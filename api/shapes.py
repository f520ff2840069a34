"""What the API answers, as the interactive reference shows it. Tests hold every answer to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cases.actions import ActionName
from cases.case import How, Stage, State
from cases.events import EventName, Source
from cases.filing.standard import Severity
from cases.filing.working_clock import ClockKind
from cases.indicators.defined import By
from facility.assets import CoverType
from facility.measurements import Kind

Time = str
"""RFC 3339, UTC."""


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Rule(Shape):
    name: str
    version: str


class Words(Shape):
    zh: str
    en: str


class Filing(Shape):
    code: str
    name: Words
    condition: Words
    condition_key: str
    closed_when: Words | None
    severity: Severity | None
    limit: int
    clock: ClockKind
    deadline: Time
    overdue: bool


class ToldCase(Shape):
    """A case as everybody is told of it."""

    id: str
    type: str
    subject: str
    source: Source
    state: State
    stage: Stage
    how: How | None
    unit: str | None
    handler: str | None
    street: str | None
    cell: str | None
    previous: str | None
    members: list[str]
    cause: str
    evidence: dict[str, Any]
    extensions: int
    reworks: int
    supervision: int
    reports: int
    version: int
    opened_at: Time
    dispatched_at: Time | None
    accepted_at: Time | None
    handled_at: Time | None
    recovered_at: Time | None
    verified_at: Time | None
    closed_at: Time | None
    stopped_at: Time | None
    changed_at: Time
    paused_since: Time | None
    suspended_until: Time | None
    extension_asked_at: Time | None
    pauses: list[tuple[Time, Time]] = Field(strict=False)
    rule: Rule
    filing: Filing | None
    lon: float | None
    lat: float | None


class Case(ToldCase):
    """A case, with what the caller may do with it now."""

    proposed_unit: str | None
    possible: list[ActionName]


class Event(Shape):
    seq: int
    case: str
    at: Time
    event: EventName
    type: str
    subject: str
    members: list[str]
    cause: str
    evidence: dict[str, Any]
    author: str


class CaseWithEvents(Case):
    events: list[Event]


class CasePage(Shape):
    items: list[Case]
    next: str | None


class RulebookVersion(Shape):
    version: str
    since: Time


class RulebookPage(Shape):
    in_use: str
    built_in: str
    items: list[RulebookVersion]


class RuleFigure(Shape):
    """A figure as TOML has it; `line` of `own`, null where it is the built-in one."""

    name: str
    value: Any
    built_in: Any
    line: int | None


class RuleSection(Shape):
    name: str
    figures: list[RuleFigure]


class Rulebook(Shape):
    version: str
    own: str
    sections: list[RuleSection]


class Backtest(Shape):
    id: str
    state: Literal["running", "done", "failed", "cancelled"]
    author: str
    started_at: Time
    from_: Time = Field(alias="from")
    to: Time
    live: str
    draft: str
    progress: float
    readings: int
    error: str
    result: dict[str, Any] | None


class BacktestPage(Shape):
    items: list[Backtest]


class Shelving(Shape):
    id: str
    types: list[str]
    where: dict[str, str | list[str]]
    reason: str
    author: str
    since: Time
    until: Time
    ended_at: Time | None
    ended_by: str | None


class ShelvingPage(Shape):
    items: list[Shelving]


class _Asset(Shape):
    id: str
    area: str
    name: str
    lon: float
    lat: float
    grid: str | None
    owner: str | None
    gateway: str | None
    report_every_s: int | None
    state: str
    last_seen: Time | None


class Streetlight(_Asset):
    kind: Literal["streetlight"]
    road: str | None
    segment: str | None
    seq: int | None
    circuit: str | None
    cabinet: str | None
    rated_w: float | None
    plan: str
    road_class: str | None


class Cabinet(_Asset):
    kind: Literal["cabinet"]
    circuits: list[str]


class Cover(_Asset):
    kind: Literal["cover"]
    road: str | None
    cover_type: CoverType = Field(strict=False)
    road_class: str | None


class Station(_Asset):
    kind: Literal["station"]
    capacity_t_day: float | None
    clear_by: str


class Unregistered(Shape):
    id: str
    kind: Kind = Field(strict=False)
    last_seen: Time
    sends: list[str]
    installed_as: Kind | None = Field(strict=False)


class UnregisteredPage(Shape):
    items: list[Unregistered]
    more: int


class Burst(Shape):
    at: Time
    rate_hz: float
    scale_g: float
    samples: str


class BurstPage(Shape):
    items: list[Burst]


class AssetPage(Shape):
    items: list[Streetlight | Cabinet | Cover | Station]
    next: str | None


Value = bool | float | str | list[str] | None


class Latest(Shape):
    at: Time
    values: dict[str, Value]


class _Details(Shape):
    latest: Latest | None
    latest_by_circuit: dict[str, Latest] | None = None
    cases: list[ToldCase]


class StreetlightDetails(Streetlight, _Details):
    pass


class CabinetDetails(Cabinet, _Details):
    pass


class CoverDetails(Cover, _Details):
    pass


class StationDetails(Station, _Details):
    pass


AssetDetails = StreetlightDetails | CabinetDetails | CoverDetails | StationDetails


class Readings(Shape):
    asset: str
    units: dict[str, str]
    ts: list[int]
    columns: dict[str, list[Value]]


class Spread(Shape):
    mean: list[float | None]
    min: list[float | None]
    max: list[float | None]


class History(Shape):
    asset: str
    every_s: int
    units: dict[str, str]
    ts: list[int]
    count: list[int]
    columns: dict[str, Spread]


class Geometry(Shape):
    type: Literal["LineString", "Point"]
    coordinates: list[Any]


class SegmentState(Shape):
    state: Literal["lit", "dark", "partly_dark", "off", "silent", "unknown"]
    lit: int
    dark: int
    off: int
    silent: int
    unknown: int


class Segment(SegmentState):
    id: str
    road: str | None
    lamps: int
    case: str | None


class SegmentFeature(Shape):
    type: Literal["Feature"]
    id: str
    geometry: Geometry
    properties: Segment


class Segments(Shape):
    type: Literal["FeatureCollection"]
    features: list[SegmentFeature]


class KindStates(Shape):
    ids: list[str]
    vocabulary: list[str]
    state: list[int]
    last_seen: list[int]


class LiveStates(Shape):
    now: Time
    kinds: dict[str, KindStates]


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


class Problem(BaseModel):
    """An RFC 9457 document; its schema stands alone, for it is put in every answer's."""

    type: str
    title: str
    status: int
    detail: str
    detail_zh: str | None = None
    errors: list[dict[Literal["name", "detail", "line"], str | int]] | None = None
    possible: list[str] | None = None


class LightingNow(Shape):
    lamps: int
    lit: int
    dark: int
    unknown: int
    rate: float | None


class LightingRate(Shape):
    night: str | None = None
    street: str | None = None
    road_class: str | None = None
    segment: str | None = None
    nights: int
    lamps: float
    lamps_lit: float
    lamps_dark: float
    lamps_unknown: float
    lit_min: float
    dark_min: float
    unknown_min: float
    rate: float | None
    coverage: float | None
    target: float | None = None


class Lighting(Shape):
    first: str
    last: str
    items: list[LightingRate]
    total: LightingRate | None
    now: LightingNow | None


class CoverageCounts(Shape):
    installed: int
    reporting: int
    trusted: int


class CoverageOf(Shape):
    day: str | None = None
    street: str | None = None
    kind: str
    days: int
    installed: float
    reporting: float
    trusted: float


class Coverage(Shape):
    first: str
    last: str
    items: list[CoverageOf]
    now: dict[str, CoverageCounts]


class KpiRow(Shape):
    of: str | None
    name: str | None
    figures: dict[str, float | None]


class Kpi(Shape):
    start: Time = Field(alias="from")
    end: Time = Field(alias="to")
    by: By
    items: list[KpiRow]
    total: dict[str, float | None]


class CoveragesOf(Shape):
    """Cells, assets, devices and cases, and which share of each is covered."""

    cells: int
    cells_responsible: int
    assets: int
    assets_in_cells: int
    installed: float
    reporting: float
    trusted: float
    assets_owned: int
    cases: int
    cases_with_unit: int
    organised: float | None
    gridded: float | None
    monitored: float | None
    owned: float | None
    handled: float | None


class CoveragesOfStreet(CoveragesOf):
    street: str | None
    name: str | None


class Coverages(Shape):
    first: str
    last: str
    items: list[CoveragesOfStreet]
    total: CoveragesOf


class StationDay(Shape):
    day: str
    station: str
    street: str
    in_t: float
    out_t: float
    left_t: float


class StationDays(Shape):
    first: str
    last: str
    items: list[StationDay]


class Warned(Shape):
    type: str
    subject: str
    since: Time
    due: Time
    evidence: dict[str, Any]
    lon: float | None
    lat: float | None


class Warnings(Shape):
    items: list[Warned]


class Recurrent(Shape):
    type: str
    subject: str
    street: str | None
    times: int
    hours: float
    highest_m: float | None
    last_at: Time
    cases: list[str]
    lon: float | None
    lat: float | None


class RecurrentPlaces(Shape):
    items: list[Recurrent]


class StateTold(Shape):
    """Data of ``event: state`` of the stream."""

    now: Time
    counts: dict[str, dict[str, int]]
    cases: dict[str, int]
    lighting: LightingNow | None
    coverage: dict[str, CoverageCounts]
    warnings: list[Warned]
    segments: dict[str, SegmentState]


class CaseTold(Shape):
    """Data of ``event: case`` of the stream."""

    event: Event
    case: ToldCase
