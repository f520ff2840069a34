"""Assets, cases and events as the API shows them (docs/api.md)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from api.places import Places
from cases.case import Case, StoredEvent
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


def case_json(case: Case, places: Places) -> dict[str, Any]:
    """CASE, with the place of its subject."""
    lon, lat = places.point(case) or (None, None)
    return {
        "id": case.id,
        "type": case.type,
        "subject": case.subject,
        "state": case.state,
        "opened_at": to_rfc3339(case.opened_at),
        "recovered_at": time_or_none(case.recovered_at),
        "closed_at": time_or_none(case.closed_at),
        "members": case.members,
        "cause": case.cause,
        "evidence": case.evidence,
        "rule": {"name": case.rule, "version": case.rule_version},
        "lon": lon,
        "lat": lat,
        "version": case.version,
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
