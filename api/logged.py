"""What of a request may stand in a log: never the key of a resident's page."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

_OF_RESIDENTS = ("/r/", "/open311/v2/tokens/")


def path_of(scope: MutableMapping[str, Any]) -> str:
    """The path; of a resident's page the route's pattern, for the path itself opens it."""
    path: str = scope["path"]
    return route_of(scope) if path.startswith(_OF_RESIDENTS) else path


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The route's pattern, never the path itself: a label must not have a value per asset."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "other"
