"""Schedules of periodic cases, and places that are proposed for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Header, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.caller import Caller
from api.duties import (
    OccurrencePage,
    PeriodicSchedule,
    ProposalPage,
    ScheduleDraft,
    SchedulePage,
    SchedulePlan,
    SchedulePreview,
    occurrence_json,
    proposal_json,
    schedule_json,
)
from api.limits import address_of
from api.parameters import Limit, Parameters
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter, Problem
from api.streets import is_bound, only_within
from cases.people.who import Who
from cases.periodic.form import WrongAnswer
from cases.periodic.occurrences import grouped, selected
from cases.periodic.proposing import is_scheduled, proposed_plan
from cases.periodic.recurrence import WrongPlan, read
from cases.periodic.schedules import Plan, Schedule, Selection
from facility.clock import DAY, to_rfc3339
from facility.plain import is_plain

router = APIRouter(tags=["schedules"])

MOST_GROUPS = 500
"""Cases that one occurrence may open."""

_NEXT = 5
_AHEAD = 10 * 366 * DAY


class ScheduleQuery(Parameters):
    sort: Annotated[
        Literal["name", "next_at"],
        Field(description="by name, or the one that is due next first and those that are not last"),
    ] = "name"


class OccurrenceQuery(Parameters):
    limit: Limit = 100


class ProposalQuery(Parameters):
    days: Annotated[int, Field(ge=1, le=400, description="the span, up to now")] = 30
    times: Annotated[int, Field(ge=2, le=1_000, description="at fault at least so often")] = 3
    limit: Limit = 100


@router.get("/schedules", response_model=SchedulePage)
def schedules(parts: FromApp, query: Annotated[ScheduleQuery, Query()]) -> Response:
    """Every schedule."""
    found = parts.registers.schedules()
    if query.sort == "next_at":
        found = tuple(sorted(found, key=_next_first))
    return answer({"items": [schedule_json(one) for one in found]})


def _next_first(one: Schedule) -> tuple[bool, int]:
    return one.next_at is None, one.next_at or 0


@router.get("/schedules/proposals", response_model=ProposalPage)
def proposals(parts: FromApp, query: Annotated[ProposalQuery, Query()]) -> Response:
    """Places that were at fault again and again, each with a plan to begin with; the worst first.

    A place that an active schedule names already is left out.
    """
    now, span = parts.clock.now_ms(), query.days * DAY
    places = parts.desk.recurrent(now - span, now + 1, now, least=query.times)
    last = parts.desk.get_many(one.case_ids[0] for one in places)
    known, timezone = parts.registers.schedules(), ZoneInfo(parts.site.timezone)
    items: list[dict[str, Any]] = []
    for one in places:
        case = last[one.case_ids[0]]
        plan = proposed_plan(one, case, span, now, timezone)
        if plan is not None and not is_scheduled(case, known):
            items.append(proposal_json(one, plan))
    return answer({"items": items[: query.limit]})


@router.post("/schedules", response_model=PeriodicSchedule, status_code=201)
def add_schedule(request: Request, parts: FromApp, who: Caller, body: SchedulePlan) -> Response:
    """Makes a schedule, due from now on."""
    plan = _plan(parts, who, body)
    by = parts.access.by(who.name, address_of(request))
    try:
        made = parts.registers.add_schedule(plan, parts.clock.now_ms(), by)
    except (WrongAnswer, WrongPlan) as error:
        raise _wrong(error) from None
    return _with_tag(answer(schedule_json(made), status=201), made)


@router.post("/schedules/preview", response_model=SchedulePreview)
def preview_schedule(parts: FromApp, body: ScheduleDraft) -> Response:
    """What a schedule would do that is not decided yet: the next times that it is due, and how many
    cases it opens each time, of how many assets. Nothing is kept."""
    _check_plain(body)
    now = parts.clock.now_ms()
    try:
        rule = read(body.rule, body.start, ZoneInfo(parts.site.timezone))
    except WrongPlan as error:
        raise _wrong(error) from None
    selection = msgspec.convert(body.assets.model_dump(), Selection)
    inventory = parts.places.now().inventory
    # No choice at all would be of everything, which no schedule may be.
    is_chosen = selection != Selection()
    chosen = grouped(selection, body.per, inventory, parts.grid()) if is_chosen else {}
    return answer(
        {
            "times": [to_rfc3339(at) for at in rule.between(now, now + _AHEAD, _NEXT)],
            "cases": len(chosen),
            "most_cases": MOST_GROUPS,
            "assets": sum(map(len, chosen.values())),
        }
    )


@router.get("/schedules/{schedule_id}", response_model=PeriodicSchedule)
def schedule(parts: FromApp, schedule_id: str) -> Response:
    """One schedule; its version is the ETag."""
    found = parts.registers.schedule(schedule_id)
    return _with_tag(answer(schedule_json(found)), found)


@router.put("/schedules/{schedule_id}", response_model=PeriodicSchedule)
def change_schedule(
    request: Request,
    parts: FromApp,
    who: Caller,
    schedule_id: str,
    body: SchedulePlan,
    if_match: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """Puts another plan in a schedule's place, due from now on; the cases it opened stay.

    412 where it has changed since the version of `If-Match`.
    """
    _within_streets(parts, who, parts.registers.schedule(schedule_id).plan)
    plan = _plan(parts, who, body)
    by = parts.access.by(who.name, address_of(request))
    version = None if if_match is None else _version(if_match)
    now = parts.clock.now_ms()
    try:
        changed = parts.registers.change_schedule(schedule_id, plan, now, by, version)
    except (WrongAnswer, WrongPlan) as error:
        raise _wrong(error) from None
    return _with_tag(answer(schedule_json(changed)), changed)


@router.delete("/schedules/{schedule_id}", status_code=204)
def remove_schedule(request: Request, parts: FromApp, who: Caller, schedule_id: str) -> Response:
    """Ends a schedule; the cases that it opened stay."""
    _within_streets(parts, who, parts.registers.schedule(schedule_id).plan)
    by = parts.access.by(who.name, address_of(request))
    parts.registers.remove_schedule(schedule_id, by)
    return Response(status_code=204)


@router.get("/schedules/{schedule_id}/occurrences", response_model=OccurrencePage)
def occurrences(
    parts: FromApp, schedule_id: str, query: Annotated[OccurrenceQuery, Query()]
) -> Response:
    """The newest times that it was due, newest first, with their cases; without one: missed."""
    found = parts.registers.occurrences(schedule_id, query.limit)
    return answer({"items": [occurrence_json(one) for one in found]})


def _texts(value: Any) -> Iterator[str]:
    """Every text in what a body says."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield from (key, *_texts(inner))
        case list():
            for inner in value:
                yield from _texts(inner)


def _within_streets(parts: Parts, who: Who, plan: Plan) -> None:
    """Problem 403 where it opens cases of facilities that the caller does not answer for."""
    if is_bound(who):
        only_within(parts, who, selected(plan.assets, parts.places.now().inventory, parts.grid()))


def _check_plain(body: ScheduleDraft) -> None:
    for name, value in body.model_dump().items():
        if not all(is_plain(text) for text in _texts(value)):
            raise BadParameter(name, "has control characters; leave them out", "含有控制字符")


def _plan(parts: Parts, who: Who, body: SchedulePlan) -> Plan:
    """The plan of a body. Problem 422, with the field, where it could open nothing."""
    _check_plain(body)
    try:
        plan = msgspec.convert(body.model_dump(), Plan)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$.")
        name = re.sub(r"\[(\d+)\]", r".\1", place.rstrip("`")) or "body"
        raise BadParameter(name, words) from None
    filing, now = parts.desk.filing, parts.clock.now_ms()
    if filing is None or filing.filed_under(plan.code, plan.condition, now) is None:
        raise BadParameter(
            "code",
            f"the standard has no row {plan.code!r} with the condition {plan.condition!r}",
            f"立案标准中没有 {plan.code} {plan.condition}",
        )
    inventory = parts.places.now().inventory
    many = len(grouped(plan.assets, plan.per, inventory, filing.grid()))
    if not many:
        raise BadParameter("assets", "there is no such asset", "没有符合条件的设施")
    if many > MOST_GROUPS:
        raise BadParameter(
            "per",
            f"that would open {many:,} cases at a time; {MOST_GROUPS} at most: choose another",
            f"每次将产生 {many} 个案件,最多 {MOST_GROUPS} 个,请按道路或街道合并",
        )
    _within_streets(parts, who, plan)
    return plan


def _wrong(error: WrongAnswer | WrongPlan) -> Problem:
    """The problem of a plan that cannot be kept, which names the field."""
    return BadParameter(error.field, error.en, error.zh)


def _version(tag: str) -> int:
    match = re.fullmatch(r'"(\d{1,9})"', tag.strip())
    if match is None:
        raise BadParameter("If-Match", 'must be the ETag of the schedule, such as "3"')
    return int(match[1])


def _with_tag(response: Response, schedule: Schedule) -> Response:
    response.headers["ETag"] = f'"{schedule.version}"'
    return response
