"""Who may call what: one row for each call of the API. A call that stands in no row is nobody's.

What a role may do with one case depends on the case too, and is said in ``cases.actions``.
"""

from __future__ import annotations

from cases.people.who import ROLES, Role

EVERYBODY: frozenset[Role] = frozenset(ROLES)
"""Whoever is signed in."""

PUBLIC: frozenset[Role] | None = None
"""Nobody needs to be signed in."""

_ADMIN: frozenset[Role] = frozenset({"admin"})
_INSTALLS: frozenset[Role] = frozenset({"operator", "supervisor", "admin"})
_SHELVES: frozenset[Role] = frozenset({"operator", "dispatcher", "supervisor", "admin"})
_PLANS: frozenset[Role] = frozenset({"supervisor", "admin"})
_ACTS = EVERYBODY - {"viewer"}

_DESK: frozenset[Role] = frozenset({"operator", "dispatcher", "supervisor", "admin"})
"""Who may know who made a report."""

_SEES_REPORTS = EVERYBODY - {"viewer"}

_FORMS = ("", ".xml", ".json")
_OPEN311 = (
    *(f"{call}{form}" for call in ("discovery", "services", "requests") for form in _FORMS),
    *("services/{code}", "requests/{number}", "tokens/{token}", "{other:path}"),
)

KEYED = frozenset(f"POST /open311/v2/requests{form}" for form in _FORMS)
"""Public here: a key comes in the form itself, and is asked of in api/routes/open311.py."""

ALLOWED: dict[str, frozenset[Role] | None] = {
    "GET /api/v1/health": PUBLIC,  # no more than whether it is well, unless signed in
    "POST /api/v1/token": PUBLIC,
    "POST /api/v1/session": PUBLIC,
    "POST /api/v1/session/once": PUBLIC,
    "DELETE /api/v1/session": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /docs/start.js": PUBLIC,
    "GET /docs/swagger-ui-bundle.js": PUBLIC,
    "GET /docs/swagger-ui.css": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /metrics": EVERYBODY,
    "GET /api/v1/me": EVERYBODY,
    "POST /api/v1/me/password": EVERYBODY,
    "GET /api/v1/assets": EVERYBODY,
    "POST /api/v1/assets": _INSTALLS,
    "GET /api/v1/assets/{asset_id}": EVERYBODY,
    "GET /api/v1/assets/{asset_id}/bursts": EVERYBODY,
    "GET /api/v1/assets/{asset_id}/readings": EVERYBODY,
    "GET /api/v1/states": EVERYBODY,
    "GET /api/v1/unregistered": _INSTALLS,
    "GET /api/v1/segments": EVERYBODY,
    "GET /api/v1/calendar": EVERYBODY,
    "GET /api/v1/standard": EVERYBODY,
    "GET /api/v1/grid": EVERYBODY,
    "GET /api/v1/lighting": EVERYBODY,
    "GET /api/v1/coverage": EVERYBODY,
    "GET /api/v1/coverage/streets": EVERYBODY,
    "GET /api/v1/coverage/missing": EVERYBODY,
    "GET /api/v1/kpi": EVERYBODY,
    "GET /api/v1/kpi/monthly/{month}": EVERYBODY,
    "GET /api/v1/stations/days": EVERYBODY,
    "GET /api/v1/warnings": EVERYBODY,
    "GET /api/v1/recurrent": EVERYBODY,
    "GET /api/v1/cases": EVERYBODY,
    "GET /api/v1/cases/{case_id}": EVERYBODY,
    "POST /api/v1/cases/{case_id}/actions": _ACTS,
    "GET /api/v1/supervision": EVERYBODY,
    "GET /api/v1/schedules": EVERYBODY,
    "GET /api/v1/schedules/proposals": EVERYBODY,
    "GET /api/v1/schedules/{schedule_id}": EVERYBODY,
    "GET /api/v1/schedules/{schedule_id}/occurrences": EVERYBODY,
    "POST /api/v1/schedules": _PLANS,
    "POST /api/v1/schedules/preview": _PLANS,
    "PUT /api/v1/schedules/{schedule_id}": _PLANS,
    "DELETE /api/v1/schedules/{schedule_id}": _PLANS,
    "GET /api/v1/rulebooks": EVERYBODY,
    "GET /api/v1/rulebooks/{version}": EVERYBODY,
    "GET /api/v1/backtests": _PLANS,
    "POST /api/v1/backtests": _PLANS,
    "GET /api/v1/backtests/{backtest_id}": _PLANS,
    "DELETE /api/v1/backtests/{backtest_id}": _PLANS,
    "GET /api/v1/shelvings": EVERYBODY,
    "POST /api/v1/shelvings": _SHELVES,
    "DELETE /api/v1/shelvings/{shelving_id}": _SHELVES,
    "GET /api/v1/stream": EVERYBODY,
    "GET /api/v1/users": _ADMIN,
    "POST /api/v1/users": _ADMIN,
    "PATCH /api/v1/users/{name}": _ADMIN,
    "POST /api/v1/users/{name}/password": _ADMIN,
    "GET /api/v1/keys": _ADMIN,
    "POST /api/v1/keys": _ADMIN,
    "DELETE /api/v1/keys/{key_id}": _ADMIN,
    "GET /api/v1/audit": _ADMIN,
    "GET /api/v1/services": PUBLIC,
    "POST /api/v1/public/reports": PUBLIC,
    "GET /api/v1/reports": _SEES_REPORTS,
    "POST /api/v1/reports": _DESK,
    "GET /api/v1/reports/{number}": _SEES_REPORTS,
    "POST /api/v1/reports/{number}/join": _DESK,
    "POST /api/v1/reports/{number}/split": _DESK,
    "DELETE /api/v1/reports/{number}/contact": _DESK,
    "GET /api/v1/cases/{case_id}/photos": _SEES_REPORTS,
    "POST /api/v1/cases/{case_id}/photos": _SEES_REPORTS,
    "GET /api/v1/photos/{photo_id}": _SEES_REPORTS,
    "GET /report": PUBLIC,
    "POST /report": PUBLIC,
    "GET /report/style.css": PUBLIC,
    "GET /report/form.js": PUBLIC,
    "GET /r/{token}": PUBLIC,
    "GET /r/{token}/photos/{photo_id}": PUBLIC,
    "POST /r/{token}/rate": PUBLIC,
    "POST /r/{token}/not-fixed": PUBLIC,
    "POST /r/{token}/forget": PUBLIC,
    **{f"GET /open311/v2/{call}": PUBLIC for call in _OPEN311},
    **dict.fromkeys(KEYED, PUBLIC),
}
