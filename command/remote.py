"""A running Xiuhua called over HTTP, with a machine's key."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from facility.errors import Permanent, Retryable, UsageError

KEY = "XIUHUA_KEY"
"""The environment variable with the key."""

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Remote:
    """Where it is, as ``http://HOST:PORT``."""

    url: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON of an answer. Permanent, in its own words, where it refuses; Retryable where it
        is away."""
        if not self.url.startswith(("http://", "https://")):
            raise UsageError(f"{self.url!r} is no address; write http://127.0.0.1:8080")
        request = urllib.request.Request(  # noqa: S310
            f"{self.url.rstrip('/')}/api/v1/{path}",
            None if body is None else json.dumps(body).encode(),
            {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {os.environ.get(KEY, '')}",
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise Permanent(_words(error)) from None
        except (urllib.error.URLError, OSError) as error:
            raise Retryable(f"{self.url} does not answer: {error}") from None


def _words(error: urllib.error.HTTPError) -> str:
    try:
        detail = str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = str(error)
    if error.code in (401, 403):
        return f"{detail}; put the key of a supervisor into {KEY} (an admin makes one)"
    return detail
