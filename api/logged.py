"""What of a request may stand in a log, and how often: never the key of a resident's page."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from typing import Any

_LONGEST = 500
_OF_RESIDENTS = ("/r/", "/open311/v2/tokens/")


def path_of(scope: MutableMapping[str, Any]) -> str:
    """The path, on one line; of a resident's page the route's pattern, for the path itself opens
    it."""
    path: str = scope["path"]
    if path.startswith(_OF_RESIDENTS):
        return route_of(scope)
    return "".join(one if one.isprintable() else "�" for one in path[:_LONGEST])


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The route's pattern, never the path itself: a label must not have a value per asset."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "other"


class NowAndThen:
    """Whether something is worth a line again: once a minute, however often it happens."""

    _APART_S = 60.0
    _MOST = 100

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._said: OrderedDict[str, float] = OrderedDict()

    def due(self, words: str) -> bool:
        """Whether these words were not said within the last minute; then they are now."""
        now = self._monotonic()
        if now - self._said.get(words, -self._APART_S) < self._APART_S:
            return False
        self._said[words] = now
        self._said.move_to_end(words)
        while len(self._said) > self._MOST:
            self._said.popitem(last=False)
        return True
