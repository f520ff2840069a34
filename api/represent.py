"""Assets, cases and events as the API shows them (docs/api.md)."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any

from api.places import Places
from cases.actions import possible_actions
from cases.case import Case, StoredEvent, is_overdue
from cases.filing.basis import Filing
from cases.people.who import Who
from facility.assets import Asset, Station
from facility.clock import HOUR, MINUTE, to_rfc3339

_SHOWN_FIRST = (
    "id",
    "kind",
    "area",
    "name",
    "lon",
    "lat",
    "grid",
    "owner",
    "gateway",
    "report_every_s",
)


_CASE_AS_IT_IS = (
    "id",
    "type",
    "subject",
    "source",
    "state",
    "stage",
    "how",
    "unit",
    "handler",
    "street",
    "cell",
    "previous",
    "members",
    "cause",
    "evidence",
    "extensions",
    "reworks",
    "supervision",
    "reports",
    "version",
)
_CASE_TIMES = (
    "opened_at",
    "dispatched_at",
    "accepted_at",
    "handled_at",
    "recovered_at",
    "verified_at",
    "closed_at",
    "stopped_at",
    "changed_at",
    "paused_since",
    "suspended_until",
    "extension_asked_at",
)
_as_it_is, _times = attrgetter(*_CASE_AS_IT_IS), attrgetter(*_CASE_TIMES)


def time_or_none(ms: int | None) -> str | None:
    return None if ms is None else to_rfc3339(ms)


def asset_json(asset: Asset, state: str, last_seen: int | None) -> dict[str, Any]:
    """ASSET: what all have, what it is now, then the properties of its kind."""
    shown: dict[str, Any] = {name: getattr(asset, name) for name in _SHOWN_FIRST}
    shown["state"] = state
    shown["last_seen"] = time_or_none(last_seen)
    for each in fields(asset):
        if each.name not in shown:
            shown[each.name] = getattr(asset, each.name)
    if isinstance(asset, Station):
        hours, minutes = divmod(shown.pop("clear_by_ms") // MINUTE, HOUR // MINUTE)
        shown["clear_by"] = f"{hours:02}:{minutes:02}"
    return shown


def case_json(case: Case, places: Places, filing: Filing | None, now: int) -> dict[str, Any]:
    """CASE as it is at ``now`` (ms), with the place of its subject; ``filing`` knows the rows."""
    own = None if case.lon is None or case.lat is None else (case.lon, case.lat)
    lon, lat = own or places.point(case) or (None, None)
    return {
        **dict(zip(_CASE_AS_IT_IS, _as_it_is(case), strict=True)),
        **dict(zip(_CASE_TIMES, map(time_or_none, _times(case)), strict=True)),
        "pauses": [[to_rfc3339(begin), to_rfc3339(end)] for begin, end in case.pauses],
        "rule": {"name": case.rule, "version": case.rule_version},
        "filing": filing_json(case, filing, now),
        "lon": lon,
        "lat": lat,
    }


def case_for(
    case: Case, places: Places, filing: Filing | None, now: int, who: Who
) -> dict[str, Any]:
    """CASE with what ``who`` may do with it now, and the unit to propose where that is to
    hand it over."""
    possible = possible_actions(case, who, now)
    return {
        **case_json(case, places, filing, now),
        "proposed_unit": filing.proposed_unit(case) if filing and "dispatch" in possible else None,
        "possible": possible,
    }


def filing_json(case: Case, filing: Filing | None, now: int) -> dict[str, Any] | None:
    """FILING of a case; None where it was not filed.

    A row whose edition is not here any more is called by its code and its condition's key.
    """
    filed = case.filed
    if filed is None:
        return None
    row = filing and filing.row_of(filed)
    return {
        "code": filed.code,
        "name": row.code.name if row else {"zh": filed.code, "en": filed.code},
        "condition": row.condition.when if row else {"zh": filed.condition, "en": filed.condition},
        "condition_key": filed.condition,
        "closed_when": row.condition.closed_when if row else None,
        "severity": row.condition.severity if row else None,
        "limit": filed.limit,
        "clock": filed.clock,
        "deadline": to_rfc3339(filed.deadline),
        "overdue": is_overdue(case, now),
    }


def event_json(stored: StoredEvent) -> dict[str, Any]:
    """EVENT, with its number."""
    event = stored.event
    return {
        "seq": stored.seq,
        "case": event.case,
        "at": to_rfc3339(event.at),
        "event": event.event,
        "type": event.type,
        "subject": event.subject,
        "members": event.members,
        "cause": event.cause,
        "evidence": event.evidence,
        "author": event.author,
    }
