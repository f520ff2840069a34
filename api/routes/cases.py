"""Cases, their history, and what a person does with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.caller import Caller
from api.parameters import Cursor, Limit, Moment, Parameters, Text
from api.parts import FromApp, Parts, answer
from api.problems import BadParameter
from api.represent import case_for, event_json
from api.shapes.cases import Case, CasePage, CaseWithEvents
from cases.actions import TEXT_MAX, UNIT_MAX, ActionName, Given
from cases.case import Case as HeldCase
from cases.case import Stage, State
from cases.desk import NoSuchCase
from cases.events import Source
from cases.listing import CaseFilter, Sort
from cases.people.who import Who
from cases.periodic.form import FIELDS_AT_MOST, form_of
from facility.errors import UsageError

router = APIRouter(tags=["cases"])


class CaseQuery(Parameters):
    state: Annotated[
        list[State], Field(default_factory=list, max_length=3, description="repeatable")
    ]
    stage: Annotated[
        list[Stage], Field(default_factory=list, max_length=8, description="repeatable")
    ]
    type: Text | None = None
    subject: Text | None = None
    source: Source | None = None
    unit: Text | None = None
    handler: Text | None = None
    street: Text | None = None
    cell: Text | None = None
    overdue: Annotated[
        Literal["true"] | None,
        Field(description="only those that ran past their deadline"),
    ] = None
    suspended: Annotated[Literal["true"] | None, Field(description="only those that are")] = None
    extension_asked: Annotated[
        Literal["true"] | None,
        Field(description="only those whose unit waits for an answer"),
    ] = None
    supervised: Annotated[
        int | None, Field(ge=1, le=3, description="at this level of supervision or a higher one")
    ] = None
    opened_from: Moment | None = None
    opened_to: Annotated[Moment | None, Field(description="exclusive")] = None
    q: Annotated[
        Text | None,
        Field(min_length=1, description="how the id, the subject or words in them begin"),
    ] = None
    sort: Annotated[
        Sort,
        Field(description="the newest first, the soonest deadline first, or the last change first"),
    ] = "opened_at"
    limit: Limit = 100
    cursor: Cursor = None

    def filters(self, now: int) -> CaseFilter:
        return CaseFilter(
            states=tuple(self.state),
            stages=tuple(self.stage),
            type=self.type,
            subject=self.subject,
            source=self.source,
            unit=self.unit,
            handler=self.handler,
            street=self.street,
            cell=self.cell,
            overdue_at=now if self.overdue else None,
            suspended=self.suspended is not None,
            extension_asked=self.extension_asked is not None,
            supervised=self.supervised,
            opened_from=self.opened_from,
            opened_to=self.opened_to,
            words=self.q,
        )


Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT_MAX)]


class ActionBody(BaseModel):
    """What a person wants with a case; what is needed depends on the action (docs/api.md)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: ActionName
    reason: Words = ""
    unit: Annotated[str, StringConstraints(strip_whitespace=True, max_length=UNIT_MAX)] = ""
    until: Moment | None = None
    result: Words = ""
    level: int | None = None
    term: Moment | None = None
    code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=16)] = ""
    condition: Annotated[str, StringConstraints(strip_whitespace=True, max_length=32)] = ""
    form: Annotated[dict[str, str | float], Field(max_length=FIELDS_AT_MOST)] | None = None

    def given(self) -> Given:
        return Given(
            reason=self.reason,
            unit=self.unit,
            until=self.until,
            result=self.result,
            level=self.level,
            term=self.term,
            code=self.code,
            condition=self.condition,
            form=self.form,
        )


@router.get("/cases", response_model=CasePage)
def cases(parts: FromApp, who: Caller, query: Annotated[CaseQuery, Query()]) -> Response:
    """Cases that fit all that is asked, page by page."""
    filters = query.filters(parts.clock.now_ms())
    try:
        page = parts.desk.listing(filters, query.limit, query.cursor, query.sort)
    except UsageError as error:
        raise BadParameter("cursor", str(error)) from error
    return answer({"items": _shown(parts, page.items, who), "next": page.next})


@router.get("/cases/{case_id}", response_model=CaseWithEvents)
def case(parts: FromApp, who: Caller, case_id: str) -> Response:
    """One case with everything that happened to it; its version is the ETag."""
    found = parts.desk.get(case_id)
    if found is None:
        raise NoSuchCase(f"no case {case_id!r}")
    events = [event_json(stored) for stored in parts.desk.events_of(case_id)]
    return _with_tag(answer({**_shown(parts, [found], who)[0], "events": events}), found)


@router.post("/cases/{case_id}/actions", response_model=Case)
def act(
    parts: FromApp,
    who: Caller,
    case_id: str,
    body: ActionBody,
    if_match: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """Does something with a case in the caller's name.

    403 where the caller may not, 409 with what is possible where the case does not allow it, 412
    where it has changed since the version of `If-Match`.
    """
    version = None if if_match is None else _version(if_match)
    if body.form:
        _check_photos(parts, case_id, body.form)
    now = parts.clock.now_ms()
    done = parts.desk.act(case_id, body.action, who, now, body.given(), version)
    parts.hub.wake()
    return _with_tag(answer(_shown(parts, [done], who)[0]), done)


def _check_photos(parts: Parts, case_id: str, answers: Mapping[str, str | float]) -> None:
    """Problem 422 where a form's photo is answered with what is no photo of the case."""
    case = parts.desk.get(case_id)
    fields = form_of(case.evidence) if case else ()
    asked = [one.key for one in fields if one.kind == "photo" and answers.get(one.key)]
    if not asked:
        return
    kept = {photo.id for photo in parts.reports.photos_of_case(case_id)}
    for key in asked:
        if answers[key] not in kept:
            raise BadParameter(
                f"form.{key}", "is no photo of this case; add it first", "不是本案件的照片,请先上传"
            )


def _shown(parts: Parts, cases: Iterable[HeldCase], who: Who) -> list[dict[str, Any]]:
    """CASEs as they are now, for the caller."""
    places, now = parts.places.now(), parts.clock.now_ms()
    return [case_for(case, places, parts.desk.filing, now, who) for case in cases]


def _with_tag(response: Response, case: HeldCase) -> Response:
    response.headers["ETag"] = f'"{case.version}"'
    return response


def _version(if_match: str) -> int | None:
    """The version that an ETag of ours names; None for ``*``, which any version is."""
    if if_match.strip() == "*":
        return None
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise BadParameter("If-Match", 'write the ETag of the case, like "3"')
    return int(match[1])


_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
