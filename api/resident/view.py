"""What the page of a report shows, worked out before any of it is written as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from cases.case import Case, StoredEvent
from cases.filing.services import Service
from cases.residents import plain_words
from cases.residents.aftercare import not_fixed_until
from cases.residents.masking import masked
from cases.residents.reported import Language, Report
from cases.residents.rows import KeptPhoto
from facility.assets import Asset

Progress = Literal["done", "now", "ahead"]

_ROAD: tuple[tuple[tuple[str, ...], tuple[str, str]], ...] = (
    (("reported",), ("受理", "Received")),
    (("filed",), ("立案", "Accepted")),
    (("dispatched",), ("转办", "Handed over")),
    (("handling",), ("落实", "Work")),
    (("handled", "verifying"), ("核查", "Check")),
    (("closed", "void"), ("办结", "Closed")),
)
"""The stages as the six steps of a way."""

_STEPS: dict[str, tuple[str, str]] = {
    "filed": ("已立案", "Accepted"),
    "dispatched": ("已派给负责单位", "Handed to the unit in charge"),
    "accepted": ("负责单位已接单", "The unit has taken it on"),
    "returned": ("负责单位退回，重新指派", "Sent back by the unit, to be handed to another"),
    "extended": ("办理时限已延长", "More time was given"),
    "suspended": ("暂缓办理", "Put off"),
    "resumed": ("恢复办理", "Taken up again"),
    "handled": ("处理完毕", "Done"),
    "reworked": ("核查未通过，返工", "Not right yet, back to the unit"),
    "closed": ("已结案", "Closed"),
    "voided": ("未予受理", "Not taken up"),
}
"""What of a case's history a resident is told; the rest is the office's own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, in words."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the page shows of a report; times are written out already."""

    number: int
    service: str
    received: str
    place: str
    words: str
    photos: tuple[KeptPhoto, ...]
    stage: str
    ending: str
    road: tuple[tuple[str, Progress], ...]
    due: str
    closed: bool
    unit: str
    reports: int
    steps: tuple[Step, ...]
    result: str
    reason: str
    result_photos: tuple[KeptPhoto, ...]
    taken_up_again: bool
    satisfaction: int | None
    not_fixed_until: str
    has_contact: bool
    forgotten: bool


def standing(
    report: Report,
    case: Case,
    history: Iterable[StoredEvent],
    *,
    service: Service | None,
    asset: Asset | None,
    photos: tuple[KeptPhoto, ...],
    result_photos: tuple[KeptPhoto, ...],
    has_contact: bool,
    not_fixed_days: int,
    language: Language,
    timezone: str,
    now: int,
) -> Standing:
    """The page of a report at ``now`` (ms), for whoever has its token."""
    zone = ZoneInfo(timezone)
    events = [one.event for one in history]
    results = [one.evidence.get("result", "") for one in events if one.event == "handled"]
    reasons = [one.evidence.get("reason", "") for one in events if one.event == "voided"]
    name = service.name if service else None
    named = report.service if name is None else plain_words.in_((name.zh, name.en), language)
    until = not_fixed_until(case, not_fixed_days)
    deadline = case.filed.deadline if case.filed and case.paused_since is None else None
    return Standing(
        number=report.id,
        service=named,
        received=written(report.received_at, zone, language),
        place=_place(report, asset),
        words=report.description,
        photos=photos,
        stage=plain_words.stage(case, language),
        ending=plain_words.ending(case, language),
        road=_road(case, language),
        due="" if deadline is None else written(deadline, zone, language),
        closed=case.state == "closed",
        unit=case.unit or "",
        reports=case.reports,
        steps=tuple(
            Step(written(one.at, zone, language), plain_words.in_(_STEPS[one.event], language))
            for one in events
            if one.event in _STEPS
        ),
        result=masked(results[-1]) if results and case.stage not in ("handling",) else "",
        reason=masked(reasons[-1]) if reasons else "",
        result_photos=result_photos,
        taken_up_again=report.not_fixed > 0,
        satisfaction=report.satisfaction,
        not_fixed_until=written(until, zone, language)
        if until is not None and now <= until
        else "",
        has_contact=has_contact,
        forgotten=report.forgotten_at is not None,
    )


def written(at: int, zone: ZoneInfo, language: Language) -> str:
    """A time (ms) as people of the place write it."""
    moment = datetime.fromtimestamp(at / 1000, zone)
    if language == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _place(report: Report, asset: Asset | None) -> str:
    said = (report.address, asset and (asset.name or asset.id))
    found = [one for one in said if one]
    if not found and report.lon is not None and report.lat is not None:
        found = [f"{report.lat:.5f}, {report.lon:.5f}"]
    return " · ".join(found)


def _road(case: Case, language: Language) -> tuple[tuple[str, Progress], ...]:
    at = next(n for n, (stages, _) in enumerate(_ROAD) if case.stage in stages)
    over = case.state == "closed"
    progress: list[Progress] = [
        "done" if n < at or over else "now" if n == at else "ahead" for n in range(len(_ROAD))
    ]
    return tuple(
        (plain_words.in_(name, language), how)
        for (_, name), how in zip(_ROAD, progress, strict=True)
    )
